"""systemd's end of the notification socket."""

import array
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Told(NamedTuple):
    """One message."""

    lines: dict[str, str]
    fds: list[int]


class SystemdEnd:
    """A datagram socket, as systemd has one for each service."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def next(self, within_s: float = 20) -> Told:
        """The next message. Raises TimeoutError."""
        self._socket.settimeout(within_s)
        data, ancillary, _, _ = self._socket.recvmsg(8192, socket.CMSG_SPACE(64 * array.array("i").itemsize))
        fds = array.array("i")
        for _, _, passed in ancillary:
            fds.frombytes(passed)
        return Told(dict(line.split("=", 1) for line in data.decode().splitlines()), list(fds))

    def until(self, wanted: Callable[[Told], bool], within_s: float = 30) -> Told:
        """The first message like that."""
        deadline_s = time.monotonic() + within_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            told = self.next(left_s)
            if wanted(told):
                return told
            for fd in told.fds:
                os.close(fd)
        raise AssertionError(f"nothing like that within {within_s} s")

    def none_for(self, duration_s: float, unwanted: Callable[[Told], bool]) -> bool:
        """Does nothing like that come for so long?"""
        try:
            self.until(unwanted, duration_s)
        except (TimeoutError, AssertionError):
            return True
        return False

    def close(self) -> None:
        self._socket.close()


@contextmanager
def systemd_end(folder: Path) -> Iterator[SystemdEnd]:
    """One at `folder`/notify, until the block ends."""
    end = SystemdEnd(folder / "notify")
    try:
        yield end
    finally:
        end.close()
