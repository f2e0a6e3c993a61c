"""A USB camera through the whole program: OpenCV's V4L2 code runs for real, against a device made in software."""

import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path

import httpx
import pytest
import trio

from appliance.wire.message import Message
from tests.cameras.conftest import FakeCamera
from tests.support.boxes import BoxProcess, workers_of
from tests.support.clients import Mjpeg, Talk, open_mjpeg, open_viewer


@contextmanager
def box_with(camera: FakeCamera, folder: Path, source: str = "") -> Iterator[BoxProcess]:
    text = '[server]\nbind = ["127.0.0.1:0"]\n[[cameras]]\nid = "front"\nwidth = 640\nheight = 360\npreset = "native"\n'
    with BoxProcess(folder, f'{text}source = "{source or f"usb:{camera.path}"}"\n', env=camera.env) as box:
        yield box


async def test_native_frames_are_the_cameras_own_bytes(fake_camera: FakeCamera, tmp_path: Path) -> None:
    with box_with(fake_camera, tmp_path) as box:
        await trio.to_thread.run_sync(box.wait_until_live)
        async with open_mjpeg(f"{box.url}/stream") as parts, open_viewer(box.url, "/ws/viewer/front") as viewer:
            seen = [(await viewer.frame(placeholder=False)).payload for _ in range(60)]
            seen += [(await parts.part()).body for _ in range(30)]
        assert set(seen) <= set(fake_camera.frames)
        assert set(seen[:60]) == set(fake_camera.frames)
        order = [fake_camera.frames.index(each) for each in seen[:60]]
        in_turn = sum(after == (before + 1) % len(fake_camera.frames) for before, after in itertools.pairwise(order))
        assert in_turn >= 50, "nearly every frame arrives, in order"
        maps = Path(f"/proc/{box.process.pid}/maps").read_text()
        assert "cv2" not in maps
        assert "numpy" not in maps


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL, signal.SIGTERM])
async def test_its_worker_ends_or_hangs(fake_camera: FakeCamera, tmp_path: Path, number: signal.Signals) -> None:
    with box_with(fake_camera, tmp_path) as box:
        async with open_viewer_when_up(box) as viewer:
            with trio.fail_after(10):
                await viewer.frame(placeholder=False)
            os.kill(workers_of(box.process.pid)[0], number)
            with trio.fail_after(3):
                await viewer.frame(placeholder=True)
            with trio.fail_after(3):
                await viewer.frame(placeholder=False)


async def test_unplugged_frozen_and_back_on_one_connection(
    fake_camera: FakeCamera, tmp_path: Path, nursery: trio.Nursery
) -> None:
    """The box starts before the camera exists; the viewer stays on the connection it made then."""
    fake_camera.unplug()
    with box_with(fake_camera, tmp_path) as box:
        async with open_viewer_when_up(box) as viewer, open_mjpeg(f"{box.url}/stream") as parts:
            nursery.start_soon(keep_reading, parts)
            await goes_offline(viewer, "no such device", within_s=5)
            await comes_back(viewer, fake_camera)
            for fault, words, within_s in FAULTS:
                fake_camera.be(fault) if fault else fake_camera.unplug()
                await goes_offline(viewer, words, within_s)
                await comes_back(viewer, fake_camera)
            assert parts.age_s < 1, "the MJPEG viewer was there all the time, too"
            nursery.cancel_scope.cancel()


# What happens to the camera, what people are told, and how soon. A frozen one may be thinking for 2 s.
FAULTS = [
    ("", "unplugged", 3),
    ("freeze", "stopped delivering", 4),
    ("broken", "only broken pictures", 4),
    ("renewed", "unplugged", 3),
]
STEADY_S = 2.2  # a camera that lived for so long is restarted without a longer wait


async def goes_offline(viewer: Talk, words: str, within_s: float) -> None:
    with trio.fail_after(within_s):
        assert words in await viewer.told_and_shown()


async def comes_back(viewer: Talk, camera: FakeCamera) -> None:
    camera.be("fine")
    with trio.fail_after(3):
        await viewer.frame(placeholder=False)
    with trio.move_on_after(STEADY_S):
        while True:
            assert not (await viewer.frame()).placeholder


async def test_half_the_promised_rate_is_said_and_taken_back_while_the_picture_goes_on(
    fake_camera: FakeCamera, tmp_path: Path
) -> None:
    with box_with(fake_camera, tmp_path) as box:
        async with open_viewer_when_up(box) as viewer:
            with trio.fail_after(10):
                await viewer.frame(placeholder=False)
            fake_camera.be("half")
            with trio.fail_after(8):  # it takes 3 to 5 s
                await told_and_live(
                    viewer, "of the 30 pictures a second it promised: in low light many expose for longer"
                )
            fake_camera.be("fine")
            with trio.fail_after(8):
                await told_and_live(viewer, "")


