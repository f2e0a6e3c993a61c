"""A camera that is not there when the box starts."""

import trio

from tests.lab.scenarios import endings
from tests.lab.scenarios.box import box, camera
from tests.lab.scenarios.scene import SMALL
from tests.lab.scenarios.stage import Stage, scenario
from tests.lab.scenarios.watching import watching
from tests.lab.usbcam import remote

LINK = "/dev/v4l/by-id/usb-Lab_Lab_Camera_SN1-video-index0"


@scenario("not there at boot, plugged in later", quick=True)
async def late(stage: Stage) -> None:
    with (
        remote.camera("SN1", *SMALL, "--unplugged") as cam,
        box(stage.folder, camera("front", f"usb:{LINK}")) as running,
    ):
        await endings.in_reason(stage.report, running, "no such device|not there|not attached|not plugged")
        async with watching(running.url) as viewers:
            began_s = trio.current_time()
            cam.tell("plug")
            await endings.in_picture(stage.report, viewers[1], began_s, within_s=3.0)
        await running.check_processes(stage.report)
