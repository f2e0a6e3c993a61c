"""Every bar of the design that runs on one machine, measured in one run.

python -m bench [cpu crowd latency links strain small] [--quick] [--json FILE] [--viewers N] [--seconds S]
"""

import argparse
import json
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from bench import cpu, crowd, latency, links, machine, small, strain
from bench.figures import Figure, NotRunError, not_run
from bench.table import table, tally
from bench.workbench import Workbench

MEASUREMENTS: dict[str, ModuleType] = {each.NAME: each for each in (cpu, crowd, latency, links, strain, small)}


def main(words: Sequence[str] | None = None) -> int:
    """Command line. Exit status 0: everything was measured (missed or not); 1: something could not be."""
    parser = _parser()
    arguments = parser.parse_args(words)
    if strange := set(arguments.measurements) - set(MEASUREMENTS):
        parser.error(f"there is no measurement {min(strange)!r}; there are {', '.join(MEASUREMENTS)}")
    signal.signal(signal.SIGTERM, _leave)  # so that namespaces and processes are removed then, too
    seen, began_s = machine.describe(), time.monotonic()
    measured: dict[str, list[Figure]] = {}
    others: dict[str, float] = {}
    broken = False
    with tempfile.TemporaryDirectory(prefix="camera-bench-") as folder:
        bench = Workbench.set_up(
            Path(folder), quick=arguments.quick, viewers=arguments.viewers, window_s=arguments.seconds
        )
        for name, measurement in MEASUREMENTS.items():
            if name in (arguments.measurements or MEASUREMENTS):
                print(f"{name} …", file=sys.stderr, flush=True)
                others[name] = machine.others_busy()
                measured[name], failed = run(measurement, bench)
                broken = broken or failed
            else:
                measured[name] = not_run(measurement.BARS, "not asked for")
    seconds = time.monotonic() - began_s
    print(f"{machine.sentence(seen)}\n\n{table(measured, others)}\n\n{tally(measured)}; {seconds:.0f} s")
    if arguments.json:
        arguments.json.write_text(
            json.dumps(as_json({**seen, "others_busy": others}, measured, seconds, arguments.quick), indent=1) + "\n"
        )
    return int(broken)


def run(measurement: ModuleType, bench: Workbench) -> tuple[list[Figure], bool]:
    """A measurement's figures, and whether it broke. A bar without a figure says why; the others are measured all the same."""
    figures: list[Figure] = []
    reason, broken = "no figure came of it", False
    try:
        figures.extend(measurement.measure(bench))
    except NotRunError as error:
        reason = str(error)
    except Exception as error:  # whatever it is, the other measurements are made all the same
        traceback.print_exc()
        reason, broken = f"failed: {error}".partition("\n")[0], True
    missing = [bar for bar in measurement.BARS if bar not in {figure.bar for figure in figures}]
    return figures + not_run(missing, reason), broken


def as_json(
    seen: dict[str, object], measured: dict[str, list[Figure]], seconds: float, quick: bool
) -> dict[str, object]:
    """The run for programs."""
    figures = [figure.as_json(name) for name, figures in measured.items() for figure in figures]
    return {"machine": seen, "quick": quick, "seconds": round(seconds, 1), "figures": figures}


def _leave(number: int, _: object) -> None:
    sys.exit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure this box, beside what it is held to.")
    parser.add_argument("measurements", nargs="*", metavar="measurement", help=", ".join(MEASUREMENTS))
    parser.add_argument("--quick", action="store_true", help="shorter windows: a look, not a measurement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there, too")
    parser.add_argument("--viewers", type=int, metavar="N", help="of cpu and crowd, instead of 100 and 300")
    parser.add_argument("--seconds", type=float, metavar="S", help="of a window, instead of each measurement's own")
    return parser


if __name__ == "__main__":
    sys.exit(main())
