"""A configuration that changes while people watch: what changed is another, what did not goes on, and an error changes nothing."""

from pathlib import Path

import httpx
import pytest
import trio

from appliance.config import Config, ConfigError, ConfigFile, Limits, Preset
from appliance.reload import LAST_GOOD, Listening, begin, differences
from appliance.system import desk
from appliance.wire import message
from tests.support.clients import Talk, open_mjpeg, open_viewer
from tests.support.owner import TWO, Owner


@pytest.fixture
async def owner(tmp_path: Path, nursery: trio.Nursery) -> Owner:
    return await Owner(tmp_path).start(nursery)


async def picture(viewer: Talk, **expected: int) -> message.Message:
    """The next one that is like that."""
    while True:
        frame = await viewer.frame(placeholder=False)
        if all(getattr(frame, key) == value for key, value in expected.items()):
            return frame


async def test_a_changed_preset_is_made_in_place(owner: Owner) -> None:
    """Who watches it stays, and sees it change; who watches another camera or preset is not touched; nothing is opened anew."""
    async with (
        open_viewer(owner.url, "/ws/viewer/front?preset=low") as changes,
        open_viewer(owner.url, "/ws/viewer/front?preset=high") as stays,
        open_mjpeg(f"{owner.url}/api/streams/garden/mjpeg?preset=low") as parts,
    ):
        await picture(changes, height=240)
        high = await picture(stays)
        await parts.part()
        verdict = await owner.reload(TWO.replace("height = 240", "height = 180\njpeg_quality = 55"))
        assert verdict == desk.Verdict(True, f"{owner.path} is in force: preset low changed")
        await picture(changes, height=180)
        after = await picture(stays)
        assert (after.width, after.height) == (high.width, high.height)
        await parts.part()
    assert await owner.restarts("front") == 0
    assert (await owner.get("/api/status"))["presets"]["low"]["height"] == 180


async def test_a_preset_that_goes_leaves_its_viewers_with_the_streams_own(owner: Owner) -> None:
    await owner.reload(TWO + "\n[presets.tiny]\nheight = 120\n")
    async with open_viewer(owner.url, "/ws/viewer/front?preset=tiny") as viewer:
        await picture(viewer, height=120)
        assert (await owner.reload(TWO)).done
        await picture(viewer, height=720)


async def test_cameras_come_go_and_change_while_others_are_watched(owner: Owner) -> None:
    changed = TWO.replace(
        'id = "front"\nsource = "pattern"', 'id = "front"\nsource = "pattern"\nwidth = 640\nheight = 480'
    )
    added = changed.replace('id = "garden"', 'id = "shed"')
    async with (
        open_viewer(owner.url, "/ws/viewer/front?preset=native") as front,
        open_viewer(owner.url, "/ws/viewer/garden") as garden,
    ):
        await picture(front, width=1280)
        await garden.frame()
        verdict = await owner.reload(added)
        assert "camera shed added, camera garden removed, camera front changed" in verdict.words
        assert await garden.close_code() == 1000
        await picture(front, width=640)
    async with open_viewer(owner.url, "/ws/viewer/shed") as shed:
        await picture(shed)
    assert [stream["id"] for stream in (await owner.get("/api/streams"))["streams"]] == ["front", "shed"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TWO.replace("[presets.low]", "[presets.low"), "not valid TOML"),
        (TWO.replace("height = 240", "hieght = 240"), "presets.low.hieght: unknown key; did you mean height?"),
        (TWO.replace('"garden"', '"front"'), "the id 'front' stands twice"),
    ],
)
async def test_an_error_changes_nothing_and_is_told_everywhere(
    owner: Owner, caplog: pytest.LogCaptureFixture, text: str, words: str
) -> None:
    async with open_viewer(owner.url, "/ws/viewer/front") as viewer:
        await viewer.frame()
        verdict = await owner.reload(text)
        assert not verdict.done
        assert str(owner.path) in verdict.words
        assert words in verdict.words
        await viewer.frame()
    status = await owner.get("/api/status")
    assert words in status["configuration"]["problem"]
    assert any(words in warning for warning in status["warnings"])
    assert any(words in record.getMessage() for record in caplog.records)
    assert (await owner.reload(TWO)).done
    assert (await owner.get("/api/status"))["warnings"] == []


