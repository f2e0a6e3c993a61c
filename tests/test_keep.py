"""What people change on the page or over REST outlives a restart where they wish that, in the same file."""

from functools import partial
from pathlib import Path

import httpx
import pytest
import trio

from appliance.config import ConfigFile
from appliance.reload import LAST_GOOD
from appliance.system import desk
from tests.support.clients import eventually
from tests.support.owner import Owner


@pytest.fixture
async def owner(tmp_path: Path, nursery: trio.Nursery) -> Owner:
    return await Owner(tmp_path).start(nursery)


async def test_what_is_kept_over_rest_stands_in_the_file_and_in_force(owner: Owner) -> None:
    async with httpx.AsyncClient(base_url=owner.url) as http:
        answer = await http.patch("/api/streams/front", json={"name": "Door", "jpeg_quality": 70, "keep": True})
        assert (answer.json()["kept"], answer.json()["why_not_kept"]) == (True, "")
        assert 'source = "pattern"   # for now\nname = "Door"\nviewer_jpeg_quality = 70\n' in owner.path.read_text()
        assert (owner.state / LAST_GOOD).read_text() == owner.path.read_text()
        assert "nothing changed" in (await owner.reload()).words
        only_now = await http.patch("/api/streams/front", json={"jpeg_quality": 90})
        assert "kept" not in only_now.json()
        await owner.reload()
        assert (await owner.get("/api/streams/front"))["jpeg_quality"] == 90, "what the file left alone stays as chosen"
        made = await http.post("/api/streams", json={"source": "pattern", "id": "shed", "keep": True})
        assert (made.status_code, made.json()["kept"]) == (201, True)
        assert (await http.delete("/api/streams/garden?keep=true")).status_code == 204
    verdict = await owner.reload()
    assert "nothing changed" in verdict.words
    assert [stream["id"] for stream in (await owner.get("/api/streams"))["streams"]] == ["front", "shed"]


async def test_what_is_set_can_be_kept_later(owner: Owner) -> None:
    """A slider is tried first; and a stream that was made in passing may turn out to be one to keep."""
    async with httpx.AsyncClient(base_url=owner.url) as http:
        assert (await owner.get("/api/streams/front"))["lasts"]
        changed = (await http.patch("/api/streams/front", json={"jpeg_quality": 70, "preset": "low"})).json()
        assert not changed["lasts"]
        answer = (await http.patch("/api/streams/front", json={"keep": True})).json()
        assert (answer["kept"], answer["lasts"]) == (True, True)
        assert "viewer_jpeg_quality = 70\n" in owner.path.read_text()
        assert 'preset = "low"\n' in owner.path.read_text()
        text = owner.path.read_text()
        assert (await http.patch("/api/streams/front", json={"keep": True})).json()["kept"], "there is nothing to do"
        assert owner.path.read_text() == text
        made = (await http.post("/api/streams", json={"source": "pattern", "id": "shed"})).json()
        assert (made["lasts"], made["removable"]) == (False, True)
        await http.patch("/api/streams/shed", json={"name": "Shed", "jpeg_quality": 60})
        answer = (await http.patch("/api/streams/shed", json={"keep": True})).json()
        assert (answer["kept"], answer["lasts"], answer["removable"]) == (True, True, False)
    shed = ConfigFile(owner.path).read()[0].cameras[-1]
    assert (shed.id, shed.name, shed.viewer_jpeg_quality) == ("shed", "Shed", 60)
    assert "nothing changed" in (await owner.reload()).words
    assert (await owner.get("/api/streams/shed"))["jpeg_quality"] == 60


async def test_what_cannot_be_kept_is_done_and_said(owner: Owner) -> None:
    owner.path.write_text("[[cameras]\n")
    async with httpx.AsyncClient(base_url=owner.url) as http:
        answer = (await http.patch("/api/streams/front", json={"jpeg_quality": 70, "keep": True})).json()
        assert (answer["jpeg_quality"], answer["kept"]) == (70, False)
        assert "has an error already" in answer["why_not_kept"]
        refused = await http.delete("/api/streams/front?keep=true")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_kept")
    assert owner.path.read_text() == "[[cameras]\n"


async def test_many_who_keep_at_once(owner: Owner) -> None:
    async with httpx.AsyncClient(base_url=owner.url) as http, trio.open_nursery() as nursery:
        for number in range(10):
            body = {"source": "published", "id": f"c{number}", "keep": True}
            nursery.start_soon(partial(http.post, "/api/streams", json=body))
    assert sorted(camera.id for camera in ConfigFile(owner.path).read()[0].cameras) == sorted(
        ["front", "garden", *(f"c{number}" for number in range(10))]
    )


@pytest.mark.parametrize(
    ("asked", "words"), [("", "reload, health"), ("status", "reload, health"), ("x" * 9999, "reload, health")]
)
async def test_the_desk_answers_nothing_else(owner: Owner, asked: str, words: str) -> None:
    verdict = await trio.to_thread.run_sync(desk.ask, owner.desk, asked)
    assert not verdict.done
    assert words in verdict.words
    assert owner.desk.stat().st_mode & 0o777 == 0o600


async def test_the_desk_says_how_each_camera_is(owner: Owner) -> None:
    async def live() -> bool:
        verdict = await trio.to_thread.run_sync(desk.ask, owner.desk, desk.HEALTH)
        return verdict == desk.Verdict(True, "front:live garden:live")

    await eventually(live, within_s=20)
    async with httpx.AsyncClient(base_url=owner.url) as http:
        await http.post("/api/streams/garden/stop")
        await http.delete("/api/streams/garden")
    health = await trio.to_thread.run_sync(desk.ask, owner.desk, desk.HEALTH)
    assert health.words in ("front:live garden:resting", "front:live")


async def test_who_does_not_wait_for_the_answer_harms_nobody(owner: Owner) -> None:
    for _ in range(20):
        async with await trio.open_unix_socket(str(owner.desk)) as hasty:
            await hasty.send_all(b"reload\n")

    async def answers() -> bool:
        return (await owner.reload()).done

    await eventually(answers, within_s=20)
