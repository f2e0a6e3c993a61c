"""A camera that is there and gives nothing: frozen, refusing to start, halted, or answering nobody."""

import trio

from tests.lab.scenarios import endings
from tests.lab.scenarios.box import box, camera
from tests.lab.scenarios.scene import SMALL
from tests.lab.scenarios.stage import Stage, scenario
from tests.lab.scenarios.watching import watching
from tests.lab.usbcam import remote

ON_ITS_WAY_S = 0.5  # pictures that left the camera before
SILENT = "stopped delivering|no new picture"
HALTED = f"lost|stalled|broken pictures|{SILENT}"


def falls_silent(name: str, command: str, words: str, *, quick: bool = False) -> None:
    """A scenario: a live camera says why it is silent, is well again, and so is the stream."""

    @scenario(name, quick=quick, on_scene=True)
    async def play(stage: Stage) -> None:
        scene, report = stage.scene, stage.report
        scene.cam.tell(command)
        await endings.in_reason(report, scene.running, words)
        began_s = trio.current_time()
        scene.cam.tell("clear")
        await endings.in_picture(report, scene.socket, began_s, within_s=endings.SOON_S)
        await scene.running.check_processes(report)


falls_silent("a camera that freezes", "freeze", SILENT, quick=True)
falls_silent("a camera that answers nobody", "hang", f"{SILENT}|did not open|does not answer")


@scenario("a camera that halts its stream", quick=True, on_scene=True)
async def halted(stage: Stage) -> None:
    """The next open heals it: it may be back before anybody has read why it was gone."""
    scene, report = stage.scene, stage.report
    scene.cam.tell("stall-stream all")
    halted_s = await endings.pause(ON_ITS_WAY_S) + ON_ITS_WAY_S
    told_s = await scene.socket.until("told", halted_s, endings.SOON_S, HALTED)
    live_s = await scene.socket.until("live", halted_s, endings.SOON_S)
    report.within("a reason or a picture is shown", min(told_s, live_s), endings.SOON_S)
    report.says("told meanwhile", scene.words_since(halted_s), f"{HALTED}|nothing")
    await endings.in_picture(report, scene.socket, halted_s + (told_s if told_s < endings.SOON_S else 0))
    await scene.running.check_processes(report)


@scenario("a camera that will not start (STREAMON fails)")
async def streamon(stage: Stage) -> None:
    with remote.camera("SN1", *SMALL) as cam:
        cam.tell("stall-start on")
        with box(stage.folder, camera("front", f"usb:{cam.link()}")) as running:
            async with watching(running.url) as viewers:
                words = "lost|delivers no picture|not start|refuse|busy|bandwidth"
                await endings.in_reason(stage.report, running, words, starts=1)  # the worker's own
                began_s = trio.current_time()
                cam.tell("clear")
                await endings.in_picture(stage.report, viewers[1], began_s, within_s=10)
                await running.check_processes(stage.report)


@scenario("a camera that hangs before it is opened", patience_s=180)
async def hung_before(stage: Stage) -> None:
    """Each of the kernel's questions takes 5 s to fail, and is asked again and again."""
    with remote.camera("SN1", *SMALL) as cam:
        link = cam.link()
        cam.tell("hang")
        with box(stage.folder, camera("front", f"usb:{link}")) as running:
            async with watching(running.url) as viewers:
                await endings.in_reason(stage.report, running, "did not open|does not answer", within_s=15)
                began_s = trio.current_time()
                cam.tell("clear")
                await endings.in_picture(stage.report, viewers[1], began_s, within_s=20)
                await running.check_processes(stage.report, allowed_s=20)
