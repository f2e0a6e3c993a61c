"""A camera that is not there when the box starts."""

import trio

from tests.lab.scenarios.box import box, camera
from tests.lab.scenarios.stage import SMALL, Stage, scenario
from tests.lab.scenarios.unplugged import ends_in_picture, ends_in_reason
from tests.lab.scenarios.watching import watching
from tests.lab.usbcam import remote

LINK = "/dev/v4l/by-id/usb-Lab_Lab_Camera_SN1-video-index0"


@scenario("not there at boot, plugged in later", quick=True)
async def late(stage: Stage) -> None:
    with (
        remote.camera("SN1", *SMALL, "--unplugged") as cam,
        box(stage.folder, camera("front", f"usb:{LINK}")) as running,
    ):
        await ends_in_reason(stage, running, "no such device|not there|not attached|not plugged")
        async with watching(running.url) as viewers:
            began_s = trio.current_time()
            cam.tell("plug")
            await ends_in_picture(stage, viewers[1], began_s, within_s=3.0)
        await running.check_processes(stage.report)