async def test_what_only_a_restart_puts_into_force_is_named(owner: Owner) -> None:
    changed = TWO.replace("127.0.0.1:0", "127.0.0.1:1") + "\n[limits]\nsend_timeout_s = 5.0\nmax_viewers = 7\n"
    verdict = await owner.reload(changed)
    assert verdict.words.endswith("limits.max_viewers; needs a restart: server.bind, limits.send_timeout_s")
    status = await owner.get("/api/status")
    assert status["configuration"]["needs_restart"] == ["server.bind", "limits.send_timeout_s"]
    assert "systemctl restart camera-appliance" in status["warnings"][0]
    async with httpx.AsyncClient() as http:
        assert "viewers_limit 7.0" in (await http.get(f"{owner.url}/metrics")).text
    await owner.reload(TWO)
    assert (await owner.get("/api/status"))["warnings"] == []


async def test_the_last_good_one_is_started_with_when_the_new_one_is_bad(tmp_path: Path) -> None:
    async with trio.open_nursery() as nursery:
        owner = await Owner(tmp_path).start(nursery)
        assert (owner.state / LAST_GOOD).read_text() == TWO
        nursery.cancel_scope.cancel()
    owner.path.write_text("[[cameras]\n")
    async with trio.open_nursery() as nursery:
        await owner.start(nursery)
        status = await owner.get("/api/status")
        assert [stream["id"] for stream in status["streams"]] == ["front", "garden"]
        assert status["configuration"]["last_good"]
        assert "the last good configuration is in force" in status["warnings"][0]
        assert "not valid TOML" in status["warnings"][0]
        assert (owner.state / LAST_GOOD).read_text() == TWO, "a bad one is none to keep"
        assert (await owner.reload(TWO)).done
        assert (await owner.get("/api/status"))["warnings"] == []
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("text", "listening", "bind"),
    [
        ("", Listening(), "127.0.0.1:8000"),
        ("", Listening(by_default=("[::]:80",)), "[::]:80"),
        ("[server]\nallowed_hosts = []\n", Listening(by_default=("[::]:80",)), "[::]:80"),
        ('[server]\nbind = ["127.0.0.1:80"]\n', Listening(by_default=("[::]:80",)), "127.0.0.1:80"),
        ('[server]\nbind = ["127.0.0.1:80"]\n', Listening(instead=("[::1]:9",), by_default=("[::]:80",)), "[::1]:9"),
    ],
)
def test_where_it_listens(tmp_path: Path, text: str, listening: Listening, bind: str) -> None:
    """An owner who wants this machine alone gets it, whatever the service has for others; also after the file went bad."""
    file = tmp_path / "appliance.toml"
    file.write_text(text)
    assert begin(ConfigFile(file), tmp_path, listening).config.server.bind == [bind]
    (tmp_path / LAST_GOOD).write_text(text)
    file.write_text("no = [")
    assert begin(ConfigFile(file), tmp_path, listening).config.server.bind == [bind]


def test_without_a_good_one_the_defaults_are(tmp_path: Path) -> None:
    (tmp_path / "appliance.toml").write_text("x")
    for left_behind in (None, "x", "\xff"):
        if left_behind is not None:
            (tmp_path / LAST_GOOD).write_bytes(left_behind.encode("latin-1"))
        beginning = begin(ConfigFile(tmp_path / "appliance.toml"), tmp_path)
        assert beginning.config == Config()
        assert "not valid TOML" in beginning.problem
    with pytest.raises(ConfigError):  # somebody sits there and reads it
        begin(ConfigFile(tmp_path / "appliance.toml"), None)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (Config(), []),
        (Config(limits=Limits(max_viewers=9)), ["limits.max_viewers"]),
        (
            Config(presets={"x": Preset(height=100)}, cameras=[]),
            ["preset x added", "preset low removed", "camera camera removed"],
        ),
    ],
)
def test_differences(changed: Config, told: list[str]) -> None:
    assert set(told) <= set(differences(Config(), changed))
    assert bool(told) == bool(differences(Config(), changed))
