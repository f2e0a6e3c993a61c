"""A camera that cannot be had: another program has it, or this user may not open it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trio

from tests.lab.scenarios import endings
from tests.lab.scenarios.box import box, camera
from tests.lab.scenarios.scene import SMALL, settled
from tests.lab.scenarios.stage import Stage, scenario
from tests.lab.scenarios.watching import watching
from tests.lab.usbcam import remote

NOBODY = "viewer"  # a user in no group


@scenario("another program has the camera", quick=True)
async def busy(stage: Stage) -> None:
    with remote.camera("SN1", *SMALL) as cam:
        with held(cam.nodes()[0]), box(stage.folder, camera("front", f"usb:{cam.link()}")) as running:
            await endings.in_reason(stage.report, running, "busy|in use|another program")
            await running.check_processes(stage.report)
        with box(stage.folder, camera("front", f"usb:{cam.link()}")) as running:
            async with watching(running.url) as viewers:
                await settled(viewers)
                stage.report.that("once it let go, there is a picture", True)


@scenario("this user may not open the camera", quick=True)
async def no_permission(stage: Stage) -> None:
    with (
        remote.camera("SN1", *SMALL) as cam,
        box(stage.folder, camera("front", f"usb:{cam.link()}"), user=NOBODY) as running,
    ):
        await endings.in_reason(stage.report, running, "permission")
        async with watching(running.url) as viewers:
            began_s = trio.current_time()
            Path(cam.nodes()[0]).chmod(0o666)
            await endings.in_picture(stage.report, viewers[1], began_s, within_s=35)  # its back-off is 30 s at most
        await running.check_processes(stage.report)


@contextmanager
def held(node: str) -> Iterator[int]:
    """Another program streams from the device; its process id."""
    take = ["v4l2-ctl", "-d", node, "--stream-mmap=4", "--stream-count=0", "--stream-to=/dev/null"]
    holder = subprocess.Popen(take, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert holder.stdout is not None
        holder.stdout.read(1)  # its first sign of a picture
        yield holder.pid
    finally:
        holder.kill()
        holder.wait()
