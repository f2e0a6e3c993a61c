"""Secrets out of a TOML text, and everything else left as its owner wrote it."""

import tomllib
from typing import Any

import tomlkit

from appliance.first_boot.places import Path, Table, statements

GONE = "applied and removed"
LEAST_TO_SEEK = 8  # shorter ones stand in half of all words


def without(text: str, secrets: set[Path]) -> str:
    """`text`, which is good TOML, without the keys in `secrets`; a comment stands where each was.

    When that cannot be done by lines, the file is written anew without its comments: what matters is that the secret is gone.
    """
    raw = tomllib.loads(text)
    values = [value for path in secrets if isinstance(value := _at(raw, path), str)]
    wanted = _pruned(raw, (), secrets)
    result = _comments_without(_lines_without(text, secrets), values)
    if _reads(result) == _filled(wanted) and not any(_seen(value, result) for value in values):
        return result
    return f"# Written anew, because a password stood between the lines: {GONE}.\n{tomlkit.dumps(wanted)}"


def _lines_without(text: str, secrets: set[Path]) -> str:
    lines = text.split("\n")
    for statement in reversed(statements(text)):
        gone = [path for path in statement.paths if path in secrets]
        if gone:
            end = "\r" if lines[statement.end - 1].endswith("\r") else ""
            rest = tomlkit.dumps(_inline(_filled(_pruned(statement.values, statement.table, secrets)))).splitlines()
            said = [*rest, *(f"# {path[-1]}: {GONE}" for path in gone)]
            lines[statement.begin : statement.end] = [f"{line}{end}" for line in said]
    return "\n".join(lines)


def _comments_without(text: str, values: list[str]) -> str:
    """A copy in a comment is as readable as the original."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#") and any(_seen(value, line) for value in values):
            lines[number] = f"# {GONE}" + ("\r" if line.endswith("\r") else "")
    return "\n".join(lines)


def _seen(value: str, text: str) -> bool:
    return len(value) >= LEAST_TO_SEEK and value in text


def _reads(text: str) -> Table | None:
    try:
        return _filled(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return None


def _pruned(table: Table, at: Path, secrets: set[Path]) -> Table:
    kept = {key: value for key, value in table.items() if (*at, key) not in secrets}
    return {
        key: _pruned(value, (*at, key), secrets) if isinstance(value, dict) else value for key, value in kept.items()
    }


def _filled(table: Table) -> Table:
    """Without tables that hold nothing: `wifi.password` leaves none behind, `[wifi]` does, which is the same to us."""
    filled = {key: _filled(value) if isinstance(value, dict) else value for key, value in table.items()}
    return {key: value for key, value in filled.items() if value != {}}


def _inline(table: Table) -> Table:
    """Tables inside as `{ … }`, so that what was one statement stays one and opens no table."""
    made: Table = {}
    for key, value in table.items():
        made[key] = value
        if isinstance(value, dict):
            made[key] = tomlkit.inline_table()
            made[key].update(_inline(value))
    return made


def _at(value: Any, path: Path) -> object:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return value
