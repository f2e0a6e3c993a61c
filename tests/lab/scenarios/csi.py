"""A CSI camera: picamera2 on libcamera's virtual camera, through our own driver."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import trio

from tests.lab.libcam import virtual
from tests.lab.scenarios import endings
from tests.lab.scenarios.box import Box, box, camera
from tests.lab.scenarios.live import LOOK_S
from tests.lab.scenarios.scene import FRAMES, settled
from tests.lab.scenarios.stage import Stage, scenario
from tests.lab.scenarios.watching import Viewer, watching
from tests.lab.usbcam import jpegs

SITE = Path(__file__).parent.parent / "libcam" / "site"
SIZE = (640, 480)


def prepared() -> dict[str, str]:
    """One virtual camera, and the environment in which picamera2 runs on it."""
    virtual.write(jpegs_of(SIZE))
    return {"PYTHONPATH": f"{SITE}:{os.environ['PYTHONPATH']}", "LIBCAMERA_LOG_LEVELS": "*:ERROR"}


def jpegs_of(size: tuple[int, int]) -> list[Path]:
    return sorted(FRAMES.glob(f"{size[0]}x{size[1]}-*.jpg"))


def there() -> bool:
    """Does the program have a driver for them?"""
    check = "from appliance.config import Camera; Camera(id='a', source='csi:0').parsed_source"
    return subprocess.run([sys.executable, "-c", check], capture_output=True, check=False).returncode == 0


@scenario("csi camera, two renditions", patience_s=240)
async def live(stage: Stage) -> None:
    """Live at its own size and at a smaller one, at once."""
    with box(stage.folder, camera("front", "csi:0", SIZE, 10, "medium"), environment=prepared()) as running:
        async with watching(running.url, preset="medium") as large, watching(running.url, preset="low") as small:
            await settled([*large, *small])
            began_s = trio.current_time()
            await trio.sleep(LOOK_S)
            say_pictures(stage, "medium", large, began_s, 480)
            say_pictures(stage, "low", small, began_s, 320)
        stage.report.says("how it was opened", running.opened(), "YUV420|YU12|NV12")
        await running.check_processes(stage.report)


@scenario("csi camera, its worker is killed", patience_s=240)
async def killed(stage: Stage) -> None:
    with box(stage.folder, camera("front", "csi:0", SIZE, 10, "medium"), environment=prepared()) as running:
        async with watching(running.url, preset="medium") as viewers:
            await settled(viewers)
            began_s = trio.current_time()
            os.kill(running.workers()[0], signal.SIGKILL)
            took_s = await viewers[1].until("placeholder", began_s, 10)
            stage.report.within("viewers are told", took_s, 2.0, starts=1)
            await endings.in_picture(stage.report, viewers[1], began_s + took_s, starts=2)
        await running.check_processes(stage.report)


@scenario("csi camera that freezes", patience_s=240)
async def frozen(stage: Stage) -> None:
    """picamera2 is silent about it: no callback, no exception."""
    with box(stage.folder, camera("front", "csi:0", SIZE, 10, "medium"), environment=prepared()) as running:
        async with watching(running.url, preset="medium") as viewers:
            await settled(viewers)
            virtual.FROZEN.touch()
            await endings.in_reason(stage.report, running, "stopped delivering|no new picture")
            began_s = trio.current_time()
            virtual.FROZEN.unlink()
            await endings.in_picture(stage.report, viewers[1], began_s, starts=2)
        await running.check_processes(stage.report)


@scenario("csi camera that will not start", patience_s=240)
async def refused(stage: Stage) -> None:
    environment = prepared()
    virtual.REFUSE_START.touch()
    with box(stage.folder, camera("front", "csi:0", SIZE, 10, "medium"), environment=environment) as running:
        async with watching(running.url, preset="medium") as viewers:
            await endings.in_reason(stage.report, running, "did not start|not start", within_s=10)
            began_s = trio.current_time()
            virtual.REFUSE_START.unlink()
            await endings.in_picture(stage.report, viewers[1], began_s, within_s=10, starts=2)
        await running.check_processes(stage.report)


@scenario("csi camera, controls", patience_s=240)
async def controls(stage: Stage) -> None:
    """libcamera's virtual camera has none that a person could set: then none are offered, and one that is asked for is refused."""
    with box(stage.folder, camera("front", "csi:0", SIZE, 10, "medium"), environment=prepared()) as running:
        async with watching(running.url, preset="medium") as viewers:
            await settled(viewers)
            await say_controls(stage, running)


async def say_controls(stage: Stage, running: Box) -> None:
    path = "/api/streams/front/controls"
    status, answer = await trio.to_thread.run_sync(running.api, path)
    stage.report.that("none are offered", (status, answer.get("controls")) == (200, []), f"{status}: {answer}")
    status, answer = await trio.to_thread.run_sync(running.api, path, "PATCH", {"Brightness": 1})
    stage.report.that("one is refused with the reason", status in (400, 409), f"{status}: {answer}")


def say_pictures(stage: Stage, preset: str, viewers: list[Viewer], began_s: float, height: int) -> None:
    """All of them get JPEGs of the preset's height, and different ones."""
    for viewer in viewers:
        payloads = [sight.payload for sight in viewer.live(began_s)]
        heights = {size[1] for size in map(jpegs.size_of, payloads) if size}
        stage.report.that(
            f"{preset}, {viewer.name}: pictures {height} high that move",
            heights == {height} and len(set(payloads)) > 5,
            f"{len(set(payloads))} different of {len(payloads)} in {LOOK_S:g} s, {heights}",
        )
