"""A camera that is there and gives nothing: frozen, refusing to start, halted, or answering nobody."""

import trio

from tests.lab.scenarios.box import box, camera
from tests.lab.scenarios.live import settled
from tests.lab.scenarios.stage import SMALL, Stage, scenario
from tests.lab.scenarios.unplugged import ends_in_picture, ends_in_reason
from tests.lab.scenarios.watching import watching
from tests.lab.usbcam import remote

# What is done to a camera that is live, and what must be said
FAULTS = {
    "freezes": ("freeze", "stopped delivering|no new picture"),
    "halts its stream": ("stall-stream all", "lost|stopped delivering|no new picture"),
    "answers nobody": ("hang", "stopped delivering|no new picture|did not open"),
}


def while_live(name: str, command: str, words: str) -> None:
    """A scenario: a live camera falls silent, says why, is well again, and so is the stream."""

    @scenario(f"a camera that {name}", quick=True)
    async def play(stage: Stage) -> None:
        with remote.camera("SN1", *SMALL) as cam, box(stage.folder, camera("front", f"usb:{cam.link()}")) as running:
            async with watching(running.url) as viewers:
                await settled(viewers)
                cam.tell(command)
                if command == "stall-stream all":  # the next open heals it, so it may be back before anybody asked
                    began_s = trio.current_time()
                    took_s = await viewers[1].until("told", began_s, 10, words)
                    stage.report.within("a reason is shown", took_s, 5.0)
                    await ends_in_picture(stage, viewers[1], began_s + took_s)
                else:
                    await ends_in_reason(stage, running, words)
                    began_s = trio.current_time()
                    cam.tell("clear")
                    await ends_in_picture(stage, viewers[1], began_s)
                await running.check_processes(stage.report)


for _name, (_command, _words) in FAULTS.items():
    while_live(_name, _command, _words)


@scenario("a camera that will not start (STREAMON fails)", quick=True)
async def streamon(stage: Stage) -> None:
    with remote.camera("SN1", *SMALL) as cam:
        cam.tell("stall-start on")
        with box(stage.folder, camera("front", f"usb:{cam.link()}")) as running:
            async with watching(running.url) as viewers:
                await ends_in_reason(stage, running, "lost|delivers no picture|does not start|refuse|busy|bandwidth")
                began_s = trio.current_time()
                cam.tell("clear")
                await ends_in_picture(stage, viewers[1], began_s)
                await running.check_processes(stage.report)


@scenario("a camera that hangs before it is opened", patience_s=180)
async def hung_before(stage: Stage) -> None:
    """Each of the kernel's questions takes 5 s to fail, and is asked again and again."""
    with remote.camera("SN1", *SMALL) as cam:
        link = cam.link()
        cam.tell("hang")
        with box(stage.folder, camera("front", f"usb:{link}")) as running:
            async with watching(running.url) as viewers:
                took_s, reason = await running.until("offline", 30)
                stage.report.within("a reason is shown", took_s, 10.0, starts=1)
                stage.report.says("the reason", reason, "did not open|does not answer")
                began_s = trio.current_time()
                cam.tell("clear")
                await ends_in_picture(stage, viewers[1], began_s, within_s=20)
                await running.check_processes(stage.report, allowed_s=20)
