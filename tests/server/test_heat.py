"""Heat and under-voltage, from the file that says so to what viewers get, and back."""

import time
from pathlib import Path

import httpx
import pytest
import trio

from appliance.streams.relief import Patience
from appliance.system.looking import Lookout
from appliance.wire.jpeg import examine
from tests.support.boxes import start_box
from tests.support.clients import Talk, open_mjpeg, open_viewer
from tests.support.sysfs import Sysfs

SOON = Patience(deeper_s=0.3, back_s=0.3, after_low_s=0.3)


async def wait_for_frame(viewer: Talk, height: int) -> None:
    while (await viewer.frame(placeholder=False)).height != height:
        pass


async def rate_fps(viewer: Talk, frames: int = 6) -> float:
    began_s = time.monotonic()
    for _ in range(frames):
        await viewer.frame(placeholder=False)
    return frames / (time.monotonic() - began_s)


async def test_a_hot_board_is_spared_and_everybody_is_told(
    nursery: trio.Nursery, http: httpx.AsyncClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sysfs = Sysfs(tmp_path)
    url = await start_box(nursery, lookout=Lookout(tmp_path, 0.05), patience=SOON)
    caplog.set_level("INFO", "appliance")
    async with open_viewer(url, "/ws/viewer/front?preset=high") as viewer:
        with trio.fail_after(10):
            await wait_for_frame(viewer, 720)
        sysfs.celsius(85)
        with trio.fail_after(10):
            info = await viewer.event("stream_info", reduced="the board is 85 °C hot", height=320)
            assert (info["preset"], info["rung"], info["fps"]) == ("low", "low at 5 fps", 5)
            await wait_for_frame(viewer, 320)
            assert await rate_fps(viewer) < 8
        status = (await http.get(f"{url}/api/status")).json()
        assert status["reduction"] == {"level": 3, "why": "the board is 85 °C hot"}
        assert "camera_appliance_reduction_level 3.0" in (await http.get(f"{url}/metrics")).text
        assert "pictures are reduced, step 3 of 3: the board is 85 °C hot" in caplog.text
        await viewer.say("set_preset", stream_id="front", preset="medium")
        with trio.fail_after(5):
            assert (await viewer.event("stream_info", reduced="the board is 85 °C hot"))["rung"] == "low at 5 fps"
        sysfs.celsius(50)
        with trio.fail_after(10):
            assert (await viewer.event("stream_info", reduced=""))["rung"] == "medium"
            await wait_for_frame(viewer, 480)
            assert await rate_fps(viewer, 20) > 12
        assert "pictures are as chosen again" in caplog.text


async def test_a_weak_supply_reduces_other_ways_of_watching_too(nursery: trio.Nursery, tmp_path: Path) -> None:
    sysfs = Sysfs(tmp_path)
    url = await start_box(nursery, lookout=Lookout(tmp_path, 0.05), patience=SOON)
    async with open_mjpeg(f"{url}/api/streams/front/mjpeg?preset=high") as player:

        async def wait_for_height(lines: int) -> None:
            while jpeg_height((await player.part()).body) != lines:
                pass

        with trio.fail_after(15):
            await wait_for_height(720)
            sysfs.under_voltage(True)
            await wait_for_height(320)
            sysfs.under_voltage(False)
            await wait_for_height(720)


def jpeg_height(data: bytes) -> int:
    return examine(data).size.height
