"""3 cameras × 3 presets × 3 viewers at once: each gets its preset's size and rate; stopping one stream disturbs no other."""

import time
from pathlib import Path

import httpx
import trio

from appliance.wire import message
from tests.support.boxes import BoxProcess
from tests.support.clients import open_viewer

CAMERAS = ("one", "two", "three")
PRESETS = {"low": ((568, 320), 15, 500), "medium": ((854, 480), 24, 1000), "high": ((1280, 720), 30, 2000)}
SECONDS = 6.0


class Seen:
    """What one viewer got."""

    def __init__(self) -> None:
        self.frames: list[message.Message] = []
        self.times_s: list[float] = []


async def watch(url: str, camera: str, preset: str, seen: Seen) -> None:
    async with open_viewer(url, f"/ws/viewer/{camera}?preset={preset}") as viewer:
        while True:
            seen.frames.append(await viewer.frame())
            seen.times_s.append(time.monotonic())


async def test_27_viewers_each_get_what_they_asked_for(tmp_path: Path) -> None:
    cameras = "".join(f'[[cameras]]\nid = "{name}"\nsource = "pattern"\n' for name in CAMERAS)
    everybody = {(camera, preset, number): Seen() for camera in CAMERAS for preset in PRESETS for number in range(3)}
    with BoxProcess(tmp_path, f'[server]\nbind = ["127.0.0.1:0"]\n{cameras}') as box:
        for name in CAMERAS:
            await trio.to_thread.run_sync(box.wait_until_live, name)
        async with trio.open_nursery() as nursery:
            for (camera, preset, _), seen in everybody.items():
                nursery.start_soon(watch, box.url, camera, preset, seen)
            await trio.sleep(2)  # renditions start and find their quality
            for seen in everybody.values():
                seen.frames.clear()
                seen.times_s.clear()
            await trio.sleep(SECONDS)
            for (camera, preset, number), seen in everybody.items():
                size, fps, budget_kbytes_per_s = PRESETS[preset]
                assert {(frame.width, frame.height) for frame in seen.frames} == {size}
                rate = len(seen.frames) / SECONDS
                assert 0.9 * fps <= rate <= 1.05 * fps, f"{camera} {preset} {number}: {rate:.1f} fps"
                kbytes_per_s = sum(len(frame.payload) for frame in seen.frames) / SECONDS / 1000
                assert kbytes_per_s <= budget_kbytes_per_s
            stopped_s = time.monotonic()
            async with httpx.AsyncClient() as http:
                await http.delete(f"{box.url}/api/streams/two")
            await trio.sleep(2)
            for (camera, preset, _), seen in everybody.items():
                after = [when_s for when_s in seen.times_s if when_s >= stopped_s]
                if camera == "two":
                    assert seen.frames[-1].placeholder
                else:
                    assert not any(frame.placeholder for frame in seen.frames)
                    assert len(after) >= 0.85 * 2 * PRESETS[preset][1], f"{camera} {preset}: {len(after)} frames in 2 s"
            nursery.cancel_scope.cancel()
