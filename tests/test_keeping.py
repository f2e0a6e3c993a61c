"""What people set survives a restart; a file that is damaged costs the settings and nothing else."""

import logging
import os
import stat
from pathlib import Path

import pytest
import trio
import trio.testing

from appliance import keeping
from appliance.config import Camera, Config
from appliance.streams.registry import Registry
from appliance.streams.settings import Kept
from appliance.system import state
from appliance.wire.controls import Control
from appliance.wire.hallway import Controls

GAIN = Control(id="gain", name="Gain", kind="integer", default=0, minimum=0, maximum=100)


def registry_of() -> Registry:
    return Registry(Config(cameras=[Camera(id="front", source="pattern")]))


def set_gain(registry: Registry, value: int | None, stream_id: str = "front") -> None:
    settings = registry.get(stream_id).settings
    settings.told(Controls("usb: Cam", [GAIN]))
    settings.ask({"gain": value})
    order = settings.next()
    assert order is not None
    settings.told(Controls("usb: Cam", [GAIN], order.number))


async def recalled(folder: Path) -> Kept:
    """What the box knows after a restart."""
    registry = registry_of()
    async with trio.open_nursery() as nursery:
        await nursery.start(keeping.keep, registry, folder)
        nursery.cancel_scope.cancel()
    return registry.get("front").settings.kept


async def test_written_once_it_settles_and_known_after_a_restart(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    registry = registry_of()
    await nursery.start(keeping.keep, registry, tmp_path)
    for value in range(50):  # a slider
        set_gain(registry, value)
    await trio.sleep(keeping.SETTLE_S / 2)
    assert await recalled(tmp_path) == {}
    await trio.sleep(keeping.SETTLE_S)
    while not await recalled(tmp_path):  # noqa: ASYNC110 - a thread writes it, which has the real clock
        await trio.sleep(0.1)
    assert await recalled(tmp_path) == {"usb: Cam": {"gain": 49}}
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["front.json"]
    nursery.cancel_scope.cancel()


async def test_what_is_set_last_is_written_when_the_box_stops(tmp_path: Path) -> None:
    registry = registry_of()
    for value, kept in ((7, {"usb: Cam": {"gain": 7}}), (None, {})):
        async with trio.open_nursery() as nursery:
            await nursery.start(keeping.keep, registry, tmp_path)
            set_gain(registry, value)
            nursery.cancel_scope.cancel()
        assert await recalled(tmp_path) == kept


async def test_a_stream_made_at_run_time_leaves_nothing(tmp_path: Path) -> None:
    registry = registry_of()
    registry.create(Camera(id="demo", source="pattern"))
    async with trio.open_nursery() as nursery:
        await nursery.start(keeping.keep, registry, tmp_path)
        set_gain(registry, 7, "demo")
        nursery.cancel_scope.cancel()
    assert list(tmp_path.iterdir()) == []


async def test_a_camera_that_comes_while_the_box_runs_is_kept_too(tmp_path: Path) -> None:
    """By a changed file, and by the page: there it is a stream made at run time first, and may have been set already."""
    registry = registry_of()
    attic = Camera(id="attic", source="pattern")
    async with trio.open_nursery() as nursery:
        await nursery.start(keeping.keep, registry, tmp_path)
        registry.reconfigure(Config(cameras=[Camera(id="front", source="pattern"), attic]))
        demo = registry.create(Camera(id="demo", source="pattern"))
        set_gain(registry, 8, "demo")
        registry.take_in(demo, demo.camera)
        await trio.testing.wait_all_tasks_blocked()
        set_gain(registry, 7, "attic")
        nursery.cancel_scope.cancel()
    assert {path.stem for path in (tmp_path / "controls").iterdir()} == {"attic", "demo"}
    registry = Registry(Config(cameras=[Camera(id="front", source="pattern")]))
    async with trio.open_nursery() as nursery:
        await nursery.start(keeping.keep, registry, tmp_path)
        registry.reconfigure(Config(cameras=[attic]))
        await trio.testing.wait_all_tasks_blocked()
        assert registry.get("attic").settings.kept == {"usb: Cam": {"gain": 7}}
        nursery.cancel_scope.cancel()


async def test_a_camera_that_goes_is_not_written_any_more(tmp_path: Path) -> None:
    registry = registry_of()
    gone = registry.get("front")
    async with trio.open_nursery() as nursery:
        await nursery.start(keeping.keep, registry, tmp_path)
        registry.end("front", for_good=True)
        await trio.testing.wait_all_tasks_blocked()
        assert [task.name for task in nursery.child_tasks] == ["appliance.keeping.keep"]
        gone.settings.recall({"usb: Cam": {"gain": 1}})
        nursery.cancel_scope.cancel()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be understood"),
        (b'{"version": 1, "mod', "cannot be understood"),
        (b"\xff\xfe\x00", "cannot be understood"),
        (b"[" * 100_000, "cannot be understood"),
        (b'{"version": 2, "models": {}}', "cannot be understood"),
        (b'{"version": 1, "models": {"usb: Cam": {"gain": [1]}}}', "cannot be understood"),
        (b" " * (state.MAX_BYTES + 1), "is larger than 256 KiB"),
        (None, "cannot be read: Is a directory"),
    ],
)
async def test_a_damaged_file_is_one_line_of_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes | None, words: str
) -> None:
    place = tmp_path / "controls" / "front.json"
    place.parent.mkdir()
    if content is None:
        place.mkdir()
    else:
        place.write_bytes(content)
    assert await recalled(tmp_path) == {}
    [line] = caplog.messages
    assert line.startswith(f"front: {place} {words}")
    assert "\n" not in line


async def test_a_place_that_cannot_be_written_is_a_line_of_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    (tmp_path / "controls").write_text("a file where a folder should be")
    registry = registry_of()
    async with trio.open_nursery() as nursery:
        await nursery.start(keeping.keep, registry, tmp_path)
        set_gain(registry, 7)
        nursery.cancel_scope.cancel()
    assert ["cannot be read" in line or "cannot be written" in line for line in caplog.messages] == [True, True]


def test_a_write_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "deep" / "file.json"
    state.write(place, b"first")

    def full(fd: int) -> None:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(state.StateError, match="cannot be written: No space left"):
        state.write(place, b"second")
    assert state.read(place) == b"first"
    assert state.read(tmp_path / "nothing") is None


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "HOME": "/home/x"}, "/var/lib/a"),
        ({"XDG_STATE_HOME": "/home/x/state", "HOME": "/home/x"}, "/home/x/state/camera-appliance"),
        ({"HOME": "/home/x"}, "/home/x/.local/state/camera-appliance"),
        ({"XDG_STATE_HOME": "relative"}, None),
        ({}, None),
    ],
)
def test_where_it_is_kept(environment: dict[str, str], place: str | None) -> None:
    assert state.folder(environment) == (place and Path(place))
