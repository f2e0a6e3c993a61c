"""The owner's file, checked whole: every fault there is, not the first one only, and what can be used of the rest."""

import re
import tomllib
from typing import Any, NamedTuple, get_type_hints

import msgspec
from msgspec import Struct

from appliance.config import ConfigError
from appliance.config.load import in_toml_words, unknown_key
from appliance.config.overlay import laid_over
from appliance.first_boot.places import Path, Table, line_of, statements
from appliance.first_boot.wishes import CHECKS, TABLES, Wishes

PARTS = ("hostname", *TABLES, "config")
_BASE = "appliance.toml"


class Fault(NamedTuple):
    """What is wrong, and where."""

    path: Path
    reason: str
    line: int | None = None

    def told(self, file: str) -> str:
        """One line: file, line, key, reason."""
        line = f", line {self.line}" if self.line else ""
        key = _as_key(self.path)
        return _on_one_line(f"{file}{line}: {key}: {self.reason}" if key else f"{file}{line}: {self.reason}")


class Checked(NamedTuple):
    """A file as far as it can be used."""

    wishes: Wishes
    faults: list[Fault]
    raw: Table  # empty when it is no TOML

    @property
    def faulty(self) -> set[str | int]:
        """The parts that cannot be used."""
        return {fault.path[0] for fault in self.faults if fault.path}

    def joined_by(self, faults: list[Fault], text: str) -> "Checked":
        """The same with faults that others found."""
        return self._replace(faults=[*self.faults, *_placed(faults, text)]) if faults else self


def checked(text: str, base: str = "") -> Checked:
    """Read `text`; `base` is the box's own configuration, over which the file's is laid."""
    try:
        raw = tomllib.loads(text)
    except RecursionError:
        return Checked(Wishes(), [Fault((), "is nested too deeply")], {})
    except ValueError as error:
        return Checked(Wishes(), [_no_toml(error, text)], {})
    faults = [Fault((key,), _unknown(key)) for key in raw if key not in PARTS]
    usable: Table = {}
    for part in PARTS:
        if part in raw:
            value, found = _part(part, raw[part], base)
            faults += found
            usable[part] = None if found else value
    return Checked(Wishes(**usable), _placed(faults, text), raw)


def _placed(faults: list[Fault], text: str) -> list[Fault]:
    places = statements(text) if faults else []
    return [fault._replace(line=line_of(fault.path, places)) for fault in faults]


def _part(part: str, value: object, base: str) -> tuple[object, list[Fault]]:
    if part in TABLES:
        return _table(part, value, TABLES[part])
    if part == "config":
        return value, _config_faults(value, base)
    reason = _wrong((part,), value, str)
    return value, [Fault((part,), reason)] if reason else []


def _table(part: str, raw: object, expected: type[Struct]) -> tuple[Struct | None, list[Fault]]:
    if not isinstance(raw, dict):
        return None, [Fault((part,), f"is a table: write [{part}] on a line of its own, and its keys below")]
    types = get_type_hints(expected)
    faults = []
    for key, value in raw.items():
        reason = _wrong((part, key), value, types[key]) if key in types else unknown_key("", key, list(types))
        if reason:
            faults.append(Fault((part, key), reason.removeprefix(": ")))
    needed = [field.name for field in msgspec.structs.fields(expected) if field.required]
    faults += [Fault((part, key), "is missing") for key in needed if key not in raw]
    return (None, faults) if faults else (msgspec.convert(raw, expected), [])


def _wrong(path: tuple[str, ...], value: object, expected: Any) -> str:
    """The reason why `value` cannot stand there; empty when it can."""
    try:
        msgspec.convert(value, expected)
    except msgspec.ValidationError as error:
        reason = in_toml_words(str(error)).replace(" | null", "").replace(" | array", " or array")
        quotes = (
            "; text stands between quotes" if "xpected str" in reason and not isinstance(value, list | dict) else ""
        )
        return reason[:1].lower() + reason[1:] + quotes
    return CHECKS[path](value) if path in CHECKS else ""


