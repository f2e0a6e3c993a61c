"""Pictures that are not whole, or fewer than promised."""

import trio

from tests.lab.scenarios.box import Box, box, camera
from tests.lab.scenarios.live import settled
from tests.lab.scenarios.stage import FRAMES, SMALL, Stage, scenario
from tests.lab.scenarios.unplugged import ends_in_picture, ends_in_reason
from tests.lab.scenarios.watching import watching
from tests.lab.usbcam import jpegs, remote

LOOK_S = 3.0
SOME = 5


@scenario("some pictures are cut short", quick=True)
async def some_truncated(stage: Stage) -> None:
    """Those are left out and counted; the rest goes on."""
    with remote.camera("SN1", *SMALL) as cam, box(stage.folder, camera("front", f"usb:{cam.link()}")) as running:
        async with watching(running.url) as viewers:
            await settled(viewers)
            began_s = trio.current_time()
            cam.tell(f"truncate {SOME}")
            await trio.sleep(LOOK_S)
            whole = set(jpegs.read(FRAMES, 320, 240))
            seen = [sight.payload for viewer in viewers for sight in viewer.live(began_s)]
            broken = sum(payload not in whole for payload in seen)
            stage.report.that("viewers get whole pictures only", broken == 0, f"{broken} broken of {len(seen)}")
            await say_rejected(stage, running, SOME)
            status = (await running.stream())["status"]
            stage.report.that("the stream stays live", status == "live", status)
            await running.check_processes(stage.report)


@scenario("all pictures are cut short", quick=True)
async def all_truncated(stage: Stage) -> None:
    with remote.camera("SN1", *SMALL) as cam, box(stage.folder, camera("front", f"usb:{cam.link()}")) as running:
        async with watching(running.url) as viewers:
            await settled(viewers)
            cam.tell("truncate on")
            await ends_in_reason(stage, running, "broken pictures")
            began_s = trio.current_time()
            cam.tell("clear")
            await ends_in_picture(stage, viewers[1], began_s)
            await running.check_processes(stage.report)


@scenario("pictures are garbage", quick=True)
async def garbage(stage: Stage) -> None:
    with remote.camera("SN1", *SMALL) as cam, box(stage.folder, camera("front", f"usb:{cam.link()}")) as running:
        async with watching(running.url) as viewers:
            await settled(viewers)
            cam.tell("garbage on")
            await ends_in_reason(stage, running, "broken pictures")
            began_s = trio.current_time()
            cam.tell("clear")
            await ends_in_picture(stage, viewers[1], began_s)


@scenario("pictures have wrong bytes inside", quick=True)
async def corrupt(stage: Stage) -> None:
    """The header is right: such a picture is shown with a smear, as every player does. The stream goes on."""
    with remote.camera("SN1", *SMALL) as cam, box(stage.folder, camera("front", f"usb:{cam.link()}")) as running:
        async with watching(running.url) as viewers:
            await settled(viewers)
            began_s = trio.current_time()
            cam.tell("corrupt on")
            await trio.sleep(LOOK_S)
            for viewer in viewers:
                sizes = {jpegs.size_of(sight.payload) for sight in viewer.live(began_s)}
                stage.report.that(
                    f"{viewer.name}: pictures go on", sizes <= {(320, 240)}, f"{len(viewer.live(began_s))}"
                )
            state = await running.stream()
            shown = f"{state['status']}: {state['reason']}"
            stage.report.that("a picture or a true reason", state["status"] == "live" or "broken" in shown, shown)
            cam.tell("clear")
            await ends_in_picture(stage, viewers[1], trio.current_time())
            await running.check_processes(stage.report)


@scenario("half the promised rate", quick=True)
async def half_rate(stage: Stage) -> None:
    """In dim light many cameras do that. It is live, and the page can tell the rate there is from the one promised."""
    with remote.camera("SN1", *SMALL) as cam, box(stage.folder, camera("front", f"usb:{cam.link()}")) as running:
        async with watching(running.url) as viewers:
            await settled(viewers)
            cam.tell("slow 2")
            await trio.sleep(2)
            began_s = trio.current_time()
            await trio.sleep(LOOK_S)
            rate = len(viewers[1].live(began_s)) / LOOK_S
            stage.report.that("pictures come at the rate there is", 5 <= rate <= 9, f"{rate:.1f} a second of 15")
            state = await running.stream()
            stage.report.that("the stream is live", state["status"] == "live", state["status"])
            measured = state.get("measured", state)
            stage.report.that("the measured rate is told", 5 <= float(measured["fps"]) <= 9, str(measured["fps"]))
            await running.check_processes(stage.report)


async def say_rejected(stage: Stage, running: Box, least: int) -> None:
    """What was left out was counted."""
    _, status = await trio.to_thread.run_sync(running.api, "/api/status")
    rejected = next(each for each in status["streams"] if each["id"] == "front")
    count = next((value for key, value in rejected.items() if "rejected" in key), None)
    stage.report.that("they are counted", count is not None and count >= least, f"{count}")
