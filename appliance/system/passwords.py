"""Passwords as this box keeps them: hashed by scrypt, so that who reads the file still does not know them.

The standard library's scrypt, because it is on every box without a package. Its cost is one that OWASP names for 16 MiB of memory: a
Zero 2 has 512 in all. One check takes some tenths of a second there, so it belongs in a thread, and one at a time.
"""

import base64
import getpass
import hashlib
import hmac
import re
import secrets
import sys
import unicodedata

LEAST_CHARACTERS = 12
MOST_CHARACTERS = 256
LEAST_DIFFERENT = 5
_LN, _R, _P = 14, 8, 5  # 2**14 blocks of 8 * 128 bytes, five times
_MOST_MEMORY = 64 * 1024 * 1024
_HASH = re.compile(r"\$scrypt\$ln=14,r=8,p=5\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})")  # the form is PHC's
_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that looks like another: no I, O, 0, 1


def lack(password: str) -> str:
    """What is wrong with a password as a new one, without showing it; empty when it will do."""
    if len(password) < LEAST_CHARACTERS:
        return f"has {len(password)} characters; {LEAST_CHARACTERS} are the least (three or four words make a good one)"
    if len(password) > MOST_CHARACTERS:
        return f"has {len(password)} characters; {MOST_CHARACTERS} are the most"
    if len(set(password)) < LEAST_DIFFERENT:
        return f"repeats itself: {LEAST_DIFFERENT} different characters are the least"
    if not password.isprintable():
        return "holds characters that cannot be printed"
    return ""


def hashed(password: str) -> str:
    """What to keep of a password. No two are alike, even of the same one."""
    salt = secrets.token_bytes(16)
    return f"$scrypt$ln={_LN},r={_R},p={_P}${_encoded(salt)}${_encoded(_scrypt(password, salt))}"


def is_hash(text: str) -> bool:
    """Is it what `hashed` gives?"""
    return _HASH.fullmatch(text) is not None


def matches(password: str, kept: str) -> bool:
    """Is it the password of which `kept` is the hash? False also for what is no hash."""
    found = _HASH.fullmatch(kept)
    if found is None or len(password) > MOST_CHARACTERS:
        return False
    return hmac.compare_digest(_scrypt(password, _decoded(found[1])), _decoded(found[2]))


def setup_code() -> str:
    """A code for a box without a password, to be typed once: 60 bits in three groups."""
    letters = [secrets.choice(_CODE_LETTERS) for _ in range(12)]
    return "-".join("".join(letters[at : at + 4]) for at in (0, 4, 8))


def asked() -> str:
    """A new password: typed twice at a terminal, else the first line of the input. Raises ValueError in words."""
    if sys.stdin.isatty():
        password = getpass.getpass("New password: ")
        if getpass.getpass("Again: ") != password:
            raise ValueError("these were two different passwords")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if problem := lack(password):
        raise ValueError(f"this password {problem}")
    return password


def _scrypt(password: str, salt: bytes) -> bytes:
    """One letter may be written in several ways, by keyboards that are all right: they are the same here."""
    plain = unicodedata.normalize("NFKC", password).encode()
    return hashlib.scrypt(plain, salt=salt, n=1 << _LN, r=_R, p=_P, maxmem=_MOST_MEMORY, dklen=32)


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
