"""python -m tests.lab.scenarios NAME...: play these, in the guest. Lines of the report go to /host/report.jsonl as well."""

import argparse
import itertools
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trio

from tests.lab.scenarios import plays
from tests.lab.scenarios.report import Report, measured_start_costs_s
from tests.lab.scenarios.scene import Scene, scene
from tests.lab.scenarios.stage import Scenario, Stage

REPORT = Path("/host/report.jsonl")
TRIES = 2


def main() -> int:
    """Play; exit status 1 when anything was missed."""
    parser = argparse.ArgumentParser(prog="scenarios")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(plays.ALL)}; none: all")
    parser.add_argument("--quick", action="store_true", help="only those that CI runs, with fewer rounds")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in plays.ALL]:
        parser.error(f"no such scenario: {', '.join(unknown)}; there are: {', '.join(plays.ALL)}")
    chosen = [plays.ALL[name] for name in arguments.names] or [
        each for each in plays.ALL.values() if each.quick or not arguments.quick
    ]
    costs_s = measured_start_costs_s()
    os.environ["LAB_START_COSTS_S"] = str(costs_s)
    print(f"a Python with the camera libraries takes {costs_s:.1f} s longer to start than outside", flush=True)
    chosen.sort(key=lambda each: not each.on_scene)  # those first that share a scene, so that it is set up once
    missed = 0
    for on_scene, some in itertools.groupby(chosen, key=lambda each: each.on_scene):
        play = _played_on_scene if on_scene else _played_alone
        missed += play(list(some), quick=arguments.quick)
    return 1 if missed else 0


def _played_alone(scenarios: list[Scenario], *, quick: bool) -> int:
    """Each sets up its own; how many missed a bar."""
    reports = []
    for each in scenarios:
        reports.append(trio.run(_with_tries, each, quick, None))
    return sum(report.missed for report in reports)


def _played_on_scene(scenarios: list[Scenario], *, quick: bool) -> int:
    """One after another with the same camera, box and viewers; how many missed a bar."""
    reports: list[Report] = []
    with _folder() as folder:
        try:
            trio.run(_in_turn, scenarios, folder, quick, reports)
        except Exception as error:
            report = Report("a live camera with three viewers", REPORT)
            report.that("it could be set up, and got well after each fault", False, _told(error))
            report.keep()
            reports.append(report)
    return sum(report.missed for report in reports)


async def _in_turn(scenarios: list[Scenario], folder: Path, quick: bool, reports: list[Report]) -> None:
    async with scene(folder) as shared:
        for each in scenarios:
            reports.append(await _with_tries(each, quick, shared))


async def _with_tries(scenario: Scenario, quick: bool, shared: Scene | None) -> Report:
    """Who was only late is tried again: this machine has other work, too. What is wrong stays wrong."""
    if time.time() > float(os.environ.get("LAB_UNTIL", "inf")):
        report = Report(scenario.name, REPORT)
        report.left_out("the time for a quick round was over")
        return report
    for attempt in range(TRIES):
        report = Report(scenario.name + (f" (try {attempt + 1})" if attempt else ""), REPORT)
        with _folder() as folder:
            await _one(scenario, Stage(report, folder, quick, shared))
        if shared is not None:
            await shared.well_again()
        if not report.late or report.wrong:
            break
    report.keep()
    return report


async def _one(scenario: Scenario, stage: Stage) -> None:
    """A scenario that fails is a line of the report, and the next one goes on."""
    print(f"{scenario.name}:", flush=True)
    began_s = time.monotonic()
    try:
        with trio.fail_after(scenario.patience_s):
            await scenario.play(stage)
    except Exception as error:
        stage.report.that("the scenario ran to its end", False, _told(error))
    print(f"  {time.monotonic() - began_s:.0f} s", flush=True)


def _told(error: BaseException) -> str:
    """What went wrong, without the nurseries around it; where, is printed."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    traceback.print_tb(error.__traceback__, file=sys.stdout)
    return f"{type(error).__name__} {error}"


@contextmanager
def _folder() -> Iterator[Path]:
    """An empty one, which other users may read."""
    with tempfile.TemporaryDirectory(prefix="lab-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


if __name__ == "__main__":
    sys.exit(main())
