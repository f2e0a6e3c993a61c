"""python -m tests.lab.scenarios NAME...: play these, in the guest. Lines of the report go to /host/report.jsonl as well."""

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trio

from tests.lab.scenarios import plays
from tests.lab.scenarios.report import Report
from tests.lab.scenarios.scene import scene
from tests.lab.scenarios.stage import Scenario, Stage

REPORT = Path("/host/report.jsonl")


def main() -> int:
    """Play; exit status 1 when anything was missed."""
    parser = argparse.ArgumentParser(prog="scenarios")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(plays.ALL)}; none: all")
    parser.add_argument("--quick", action="store_true", help="only those that CI runs, with fewer rounds")
    arguments = parser.parse_args()
    chosen = [plays.ALL[name] for name in arguments.names] or [
        each for each in plays.ALL.values() if each.quick or not arguments.quick
    ]
    os.environ["LAB_START_COSTS_S"] = str(_start_costs_s())
    missed = 0
    for on_scene, some in itertools.groupby(chosen, key=lambda each: each.on_scene):
        play = _played_on_scene if on_scene else _played_alone
        missed += play(list(some), quick=arguments.quick)
    return 1 if missed else 0


def _played_alone(scenarios: list[Scenario], *, quick: bool) -> int:
    """Each sets up its own; how many missed a bar."""
    reports = []
    for each in scenarios:
        with _folder() as folder:
            stage = Stage(Report(each.name, REPORT), folder, quick)
            reports.append(stage.report)
            trio.run(_one, each, stage)
    return sum(report.missed for report in reports)


def _played_on_scene(scenarios: list[Scenario], *, quick: bool) -> int:
    """One after another with the same camera, box and viewers; how many missed a bar."""
    reports: list[Report] = []
    with _folder() as folder:
        try:
            trio.run(_in_turn, scenarios, folder, quick, reports)
        except Exception as error:
            traceback.print_exc(file=sys.stdout)
            report = Report("a live camera with three viewers", REPORT)
            report.that("it could be set up, and got well after each fault", False, repr(error)[:100])
            reports.append(report)
    return sum(report.missed for report in reports)


async def _in_turn(scenarios: list[Scenario], folder: Path, quick: bool, reports: list[Report]) -> None:
    async with scene(folder) as shared:
        for each in scenarios:
            stage = Stage(Report(each.name, REPORT), folder, quick, shared)
            reports.append(stage.report)
            await _one(each, stage)
            await shared.well_again()


async def _one(scenario: Scenario, stage: Stage) -> None:
    """A scenario that fails is a line of the report, and the next one goes on."""
    print(f"{scenario.name}:", flush=True)
    began_s = time.monotonic()
    try:
        with trio.fail_after(scenario.patience_s):
            await scenario.play(stage)
    except Exception as error:
        traceback.print_exc(file=sys.stdout)
        stage.report.that("the scenario ran to its end", False, repr(error)[:100])
    print(f"  {time.monotonic() - began_s:.0f} s", flush=True)


@contextmanager
def _folder() -> Iterator[Path]:
    """An empty one, which other users may read."""
    with tempfile.TemporaryDirectory(prefix="lab-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def _start_costs_s() -> float:
    """What a worker's start costs here, beyond what it costs outside (which the host measured)."""
    outside_s = float(os.environ.get("LAB_START_OUTSIDE_S", "0.3"))
    here_s = min(start_s() for _ in range(3))
    print(f"starting Python with the camera libraries takes {here_s:.2f} s here, {outside_s:.2f} s outside", flush=True)
    return max(0.0, here_s - outside_s)


def start_s() -> float:
    """Of a Python with the camera libraries, as a worker is one."""
    began_s = time.monotonic()
    subprocess.run([sys.executable, "-P", "-c", "import cv2, simplejpeg, appliance.cameras.worker"], check=True)
    return time.monotonic() - began_s


if __name__ == "__main__":
    sys.exit(main())
