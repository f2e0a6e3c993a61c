"""Where in a TOML file a key stands, which `tomllib` knows and does not tell.

A file is cut into statements by asking `tomllib` itself: the fewest lines that it can read are one. So the two never disagree about where
a string or a list ends.
"""

import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
Table = dict[str, Any]
MOST_LINES = 200  # of one statement; a longer one is not found, and has no line then


class Statement(NamedTuple):
    """A header or a key with its value; lines count from 0, and `end` is the line behind it."""

    begin: int
    end: int
    table: Path  # where its keys belong; of a header, what it opens
    values: Table  # what it says there; nothing for a header

    @property
    def paths(self) -> list[Path]:
        """Every key it sets, those of tables inside too."""
        return list(paths(self.values, self.table))


def statements(text: str) -> list[Statement]:
    """Those of a `text` that is good TOML."""
    lines = text.split("\n")
    found: list[Statement] = []
    counts: dict[Path, int] = {}
    table: Path = ()
    at = 0
    while at < len(lines):
        end, values = _read(lines, at)
        if lines[at].lstrip().startswith("["):
            table = _opened(values, counts, double=lines[at].lstrip().startswith("[["))
            values = {}
            found.append(Statement(at, end, table, values))
        elif values:
            found.append(Statement(at, end, table, values))
        at = end
    return found


def line_of(path: Path, found: list[Statement]) -> int | None:
    """The line, counted from 1, of a key; of one that is missing, that of the table where it should be."""
    lines: dict[Path, int] = {}
    for statement in found:
        opened = [statement.table[:size] for size in range(1, len(statement.table) + 1)]
        for each in [*statement.paths, *opened]:
            lines.setdefault(each, statement.begin + 1)
    return next((lines[path[:size]] for size in range(len(path), 0, -1) if path[:size] in lines), None)


def paths(value: object, at: Path) -> Iterator[Path]:
    """The paths of everything inside a table or list."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*at, key)
        yield from paths(each, (*at, key))


def _read(lines: list[str], begin: int) -> tuple[int, Table]:
    for end in range(begin + 1, min(begin + MOST_LINES, len(lines)) + 1):
        try:
            return end, tomllib.loads("\n".join(lines[begin:end]).removesuffix("\r"))
        except ValueError:
            continue
    return begin + 1, {}


def _opened(values: Table, counts: dict[Path, int], *, double: bool) -> Path:
    """The path that a header opens: of a list of tables, that of its newest."""
    path: Path = ()
    inside: object = values
    while isinstance(inside, dict) and inside:
        (key, inside), *_ = inside.items()
        path = (*path, key)
        last = not inside or isinstance(inside, list)
        if last and double:
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = (*path, counts[path] - 1)
    return path
