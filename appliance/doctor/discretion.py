"""Discretion: secrets out of texts that leave the box. Pure.

Rule 1: twice, because each alone misses some: values that are known to be secret are struck wherever they stand, in every spelling; and
        whatever looks like a secret is struck whether it is known or not.
Rule 2: in doubt too much goes: a report with a hole can be read, one with a password cannot be called back.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote, urlsplit

GONE = "[removed]"
LEAST_TO_SEEK = 4  # shorter ones stand in half of all words; where they belong they are found by their look
_LONG_NAMES = r"password|passwd|passphrase|api[_-]?key|private[_-]?key|wep[_-]?key\d?|setup[ _-]?code|authorization"
_SHORT_NAMES = r"(?<![a-z])(?:pass|psk|pwd?|secret|token|cookie)"  # parts of other words, such as compass
_NAMED = re.compile(rf"""(?i)((?:{_LONG_NAMES}|{_SHORT_NAMES})s?["'\]]?[ \t]*(?:[=:]|\bis\b)[ \t]*)(?=\S)([^\n]*)""")
_ADDRESS = re.compile(r"""(?i)\b([a-z][a-z0-9+.-]{1,15}://)([^\s"'<>]*@)?([^\s"'<>?#]*)(\?[^\s"'<>]*)?""")
_HASHES = re.compile(r"\$(?:scrypt|argon2\w*|pbkdf2\w*|2[aby]|[1567y])\$[^\s\"']+")
_SETUP_CODES = re.compile(r"\b[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}\b")
_PRIVATE_KEYS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


def discreet(text: str, known: Iterable[str] = ()) -> str:
    """`text` without secrets; `known`: values that are some."""
    for spelling in sorted({each for value in known for each in _spellings(value)}, key=len, reverse=True):
        text = text.replace(spelling, GONE)
    text = _PRIVATE_KEYS.sub(GONE, text)
    text = _ADDRESS.sub(_shown_address, text)
    text = _NAMED.sub(lambda found: found[1] + GONE, text)
    return _SETUP_CODES.sub(GONE, _HASHES.sub(GONE, text))


def secrets_in(text: str) -> Iterator[str]:
    """Values in a file of settings that must not be seen anywhere: of keys that are named like one, and in addresses."""
    for found in _NAMED.finditer(text):
        value = found[2].strip().rstrip(",").strip()
        yield from {value, value.strip("\"'"), _unescaped(value)} - {""}
    for found in _ADDRESS.finditer(text):
        yield from secrets_of_address(found[0])
    yield from (found[0] for found in (*_HASHES.finditer(text), *_SETUP_CODES.finditer(text)))


def secrets_of_address(address: str) -> Iterator[str]:
    """Its password, and what its query says: cameras take passwords there too."""
    try:
        parts = urlsplit(address)
        user, password = parts.username or "", parts.password or ""
    except ValueError:
        return
    login = f"{unquote(user)}:{unquote(password)}"
    yield from (value for value in (password, unquote(password)) if value)
    yield from (value for pair in parts.query.split("&") if (value := unquote(pair.partition("=")[2])))
    if password:
        yield base64.b64encode(login.encode()).decode()


def _spellings(value: str) -> Iterator[str]:
    """As it may stand in JSON, TOML, an address."""
    if len(value) >= LEAST_TO_SEEK:
        yield from (
            value,
            json.dumps(value)[1:-1],
            json.dumps(value, ensure_ascii=False)[1:-1],
            quote(value, safe=""),
            quote(value),
        )


def _unescaped(value: str) -> str:
    try:
        text = json.loads(value)  # close enough to a basic string of TOML
    except ValueError:
        return ""
    return text if isinstance(text, str) else ""


def _shown_address(found: re.Match[str]) -> str:
    scheme, login, rest, query = found.groups()
    return f"{scheme}{f'{GONE}@' if login else ''}{rest}{f'?{GONE}' if query else ''}"
