"""Reads the TOML file. Every way it can be wrong ends in one line: file, key path, reason."""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from appliance.config.model import Config, Id, Preset, shipped_presets, to_builtins

MAX_BYTES = 256 * 1024


class ConfigError(Exception):
    """The configuration cannot be used; `str()` is the one line a person needs."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(_on_one_line(f"{name}: {reason}"))


def load(path: Path) -> Config:
    """Read and check the file at `path`. Raises ConfigError."""
    return loads(text_of(path), str(path))


def text_of(path: Path) -> str:
    """What the file says, line ends as they are. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")  # a byte order mark is what Windows editors leave
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise ConfigError(str(path), reason or "cannot be read") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(str(path), f"is larger than {MAX_BYTES // 1024} KiB")
    return text


def loads(text: str, name: str = "appliance.toml") -> Config:
    """Read and check TOML `text`; `name` stands for the file in errors. Raises ConfigError."""
    try:
        raw = tomllib.loads(text)
    except RecursionError as error:
        raise ConfigError(name, "not valid TOML: nested too deeply") from error
    except ValueError as error:  # TOMLDecodeError, and what int() says of thousands of digits
        raise ConfigError(name, f"not valid TOML: {error}") from error
    try:
        _refuse_unknown(raw, Config, "")
        merged = _with_shipped_presets(raw)
        _check_each_preset(merged)
        return msgspec.convert(merged, Config)
    except (msgspec.ValidationError, _KeyPathError) as error:
        raise ConfigError(name, in_toml_words(str(error))) from error


class _KeyPathError(Exception):
    """A message that names its key path already."""


def _check_each_preset(raw: dict[str, Any]) -> None:
    """Decode the presets one by one: the decoder of a whole table cannot say which entry is wrong."""
    presets = raw.get("presets")
    for name, preset in presets.items() if isinstance(presets, dict) else ():
        try:
            msgspec.convert(name, Id)
            msgspec.convert(preset, Preset)
        except msgspec.ValidationError as error:
            raise _KeyPathError(in_toml_words(str(error), f"presets.{name}")) from error


def _with_shipped_presets(raw: dict[str, Any]) -> dict[str, Any]:
    """The file's presets laid over the shipped ones, so that a file may say only what it changes."""
    presets = raw.get("presets", {})
    if not isinstance(presets, dict) or not all(isinstance(preset, dict) for preset in presets.values()):
        return raw  # the typed decoder says it better
    merged: dict[str, Any] = {name: to_builtins(preset) for name, preset in shipped_presets().items()}
    for name, preset in presets.items():
        merged[name] = {**merged.get(name, {}), **preset}
    return {**raw, "presets": merged}


def _refuse_unknown(raw: object, expected: Any, path: str) -> None:
    """Walk the file beside the types; an unknown key is answered with the nearest known one."""
    origin, arguments = get_origin(expected), get_args(expected)
    if isinstance(raw, dict) and isinstance(expected, type) and issubclass(expected, msgspec.Struct):
        fields = get_type_hints(expected)
        for key, value in raw.items():
            if key not in fields:
                raise _KeyPathError(unknown_key(f"{path}{key}", key, list(fields)))
            _refuse_unknown(value, fields[key], f"{path}{key}.")
    elif isinstance(raw, dict) and origin is dict:
        for key, value in raw.items():
            _refuse_unknown(value, arguments[1], f"{path}{key}.")
    elif isinstance(raw, list) and origin is list:
        for index, value in enumerate(raw):
            _refuse_unknown(value, arguments[0], f"{path[:-1]}[{index}].")


def unknown_key(path: str, key: str, known: list[str]) -> str:
    """One line for a key that nobody knows, with the nearest one that is known."""
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"possible are {', '.join(known)}"
    return f"{path}: unknown key; {hint}"


def in_toml_words(message: str, at: str = "") -> str:
    """`Expected `int`, got `str` - at `$.cameras[0].fps`` → `cameras[0].fps: expected int, got str`."""
    reason, _, path = message.partition(" - at `")
    path = (at + path.rstrip("`").removeprefix("$")).removeprefix(".")
    key, colon, rest = reason.partition(": ")
    if path and colon and key.isidentifier():  # a check of ours, of one key among those of `path`
        return f"{path}.{key}: {rest}"
    reason = reason.replace("`object`", "table").replace("Object missing required field", "missing key")
    reason = re.sub(r"`?str`? matching regex .*", "1 to 32 of a-z, 0-9, - and _, the first a letter or digit", reason)
    reason = reason.replace("`", "")
    return f"{path}: {reason[:1].lower()}{reason[1:]}" if path else reason


def _on_one_line(text: str) -> str:
    """Keys may hold line breaks, in quotes; a journal shows such a line break as two messages."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
