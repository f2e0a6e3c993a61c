"""What a scenario plays on, and the list of all scenarios."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import tests.box.scenarios as folder_of_all
from tests.lab.scenarios.report import Report

Play: TypeAlias = Callable[["Stage"], None]


@dataclass(frozen=True)
class Stage:
    """One scenario's own."""

    report: Report
    folder: Path  # empty, and gone afterwards: for cards and boxes


@dataclass(frozen=True)
class Scenario:
    """A play with a name for people."""

    name: str
    play: Play


_ALL: dict[str, Scenario] = {}


def scenario(name: str) -> Callable[[Play], Play]:
    """For a function that plays one."""

    def register(play: Play) -> Play:
        _ALL[name] = Scenario(name, play)
        return play

    return register


def all_scenarios() -> dict[str, Scenario]:
    """Of every module beside this one, in the order of their names."""
    for module in sorted(each.name for each in pkgutil.iter_modules(folder_of_all.__path__)):
        importlib.import_module(f"{folder_of_all.__name__}.{module}")
    return dict(_ALL)
