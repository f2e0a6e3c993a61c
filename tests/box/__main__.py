"""python -m tests.box [--list] [NAME...]: boots the image that `make image` made, plays the scenarios, prints what they measured.

As root, on a Debian host. A NAME may be the beginning of one. Exit status 1 when anything was missed.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.box.card import check_tools
from tests.box.places import CACHE, REPORT, BoxError, check_built
from tests.box.scenarios.stage import Scenario, Stage, all_scenarios
from tests.lab.scenarios.report import Line, Report, table

TRIES = 2


def main() -> int:
    """All of it."""
    parser = argparse.ArgumentParser(prog="box", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios to play; none: all")
    parser.add_argument("--list", action="store_true", help="say which there are")
    arguments = parser.parse_args()
    known = all_scenarios()
    if arguments.list:
        print(*known, sep="\n")
        return 0
    chosen = [each for each in known.values() if not arguments.names or each.name.startswith(tuple(arguments.names))]
    if unknown := [name for name in arguments.names if not any(each.startswith(name) for each in known)]:
        parser.error(f"no such scenario: {', '.join(unknown)}; there are: {', '.join(known)}")
    try:
        check_host()
    except BoxError as error:
        print(f"box: {error}", file=sys.stderr)
        return 1
    return play(chosen)


def check_host() -> None:
    """Raises BoxError that says what is missing."""
    missing = [tool for tool in ("qemu-system-x86_64",) if shutil.which(tool) is None] + check_tools()
    if missing:
        raise BoxError(f"{', '.join(missing)} missing; run: scripts/setup-image")
    check_built()


def play(scenarios: list[Scenario]) -> int:
    """One after another; exit status."""
    began_s = time.monotonic()
    REPORT.unlink(missing_ok=True)
    for each in scenarios:
        _one(each)
    lines = [Line(**json.loads(line)) for line in REPORT.read_text().splitlines()]
    print(f"\n{table(lines)}\n")
    missed = sum(not line.met for line in lines)
    print(f"{len(lines)} measured, {missed} missed, {time.monotonic() - began_s:.0f} s. Kept in {REPORT}")
    return 1 if missed or not lines else 0


def _one(scenario: Scenario) -> None:
    """Who was only late is tried again: this machine has other work, too. What is wrong stays wrong."""
    for attempt in range(TRIES):
        report = Report(scenario.name + (f" (try {attempt + 1})" if attempt else ""), REPORT)
        _played(scenario, report)
        if not report.late or report.wrong:
            break
    report.keep()


def _played(scenario: Scenario, report: Report) -> None:
    """A scenario that fails is a line of the report, and the next one goes on."""
    print(f"{report.scenario}:", flush=True)
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="box-", dir=CACHE) as folder:
        try:
            scenario.play(Stage(report, Path(folder)))
        except Exception as error:
            traceback.print_exc(file=sys.stdout)
            report.that("the scenario ran to its end", False, f"{type(error).__name__} {error}")
    print(f"  {time.monotonic() - began_s:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
