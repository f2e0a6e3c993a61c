"""What a scenario found: one line for each thing it measured, with its bar and the verdict."""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

WIDEST = 60  # a cell of the table, in letters


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    scenario: str
    what: str
    measured: str
    bar: str
    met: bool


class Report:
    """Collects lines, prints them as they come, and keeps them for the host at the end."""

    def __init__(self, scenario: str, file: Path) -> None:
        self.scenario, self._file = scenario, file
        self.lines: list[Line] = []
        self.late = self.wrong = False  # was a time missed; was anything else?

    @property
    def missed(self) -> bool:
        """Was any bar missed?"""
        return self.late or self.wrong

    def within(self, what: str, seconds: float, bar_s: float, *, starts: int = 0) -> None:
        """A time and its bar. `starts`: so many times a Python has to start on the way, which the emulator makes longer."""
        allowed_s = starts * start_costs_s()
        in_guest = "LAB_START_OUTSIDE_S" in os.environ
        if starts and in_guest and seconds > bar_s + allowed_s:  # is the machine busier than when this was measured?
            allowed_s = starts * max(start_costs_s(), measured_start_costs_s())
        shown = f"{bar_s:g} s" + (f" + {allowed_s:.1f} s that the emulator needs to start Python" if starts else "")
        self._add(what, f"{seconds:.2f} s", f"<= {shown}", met=seconds <= bar_s + allowed_s, timing=True)

    def most(self, what: str, value: float, bar: float, unit: str = "") -> None:
        """A number that must not be larger."""
        self._add(what, f"{value:.4g}{unit}", f"<= {bar:.4g}{unit}", met=value <= bar)

    def least(self, what: str, value: float, bar: float, unit: str = "") -> None:
        """A number that must not be smaller."""
        self._add(what, f"{value:.4g}{unit}", f">= {bar:.4g}{unit}", met=value >= bar)

    def says(self, what: str, text: str, words: str) -> None:
        """A text that must hold `words`, or one of them where they are separated by a |."""
        held = any(word.lower() in text.lower() for word in words.split("|"))
        self._add(what, f"“{text}”", f"says “{words}”", met=held)

    def that(self, what: str, met: bool, measured: str = "") -> None:
        """Something that must be so."""
        self._add(what, measured or ("yes" if met else "no"), "yes", met=met)

    def left_out(self, why: str) -> None:
        """It was not played."""
        print(f"{self.scenario}: left out, {why}", flush=True)
        self.lines.append(Line(self.scenario, "not played", why, "", met=True))
        self.keep()

    def keep(self) -> None:
        """Write the lines to the file."""
        with self._file.open("a") as file:
            file.writelines(json.dumps(asdict(line)) + "\n" for line in self.lines)

    def _add(self, what: str, measured: str, bar: str, *, met: bool, timing: bool = False) -> None:
        self.lines.append(Line(self.scenario, what, measured, bar, met))
        self.late = self.late or (timing and not met)
        self.wrong = self.wrong or (not timing and not met)
        print(f"  {'ok  ' if met else 'MISS'} {what}: {measured} ({bar})", flush=True)


def start_costs_s() -> float:
    """How much longer than outside a Python with the camera libraries takes to start here, as measured before the scenarios."""
    return float(os.environ.get("LAB_START_COSTS_S", "0"))


def measured_start_costs_s() -> float:
    """The same, measured now: the best of two."""
    outside_s = float(os.environ.get("LAB_START_OUTSIDE_S", "0.3"))
    return max(0.0, min(_start_s() for _ in range(2)) - outside_s)


def _start_s() -> float:
    """Of a Python with the camera libraries, as a worker is one."""
    began_s = time.monotonic()
    subprocess.run([sys.executable, "-P", "-c", "import cv2, simplejpeg, appliance.cameras.worker"], check=True)
    return time.monotonic() - began_s


def table(lines: list[Line]) -> str:
    """For people: what was missed stands out."""
    rows = [("scenario", "what", "measured", "bar", "verdict")]
    rows += [(each.scenario, each.what, each.measured, each.bar, _verdict(each)) for each in lines]
    widths = [min(WIDEST, max(len(row[column]) for row in rows)) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(_cut(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _verdict(line: Line) -> str:
    if not line.bar:
        return "left out"
    return "ok" if line.met else "MISSED"


def _cut(cell: str) -> str:
    return cell if len(cell) <= WIDEST else cell[: WIDEST - 1] + "…"
