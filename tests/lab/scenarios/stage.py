"""What a scenario plays on: a folder, test pictures, and its report; and the list of all scenarios."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tests.lab.scenarios.report import Report

FRAMES = Path("/host/frames")  # made outside, where it is quicker
SMALL = ("--frames", str(FRAMES), "--sizes", "320x240", "--fps", "15,30", "--formats", "mjpeg")


@dataclass(frozen=True)
class Stage:
    """One scenario's."""

    report: Report
    folder: Path
    quick: bool  # fewer rounds


Play: TypeAlias = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """A play and how long it may take before it counts as hung."""

    name: str
    play: Play
    quick: bool
    patience_s: float


ALL: dict[str, Scenario] = {}


def scenario(name: str, *, quick: bool = False, patience_s: float = 120) -> Callable[[Play], Play]:
    """Put a function on the list. `quick`: part of what CI runs."""

    def add(play: Play) -> Play:
        ALL[name] = Scenario(name, play, quick, patience_s)
        return play

    return add
