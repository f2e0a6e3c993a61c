"""What a scenario plays on, and the list of all scenarios."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tests.lab.scenarios.report import Report
from tests.lab.scenarios.scene import Scene


@dataclass(frozen=True)
class Stage:
    """One scenario's own."""

    report: Report
    folder: Path
    quick: bool  # fewer rounds
    shared: Scene | None = None

    @property
    def scene(self) -> Scene:
        """A live camera with viewers, for those that said `on_scene`."""
        assert self.shared is not None, "this scenario sets up its own"
        return self.shared


Play: TypeAlias = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """A play and how long it may take before it counts as hung."""

    name: str
    play: Play
    quick: bool
    on_scene: bool
    patience_s: float


ALL: dict[str, Scenario] = {}


def scenario(
    name: str, *, quick: bool = False, on_scene: bool = False, patience_s: float = 120
) -> Callable[[Play], Play]:
    """Put a function on the list. `quick`: CI runs it. `on_scene`: it finds a live camera with three viewers, and leaves it alive."""

    def add(play: Play) -> Play:
        ALL[name] = Scenario(name, play, quick, on_scene, patience_s)
        return play

    return add
