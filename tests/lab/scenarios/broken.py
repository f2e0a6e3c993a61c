"""Pictures that are not whole, or fewer than promised."""

import trio

from tests.lab.scenarios import endings
from tests.lab.scenarios.box import Box
from tests.lab.scenarios.report import Report
from tests.lab.scenarios.scene import FRAMES, STEADY_S
from tests.lab.scenarios.stage import Stage, scenario
from tests.lab.usbcam import jpegs

LOOK_S = 3.0
SOME = 5


@scenario("some pictures are cut short", quick=True, on_scene=True)
async def some_truncated(stage: Stage) -> None:
    """Those are left out and counted; the rest goes on."""
    scene, report = stage.scene, stage.report
    before = await rejected(scene.running)
    began_s = trio.current_time()
    scene.cam.tell(f"truncate {SOME}")
    await trio.sleep(LOOK_S)
    whole = set(jpegs.read(FRAMES, 320, 240))
    seen = [sight.payload for viewer in scene.viewers for sight in viewer.live(began_s)]
    broken = sum(payload not in whole for payload in seen)
    report.that("viewers get whole pictures only", broken == 0 < len(seen), f"{broken} broken of {len(seen)}")
    report.least("they are counted", await rejected(scene.running) - before, SOME)
    await still_live(report, scene.running)


def all_broken(name: str, command: str, *, quick: bool) -> None:
    """A scenario: nothing whole comes any more."""

    @scenario(name, quick=quick, on_scene=True)
    async def play(stage: Stage) -> None:
        scene, report = stage.scene, stage.report
        scene.cam.tell(command)
        await endings.in_reason(report, scene.running, "broken pictures")
        began_s = trio.current_time()
        scene.cam.tell("clear")
        await endings.in_picture(report, scene.socket, began_s)
        await scene.running.check_processes(report)


all_broken("all pictures are cut short", "truncate on", quick=True)
all_broken("pictures are garbage", "garbage on", quick=False)


@scenario("pictures have wrong bytes inside", quick=True, on_scene=True)
async def corrupt(stage: Stage) -> None:
    """The header is right: such a picture is shown with a smear, as every player does. The stream goes on."""
    scene, report = stage.scene, stage.report
    scene.cam.tell("corrupt on")
    began_s = await endings.pause(LOOK_S)
    for viewer in scene.viewers:
        sizes = {jpegs.size_of(sight.payload) for sight in viewer.live(began_s)}
        report.that(
            f"{viewer.name}: pictures go on", sizes == {(320, 240)}, f"{len(viewer.live(began_s))} in {LOOK_S:g} s"
        )
    await still_live(report, scene.running)


@scenario("half the promised rate", quick=True, on_scene=True)
async def half_rate(stage: Stage) -> None:
    """In dim light many cameras do that. It is live, and the page can tell the rate there is from the one promised."""
    scene, report = stage.scene, stage.report
    scene.cam.tell("slow 2")
    await trio.sleep(STEADY_S)
    began_s = await endings.pause(LOOK_S)
    rate = len(scene.socket.live(began_s)) / LOOK_S
    report.that("pictures come at the rate there is", 5 <= rate <= 9, f"{rate:.1f} a second of 15")
    told = float((await scene.running.stream())["captured_fps"])
    report.that("the rate is told", 5 <= told <= 9, f"{told:.1f}")
    await still_live(report, scene.running)


async def still_live(report: Report, running: Box) -> None:
    """Nobody was told otherwise."""
    state = await running.stream()
    report.that("the stream is live", state["status"] == "live", f"{state['status']}: {state['reason']}".rstrip(": "))


async def rejected(running: Box) -> float:
    """Pictures of the camera that were left out, as monitoring sees it."""
    text = await trio.to_thread.run_sync(running.text, "/metrics")
    return sum(float(line.split()[-1]) for line in text.splitlines() if "rejected" in line and not line.startswith("#"))
