"""Live: a USB camera's own bytes, and pixels that we encode."""

import subprocess
import time
from pathlib import Path

import trio

from tests.lab.scenarios.box import box, camera
from tests.lab.scenarios.scene import FRAMES, settled
from tests.lab.scenarios.stage import Stage, scenario
from tests.lab.scenarios.watching import Viewer, watching
from tests.lab.usbcam import jpegs, remote

LOOK_S = 4.0


@scenario("usb camera, 1280x720 MJPEG", quick=True)
async def untouched(stage: Stage) -> None:
    """What the camera sent is what viewers get, byte for byte."""
    with (
        remote.camera("SN1", "--frames", str(FRAMES), "--sizes", "1280x720") as cam,
        box(stage.folder, camera("front", f"usb:{cam.link()}", (1280, 720), 30)) as running,
    ):
        async with watching(running.url) as viewers:
            await settled(viewers)
            began_s = trio.current_time()
            await trio.sleep(LOOK_S)
            frames = set(jpegs.read(FRAMES, 1280, 720))
            for viewer in viewers:
                report_exact(stage, viewer, frames, began_s)
        stage.report.says("how it was opened", cam.status()["mode"], "mjpeg 1280x720")
        await running.check_processes(stage.report)


def report_exact(stage: Stage, viewer: Viewer, frames: set[bytes], began_s: float) -> None:
    """All its pictures since then are the camera's own."""
    payloads = [sight.payload for sight in viewer.live(began_s)]
    exact = sum(payload in frames for payload in payloads)
    stage.report.that(
        f"{viewer.name}: every picture is the camera's own",
        exact == len(payloads) > 10,
        f"{exact} of {len(payloads)} in {LOOK_S:g} s",
    )


@scenario("vivid, YUYV, encoded by us", quick=True)
async def encoded(stage: Stage) -> None:
    """A device that has no JPEGs: ours decode, at the size asked for, and move."""
    device = vivid()
    with box(stage.folder, camera("front", f"usb:{device}", (640, 360), 15, "high")) as running:
        async with watching(running.url, preset="high") as viewers:
            await settled(viewers)
            began_s = trio.current_time()
            await trio.sleep(LOOK_S)
            for viewer in viewers:
                payloads = [sight.payload for sight in viewer.live(began_s)]
                sizes = {jpegs.size_of(payload) for payload in payloads}
                stage.report.that(
                    f"{viewer.name}: JPEGs of 640x360 that move",
                    sizes == {(640, 360)} and len(set(payloads)) == len(payloads) > 5,
                    f"{len(set(payloads))} different of {len(payloads)} in {LOOK_S:g} s, {sizes}",
                )
        stage.report.says("how it was opened", running.opened(), "YUYV")
        await running.check_processes(stage.report)


def vivid() -> str:
    """The stable name of the kernel's virtual video driver, loaded if need be."""
    if not Path("/sys/module/vivid").exists():
        words = ("n_devs=1", "node_types=0x1", "num_inputs=1", "input_types=0x0")
        subprocess.run(["modprobe", "vivid", *words], check=True)
    for _ in range(200):
        found = [
            node for node in Path("/sys/class/video4linux").glob("video*") if "vivid" in (node / "name").read_text()
        ]
        if found and Path(f"/dev/{found[0].name}").exists():
            return f"/dev/{found[0].name}"
        time.sleep(0.05)
    raise AssertionError("vivid gave no video device")
