"""Changes laid over a configuration file, so that its comments and everything else in it stay.

Rule 1: what comes out means what was asked for, or is written anew without comments: `tomllib` reads it again and compares.
"""

import tomllib
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from appliance.config.load import loads

Table = dict[str, Any]


def laid_over(text: str, changes: Table, name: str = "appliance.toml") -> str:
    """`text` with `changes`: tables are joined key by key, everything else takes the place of what was.

    A list of cameras takes the place of the list, too; but a camera that was there, by its id, keeps what is not said of it.
    Raises ConfigError when that is no configuration this box can have.
    """
    return _checked(written(text, changes), name)


def written(text: str, changes: Table) -> str:
    """The same for any TOML file. Raises tomllib.TOMLDecodeError where `text` is none."""
    wanted = joined(tomllib.loads(text), changes)
    try:
        document = tomlkit.parse(text)
        _lay(document, changes)
        result = tomlkit.dumps(document)
        if tomllib.loads(result) == wanted:
            return result
    except (TOMLKitError, tomllib.TOMLDecodeError):
        pass
    return tomlkit.dumps(wanted)


def joined(table: Table, changes: Table) -> Table:
    """The plain values that `written` writes."""
    return {**table, **{key: _newer(table.get(key), value) for key, value in changes.items()}}


def _newer(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return joined(old, new)
    if _ids(old) and _ids(new):
        known = dict(zip(_ids(old), old, strict=True))
        return [joined(known.get(each["id"], {}), each) for each in new]
    return new


def _ids(value: Any) -> list[str]:
    """The ids of a list of tables that all have one; empty for anything else."""
    if isinstance(value, list) and all(isinstance(each, dict) and isinstance(each.get("id"), str) for each in value):
        return [each["id"] for each in value]
    return []


def _lay(table: Any, changes: Table) -> None:
    """`table` is whichever of tomlkit's containers; in those that stay where they are, comments stay."""
    for key, value in changes.items():
        old = table.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            _lay(old, value)
        elif _ids(value) and _ids(value) == _ids(old):
            for place, each in zip(old, value, strict=True):
                _lay(place, each)
        elif old != value:
            table[key] = _newer(_plain(old), value)


def _plain(item: Any) -> Any:
    return item.unwrap() if isinstance(item, tomlkit.items.Item) else item


def _checked(text: str, name: str) -> str:
    loads(text, name)
    return text
