"""Unplugged and plugged in again, while people watch."""

import os
from dataclasses import dataclass, field

import trio

from tests.lab.scenarios.box import Box, box, camera
from tests.lab.scenarios.live import settled
from tests.lab.scenarios.stage import SMALL, Stage, scenario
from tests.lab.scenarios.watching import Viewer, all_see, watching
from tests.lab.usbcam import remote
from tests.lab.usbcam.remote import Remote

TOLD_WITHIN_S = 2.0
BACK_WITHIN_S = 3.0
PATIENCE_S = 15.0
MOST_GROWTH_KIB = 2048
WITH_CONTROLS = os.environ.get("LAB_CONTROLS", "") != ""  # once /api/streams/{id}/controls is there
BRIGHTNESS = 21


@dataclass
class Times:
    """Of all rounds."""

    told_s: list[float] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)
    controls_kept: int = 0


@scenario("unplugged and back", quick=True, patience_s=1500)
async def unplugged(stage: Stage) -> None:
    """Three viewers on their open connections, through many rounds."""
    rounds = 3 if stage.quick else 50
    with remote.camera("SN1", *SMALL) as cam, box(stage.folder, camera("front", f"usb:{cam.link()}")) as running:
        async with watching(running.url) as viewers:
            await settled(viewers)
            if WITH_CONTROLS:
                path = "/api/streams/front/controls"
                status, _ = await trio.to_thread.run_sync(running.api, path, "PATCH", {"brightness": BRIGHTNESS})
                stage.report.that("a control is set over REST", status == 200, str(status))
            times = Times()
            await one_round(cam, viewers, times)  # what is loaded once is loaded
            before = running.rss_kib(), running.descriptors(), len(running.workers())
            for _ in range(rounds - 1):
                await one_round(cam, viewers, times)
            after = running.rss_kib(), running.descriptors(), len(running.workers())
            say_times(stage, times, rounds)
            say_growth(stage, before, after)
            stage.report.that("all three are on the connection they made", not any(each.ended for each in viewers))
            stage.report.says("what they were told", all_words(viewers), "unplugged")
            await running.check_processes(stage.report)


async def one_round(cam: Remote, viewers: list[Viewer], times: Times) -> None:
    """Out, seen, in, live, and steady for a moment."""
    began_s = trio.current_time()
    cam.tell("unplug")
    times.told_s.append(await all_see(viewers, "placeholder", began_s, PATIENCE_S))
    began_s = trio.current_time()
    cam.tell("plug")
    times.back_s.append(await all_see(viewers, "live", began_s, PATIENCE_S))
    if WITH_CONTROLS:
        times.controls_kept += cam.status()["controls"]["brightness"] == BRIGHTNESS
    await trio.sleep(2.2)  # a camera that lived for so long is restarted without a longer wait


def say_times(stage: Stage, times: Times, rounds: int) -> None:
    """The worst of all rounds against the bars."""
    report = stage.report
    report.within(f"placeholder on all three, worst of {rounds}", max(times.told_s), TOLD_WITHIN_S, starts=1)
    report.within(f"placeholder on all three, median of {rounds}", median(times.told_s), TOLD_WITHIN_S)
    report.within(f"live on all three, worst of {rounds}", max(times.back_s), BACK_WITHIN_S, starts=1)
    report.within(f"live on all three, median of {rounds}", median(times.back_s), BACK_WITHIN_S, starts=1)
    if WITH_CONTROLS:
        report.least("rounds after which the control was set again", times.controls_kept, rounds)


def say_growth(stage: Stage, before: tuple[int, int, int], after: tuple[int, int, int]) -> None:
    """What the rounds left behind."""
    report = stage.report
    report.most("memory of the server grew by", after[0] - before[0], MOST_GROWTH_KIB, " KiB")
    report.most("open files of the server", after[1], before[1] + 2)
    report.most("workers", after[2], before[2])


def all_words(viewers: list[Viewer]) -> str:
    """Everything different that they were told."""
    return "; ".join(sorted({sight.words for viewer in viewers for sight in viewer.seen if sight.kind == "told"}))


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


async def ends_in_reason(stage: Stage, running: Box, words: str, within_s: float = 5.0) -> None:
    """The stream is offline with a reason that holds one of `words`, soon enough."""
    took_s, reason = await running.until("offline", PATIENCE_S, words=words)
    stage.report.within("a reason is shown", took_s, within_s)
    stage.report.says("the reason", reason, words)


async def ends_in_picture(stage: Stage, viewer: Viewer, since_s: float, within_s: float = 5.0, starts: int = 1) -> None:
    """A picture is back soon enough."""
    took_s = await viewer.until("live", since_s, PATIENCE_S)
    stage.report.within("a picture is back", took_s, within_s, starts=starts)