def _config_faults(raw: object, base: str) -> list[Fault]:
    """The reader of the configuration stops at its first fault, so it is asked piece by piece, then for the whole."""
    if not isinstance(raw, dict):
        return [Fault(("config",), "is a table: write [config.presets.low] or [[config.cameras]], and keys below")]
    presets = {"presets": raw["presets"]} if "presets" in raw else {}
    reasons = [_refusal({key: value}, base) for key, value in raw.items() if key != "cameras"]
    cameras = raw.get("cameras")
    if not any(reasons) and isinstance(cameras, list):
        for number, camera in enumerate(cameras):
            reason = _refusal({**presets, "cameras": [camera]}, base)
            reasons.append(reason.replace("cameras[0]", f"cameras[{number}]", 1))
    found = [reason for reason in reasons if reason] or [_refusal(raw, base)]
    return [_config_fault(reason) for reason in found if reason]


def _refusal(config: Table, base: str) -> str:
    try:
        laid_over(base, config, _BASE)
    except ConfigError as error:
        return str(error).removeprefix(f"{_BASE}: ")
    return ""


def _config_fault(text: str) -> Fault:
    """`cameras[0].fsp: unknown key` → the path and the reason."""
    key, colon, reason = text.partition(": ")
    if not colon or not re.fullmatch(r"[^\s\[\]]+(\[\d+\]|\.[^\s\[\]]+)*", key):
        return Fault(("config",), text)
    names = re.findall(r"\[(\d+)\]|([^.\[\]]+)", key)
    return Fault(("config", *(int(number) if number else name for number, name in names)), reason)


def _unknown(key: str) -> str:
    """Whoever copies appliance.toml as it is has its tables at the top; whoever uncomments a key may forget its header."""
    if key in ("server", "limits", "presets", "cameras"):
        header = f"[[config.{key}]]" if key == "cameras" else f"[config.{key}]"
        return f"unknown key; the camera's own settings stand under config: write {header}"
    tables = [f"[{part}]" for part, table in TABLES.items() if key in table.__struct_fields__]
    if tables:  # a # too few was taken away
        return f"belongs below {' or '.join(tables)}: is that line still a comment?"
    return unknown_key("", key, list(PARTS)).removeprefix(": ")


def _no_toml(error: ValueError, text: str) -> Fault:
    """The parser's reason and the usual mistake behind it. The line itself is not shown: it may hold a password."""
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", str(error))
    if found is None:
        return Fault((), f"is not valid TOML: {error}. Nothing in it was applied")
    lines = text.split("\n")
    line = int(found[1]) if found[1] else text.rstrip().count("\n") + 1
    reason = str(error).replace(found[0], "")
    hint = _hint(reason, lines[min(line, len(lines)) - 1])
    return Fault((), f"is not valid TOML: {reason}{hint and f'; {hint}'}. Nothing in it was applied", line)


def _hint(reason: str, line: str) -> str:
    if "overwrite" in reason:
        return "the same key stands twice; or a [header] above it is still a comment"
    if re.search("[\u2018-\u201f\u00ab\u00bb]", line):
        return 'it has curly quotes: the straight one (") is needed'
    if "Unterminated" in reason or "'\\n'" in reason:
        return "the quote at the end of a text is missing"
    if "\\" in line and re.search("hex value|escape", reason):
        return "a text with \\ stands between single quotes"
    if re.match(r"""\s*[\w.-]+\s*=\s*[^\s"'\d\[{]""", line):
        return 'text stands between quotes: key = "text"'
    if "=" not in line and line.strip() and not line.lstrip().startswith("["):
        return 'a line is key = "text", [a header], or starts with #'
    return ""


def _as_key(path: Path) -> str:
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path).removeprefix(".")


def _on_one_line(text: str) -> str:
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
