"""What systemd is told, over the socket that it names: readiness, reload, state, signs of life, and what to keep across a restart.

Rule 1: without systemd each of these does nothing.
Rule 2: nothing here waits: systemd takes in what it is told later, and what it cannot take in is lost, as a sign of life may be.
"""

import array
import contextlib
import os
import socket
import time
from collections.abc import MutableMapping, Sequence

LONGEST_STATUS = 200


class Notify:
    """The way to systemd, if it started this process."""

    def __init__(self, environ: MutableMapping[str, str] | None = None) -> None:
        """Takes systemd's variables away, so that no child thinks they are its own."""
        environ = {} if environ is None else environ
        self._address = environ.pop("NOTIFY_SOCKET", "")
        self.watchdog_s = _watchdog_s(environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", ""))

    def ready(self, status: str) -> None:
        """It answers, with these words for people; also after a reload."""
        self._tell("READY=1", f"STATUS={_on_one_line(status)}")

    def reloading(self) -> None:
        """A reload begins; `ready` ends it, whatever came of it."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """It was told to stop."""
        self._tell("STOPPING=1", "STATUS=stopping")

    def alive(self, status: str) -> None:
        """A sign of life, due every `watchdog_s`."""
        self._tell("WATCHDOG=1", f"STATUS={_on_one_line(status)}")

    def troubled(self, status: str) -> None:
        """Words for people, without a sign of life."""
        self._tell(f"STATUS={_on_one_line(status)}")

    def keep(self, name: str, sock: socket.socket) -> None:
        """Have systemd hold this socket too, under `name`, and hand it over after a restart; a stop closes it."""
        self._tell("FDSTORE=1", f"FDNAME={name}", sockets=[sock])

    def forget(self, name: str) -> None:
        """Have systemd close what it holds under this name."""
        self._tell("FDSTOREREMOVE=1", f"FDNAME={name}")

    def _tell(self, *lines: str, sockets: Sequence[socket.socket] = ()) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        fds = array.array("i", [sock.fileno() for sock in sockets])
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)] if sockets else []
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
            way.setblocking(False)
            way.sendmsg(["\n".join(lines).encode()], ancillary, 0, address)


def _watchdog_s(microseconds: str, pid: str) -> float | None:
    """How often systemd wants a sign of life of this process; None: never."""
    if not microseconds.isdecimal() or int(microseconds) <= 0 or pid not in ("", str(os.getpid())):
        return None
    return int(microseconds) / 1e6


def _on_one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_STATUS]