async def told_and_live(viewer: Talk, words: str) -> None:
    """Read until the stream says this (nothing: says nothing), and see that its picture goes on."""
    while True:
        heard = await viewer.hear()
        if isinstance(heard, Message):
            assert not heard.placeholder
        elif heard["type"] == "stream_info":
            assert heard["data"]["status"] == "live"
            if words in heard["data"]["reason"] and bool(words) == bool(heard["data"]["reason"]):
                return


async def keep_reading(parts: Mjpeg) -> None:
    async for _ in parts:
        pass


async def test_auto_takes_the_camera_and_falls_back_without_it(
    fake_camera: FakeCamera, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    with box_with(fake_camera, tmp_path, "auto") as box:
        async with open_viewer_when_up(box) as viewer:
            with trio.fail_after(10):
                await viewer.event("stream_info", status="live")
                frame = await viewer.frame(placeholder=False)
                assert frame.payload in fake_camera.frames
            assert (await http.get(f"{box.url}/healthz")).status_code == 200
            fake_camera.unplug()
            with trio.fail_after(6):
                told = await viewer.event("stream_info", status="live")
            assert "test pattern" in told["reason"]
            health = await http.get(f"{box.url}/healthz")
            assert (health.status_code, "test pattern" in health.text) == (503, True), "a pattern is no camera"
            fake_camera.be("fine")
            with trio.fail_after(5):
                while (await viewer.frame()).payload not in fake_camera.frames:
                    pass


def open_viewer_when_up(box: BoxProcess) -> AbstractAsyncContextManager[Talk]:
    """A viewer of a box whose camera need not be there yet."""
    box.wait_until_up()
    return open_viewer(box.url, "/ws/viewer/front")


async def test_what_people_set_outlives_the_plug_the_worker_and_the_box(
    fake_camera: FakeCamera, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    """Each time it is in effect before the first picture is shown, though the camera has forgotten it."""
    set_ = {"brightness": -9, "exposure_time_absolute": 400, "auto_exposure": 1}
    with box_with(fake_camera, tmp_path) as box:
        async with open_viewer_when_up(box) as viewer:
            await viewer.frame(placeholder=False)
            answer = await http.patch(f"{box.url}/api/streams/front/controls", json=set_)
            assert answer.status_code == 200, answer.text
            fake_camera.unplug()
            await goes_offline(viewer, "unplugged", within_s=30)
            assert fake_camera.controls == {}
            fake_camera.be("fine")
            await is_set_at_its_first_picture(viewer, fake_camera, set_)
            fake_camera.forget()
            os.kill(workers_of(box.process.pid)[0], signal.SIGKILL)
            await viewer.frame(placeholder=True)
            await is_set_at_its_first_picture(viewer, fake_camera, set_)
        await trio.to_thread.run_sync(box.stop)
    fake_camera.forget()
    with box_with(fake_camera, tmp_path) as again:
        async with open_viewer_when_up(again) as viewer:
            await is_set_at_its_first_picture(viewer, fake_camera, set_)
            assert (await http.delete(f"{again.url}/api/streams/front/controls")).status_code == 200
            assert fake_camera.controls == {"brightness": 0, "exposure_time_absolute": 250, "auto_exposure": 3}
        await trio.to_thread.run_sync(again.stop)
    assert "brightness" not in (tmp_path / "state" / "controls" / "front.json").read_text()


async def is_set_at_its_first_picture(viewer: Talk, camera: FakeCamera, expected: dict[str, int]) -> None:
    with trio.fail_after(30):
        await viewer.frame(placeholder=False)
    assert camera.controls == expected


async def test_a_value_on_which_the_camera_hangs_does_not_keep_the_picture_away(
    fake_camera: FakeCamera, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    with box_with(fake_camera, tmp_path) as box:
        async with open_viewer_when_up(box) as viewer:
            await viewer.say("get_controls", stream_id="front")
            await viewer.frame(placeholder=False)
            fake_camera.note("hang brightness", 0)
            await viewer.say("set_controls", stream_id="front", values={"brightness": 5})
            with trio.fail_after(40):
                await viewer.event("stream_info", status="offline")
                assert "hung while it was set" in (await viewer.event("error"))["message"]
                await viewer.event("stream_info", status="live")
            answer = await http.patch(f"{box.url}/api/streams/front/controls", json={"contrast": 55})
            assert answer.status_code == 200, answer.text
