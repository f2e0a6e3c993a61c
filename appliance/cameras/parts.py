"""multipart/x-mixed-replace as cameras really send it, however its bytes are cut on the way.

Rule 1: Content-Length is believed within bounds; where it is missing, a part ends at the next boundary line.
Rule 2: what stands between parts is skipped; heads and bodies are bounded, so a sender cannot fill our memory.
"""

import re
from typing import NamedTuple

MAX_PART_BYTES = 16 * 1024 * 1024  # as on the hallway
MAX_HEAD_BYTES = 8 * 1024
_BOUNDARY = re.compile(r"""boundary\s*=\s*("[^"]{1,200}"|[^\s;"]{1,200})""", re.IGNORECASE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class PartsError(ValueError):
    """These bytes are not the multipart we expect, or its end; `str()` says what."""


class Part(NamedTuple):
    """One part: its header lines, names in lower case, and its body."""

    headers: dict[str, str]
    body: bytes


def boundary_of(content_type: str) -> bytes:
    """The delimiter of a multipart content type. Many cameras write its two dashes there too. Raises PartsError."""
    found = _BOUNDARY.search(content_type)
    name = found[1].strip('"').lstrip("-") if found else ""
    if not name:
        raise PartsError("no boundary given")
    return b"--" + name.encode("latin-1", "replace")


class Parts:
    """Bytes in, parts out."""

    def __init__(self, delimiter: bytes) -> None:
        self._delimiter = delimiter
        self._buffer = bytearray()
        self._headers: dict[str, str] | None = None  # of the part whose body is being read
        self._searched = 0  # so far into the body there is no delimiter

    def feed(self, data: bytes) -> None:
        """These bytes came."""
        self._buffer += data

    def next(self) -> Part | None:
        """The next whole part, or None while bytes are missing. Raises PartsError."""
        if self._headers is None and not self._read_head():
            return None
        assert self._headers is not None
        body = self._body(self._headers)
        if body is None:
            return None
        part, self._headers, self._searched = Part(self._headers, body), None, 0
        return part

    def _read_head(self) -> bool:
        start = self._buffer.find(self._delimiter)
        if start < 0:
            del self._buffer[: -len(self._delimiter)]
            return False
        after = start + len(self._delimiter)
        if self._buffer[after : after + 2] == b"--":
            raise PartsError("the stream was ended")
        line_end = self._buffer.find(b"\n", after)
        end = _HEAD_END.search(self._buffer, after) if line_end >= 0 else None
        if end is None or end.end() > after + MAX_HEAD_BYTES:
            if len(self._buffer) - after > MAX_HEAD_BYTES:
                raise PartsError("a part's header does not end")
            return False
        self._headers = _headers(bytes(self._buffer[line_end : end.start()]))
        del self._buffer[: end.end()]
        return True

    def _body(self, headers: dict[str, str]) -> bytes | None:
        length = _length(headers)
        if length is not None:
            return self._cut(length) if len(self._buffer) >= length else None
        at = self._buffer.find(self._delimiter, self._searched)
        if at >= 0:
            return self._cut(at).removesuffix(b"\n").removesuffix(b"\r")
        self._searched = max(len(self._buffer) - len(self._delimiter), 0)
        if len(self._buffer) > MAX_PART_BYTES:
            raise PartsError(f"a picture of more than {MAX_PART_BYTES} bytes")
        return None

    def _cut(self, length: int) -> bytes:
        body = bytes(memoryview(self._buffer)[:length])
        del self._buffer[:length]
        return body


def _headers(data: bytes) -> dict[str, str]:
    lines = [line.partition(":") for line in data.decode("latin-1").splitlines()]
    return {name.strip().lower(): value.strip() for name, colon, value in lines if colon}


def _length(headers: dict[str, str]) -> int | None:
    text = headers.get("content-length")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise PartsError("a part's Content-Length is no number")
    if int(text) > MAX_PART_BYTES:
        raise PartsError(f"a picture of {int(text)} bytes")
    return int(text)
