"""How a check sees the machine: files, folders, links, who may open what. Nothing here blocks, writes or raises.

Rule 1: everything is below `root`, so that a folder can stand for a box in tests.
Rule 2: only ordinary files are read, and only so much of them: a pipe or a device could hold us for ever.
"""

import contextlib
import ctypes
import os
import stat
import time
from pathlib import Path
from typing import NamedTuple, Protocol

MOST_BYTES = 1024 * 1024  # of a file; all that the kernel writes for us is smaller, but for a table of many connections
MOST_LOG_LINES = 20_000
MOST_ENTRIES = 20_000
MOST_DIGITS = 18
_TIMEX_BYTES = 512  # struct timex has 208 at most
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)


class Node(NamedTuple):
    """Whose a file is and who may use it."""

    mode: int
    uid: int
    gid: int


class Machine(Protocol):
    """What checks may ask."""

    def text(self, path: str) -> str:
        """What an ordinary file holds, without white space at its ends; empty when it cannot be read."""

    def entries(self, path: str) -> list[str]:
        """The names in a folder, in order; none when it cannot be read."""

    def link(self, path: str) -> str:
        """What a link says; empty for anything else."""

    def real(self, path: str) -> str:
        """The path at the end of all links, there or not."""

    def node(self, path: str) -> Node | None:
        """Whose the file at the end of all links is; None when there is none."""

    def free_bytes(self, path: str) -> int | None:
        """What programs may still write to the file system of `path`."""

    def kernel_log(self) -> list[str] | None:
        """The kernel's messages since it started; None when this user may not read them."""

    def clock(self) -> tuple[float, bool | None]:
        """Seconds since 1970, and whether the kernel takes them for right (None: it does not say)."""


class ThisMachine:
    """The machine below `root`."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def text(self, path: str) -> str:
        """What an ordinary file holds."""
        try:
            fd = os.open(self._at(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except (OSError, ValueError):
            return ""
        with os.fdopen(fd, "rb", buffering=0) as file, contextlib.suppress(OSError):
            if stat.S_ISREG(os.fstat(fd).st_mode):
                return _whole(file.fileno()).decode(errors="replace").strip()
        return ""

    def entries(self, path: str) -> list[str]:
        """The names in a folder."""
        try:
            return sorted(os.listdir(self._at(path)))[:MOST_ENTRIES]  # noqa: PTH208  # names, not paths
        except (OSError, ValueError):
            return []

    def link(self, path: str) -> str:
        """What a link says."""
        try:
            return os.readlink(self._at(path))  # noqa: PTH115  # links of /proc are words, not paths
        except (OSError, ValueError):
            return ""

    def real(self, path: str) -> str:
        """The path at the end of all links."""
        try:
            found = os.path.realpath(self._at(path))
        except (OSError, ValueError):
            return path
        root = os.path.realpath(self._root)
        return f"/{os.path.relpath(found, root)}" if found.startswith(root) else found

    def node(self, path: str) -> Node | None:
        """Whose the file is."""
        try:
            found = os.stat(self._at(path))  # noqa: PTH116
        except (OSError, ValueError):
            return None
        return Node(found.st_mode, found.st_uid, found.st_gid)

    def free_bytes(self, path: str) -> int | None:
        """What may still be written."""
        try:
            found = os.statvfs(self._at(path))
        except (OSError, ValueError):
            return None
        return found.f_bavail * found.f_frsize

    def kernel_log(self) -> list[str] | None:
        """Each read of /dev/kmsg is one message; a non-blocking one ends with EAGAIN where a blocking one would wait."""
        try:
            fd = os.open(self._at("/dev/kmsg"), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError:
            return None
        lines: list[str] = []
        with os.fdopen(fd, "rb", buffering=0):
            while len(lines) < MOST_LOG_LINES:
                try:
                    message = os.read(fd, 8192)
                except BrokenPipeError:  # the message fell out of the kernel's buffer meanwhile; the next one is there
                    continue
                except OSError:
                    break
                if not message:
                    break
                head, _, words = message.decode(errors="replace").partition(";")
                lines += (words or head).splitlines()[:1] if words else head.splitlines()
        return lines

    def clock(self) -> tuple[float, bool | None]:
        """The time, and what adjtimex(2) says when asked to change nothing."""
        try:
            answer = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
        except (OSError, AttributeError):
            answer = -1
        return time.time(), None if answer < 0 else answer != _UNSYNCHRONISED

    def _at(self, path: str) -> str:
        return f"{str(self._root).rstrip('/')}/{path.lstrip('/')}"


def number(text: str, base: int = 10) -> int | None:
    """A number that a file holds; None for whatever else it holds."""
    if len(text) > MOST_DIGITS:
        return None
    try:
        return int(text, base)
    except ValueError:
        return None


def fields(text: str) -> dict[str, str]:
    """Lines of `Name: value`, as /proc writes them."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _whole(fd: int) -> bytes:
    whole = b""
    while len(whole) < MOST_BYTES:
        chunk = os.read(fd, 65536)
        if not chunk:
            break
        whole += chunk
    return whole
