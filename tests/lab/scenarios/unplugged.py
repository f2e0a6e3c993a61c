"""Unplugged and plugged in again, while people watch."""

from dataclasses import dataclass, field

import trio

from tests.lab.scenarios.scene import STEADY_S, Scene
from tests.lab.scenarios.stage import Stage, scenario
from tests.lab.scenarios.watching import Viewer, all_see

TOLD_WITHIN_S = 2.0
BACK_WITHIN_S = 3.0
PATIENCE_S = 15.0
MOST_GROWTH_KIB = 2048
BRIGHTNESS = 21


@dataclass
class Times:
    """Of all rounds."""

    told_s: list[float] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)
    controls_kept: int = 0


@scenario("unplugged and back", quick=True, on_scene=True, patience_s=2400)
async def unplugged(stage: Stage) -> None:
    """Three viewers on their open connections, through many rounds."""
    scene, report, rounds = stage.scene, stage.report, 3 if stage.quick else 50
    cam, running, viewers = scene.cam, scene.running, scene.viewers
    path = "/api/streams/front/controls"
    status, _ = await trio.to_thread.run_sync(running.api, path, "PATCH", {"brightness": BRIGHTNESS})
    report.that("a control is set over REST", status == 200, str(status))
    times = Times()
    await one_round(scene, times)  # what is loaded once is loaded
    before = running.rss_kib(), running.descriptors(), len(running.workers())
    for _ in range(rounds - 1):
        await one_round(scene, times)
    after = running.rss_kib(), running.descriptors(), len(running.workers())
    say_times(stage, times, rounds)
    say_growth(stage, before, after)
    report.that("all three are on the connection they made", not any(each.ended for each in viewers))
    report.says("what they were told", all_words(viewers), "unplugged")
    report.that("the camera is in its place", cam.status()["plugged"])
    await running.check_processes(report)


async def one_round(scene: Scene, times: Times) -> None:
    """Out, seen, in, live, and steady for a moment."""
    began_s = trio.current_time()
    scene.cam.tell("unplug")
    times.told_s.append(await all_see(scene.viewers, "placeholder", began_s, PATIENCE_S))
    began_s = trio.current_time()
    scene.cam.tell("plug")
    times.back_s.append(await all_see(scene.viewers, "live", began_s, PATIENCE_S))
    times.controls_kept += scene.cam.status()["controls"]["brightness"] == BRIGHTNESS
    await trio.sleep(STEADY_S)


def say_times(stage: Stage, times: Times, rounds: int) -> None:
    """The worst of all rounds against the bars."""
    report = stage.report
    report.within(f"placeholder on all three, worst of {rounds}", max(times.told_s), TOLD_WITHIN_S, starts=1)
    report.within(f"placeholder on all three, median of {rounds}", median(times.told_s), TOLD_WITHIN_S)
    report.within(f"live on all three, worst of {rounds}", max(times.back_s), BACK_WITHIN_S, starts=1)
    report.within(f"live on all three, median of {rounds}", median(times.back_s), BACK_WITHIN_S, starts=1)
    report.least("rounds after which the control was set again", times.controls_kept, rounds)


def say_growth(stage: Stage, before: tuple[int, int, int], after: tuple[int, int, int]) -> None:
    """What the rounds left behind."""
    report = stage.report
    report.most("memory of the server grew by", after[0] - before[0], MOST_GROWTH_KIB, " KiB")
    report.most("open files of the server", after[1], before[1] + 2)
    report.most("workers", after[2], before[2])


def all_words(viewers: list[Viewer]) -> str:
    """Everything different that they were told."""
    told = {sight.words for viewer in viewers for sight in viewer.seen if sight.kind == "told"}
    return "; ".join(sorted(words for words in told if words.startswith("offline")))


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
