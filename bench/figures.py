"""Bars, and the figures that meet or miss them."""

from collections.abc import Iterable
from typing import NamedTuple


class Bar(NamedTuple):
    """What has to be reached. `limit` is in `unit`; a bar without one is for comparison only."""

    what: str
    unit: str = ""
    limit: float | None = None
    at_least: bool = False

    def __str__(self) -> str:
        if self.limit is None:
            return ""
        return f"{'>=' if self.at_least else '<='} {self.limit:g}{self.spaced_unit}"

    @property
    def spaced_unit(self) -> str:
        """The unit as it follows a number."""
        return f" {self.unit}" if self.unit else ""

    def met_by(self, value: float) -> bool:
        """Whether `value` reaches it; exactly, nothing is rounded."""
        assert self.limit is not None
        return value >= self.limit if self.at_least else value <= self.limit


class Figure(NamedTuple):
    """One row: a bar, what was measured, and the same of the kernel floor and of ustreamer. Without `ours`: `note` says why."""

    bar: Bar
    ours: float | None = None
    floor: float | None = None
    ustreamer: float | None = None
    note: str = ""
    details: dict[str, object] = {}  # noqa: RUF012 - of a tuple, and never written to

    @property
    def verdict(self) -> str:
        """met, missed, not run; nothing where there is no bar."""
        if self.ours is None:
            return "not run"
        if self.bar.limit is None:
            return ""
        return "met" if self.bar.met_by(self.ours) else "missed"

    def as_json(self, measurement: str) -> dict[str, object]:
        """The row for programs."""
        bar = self.bar
        return {
            "measurement": measurement,
            "what": bar.what,
            "unit": bar.unit,
            "ours": self.ours,
            "bar": bar.limit,
            "at_least": bar.at_least,
            "floor": self.floor,
            "ustreamer": self.ustreamer,
            "verdict": self.verdict,
            "note": self.note,
            "details": self.details,
        }


class NotRunError(Exception):
    """A measurement cannot be made here; `str()` is the reason people are shown."""


def number(value: float | None) -> str:
    """With the digits that matter, and no more: 0.284, 3.27, 29.9, 1312. Nothing is rounded to a better looking integer."""
    if value is None:
        return ""
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return f"{value:.{digits}f}"


def not_run(bars: Iterable[Bar], reason: str) -> list[Figure]:
    """These bars, with the reason why nothing stands beside them."""
    return [Figure(bar, note=reason) for bar in bars]
