"""python -m tests.lab.scenarios NAME...: play these, in the guest. Lines of the report go to /host/report.jsonl as well."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import trio

from tests.lab.scenarios import plays
from tests.lab.scenarios.report import Report
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
    return 1 if sum(not _played(each, arguments.quick) for each in chosen) else 0


def _played(scenario: Scenario, quick: bool) -> bool:
    print(f"{scenario.name}:", flush=True)
    report = Report(scenario.name, REPORT)
    folder = Path(tempfile.mkdtemp(prefix="lab-"))
    folder.chmod(0o755)
    began_s = time.monotonic()
    try:
        trio.run(_with_patience, scenario, Stage(report, folder, quick))
    except Exception:
        traceback.print_exc(file=sys.stdout)
        report.that("the scenario ran to its end", False, traceback.format_exc().strip().splitlines()[-1][:100])
    shutil.rmtree(folder, ignore_errors=True)
    print(f"  {time.monotonic() - began_s:.0f} s", flush=True)
    return all(line.met for line in report.lines)


async def _with_patience(scenario: Scenario, stage: Stage) -> None:
    with trio.fail_after(scenario.patience_s):
        await scenario.play(stage)


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
