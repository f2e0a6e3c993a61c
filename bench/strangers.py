"""Connections that are not viewers: some thousands that say nothing, or never finish, from several addresses of loopback."""

import select
import socket
import time
from contextlib import suppress
from enum import Enum
from typing import NamedTuple

from bench.box import HOST

ADDRESSES = 20  # 127.0.0.2 and on: a limit for each address must not be the only thing that helps
DRIP_S = 1.0  # between two bytes, or two header lines
DIALS_AT_ONCE = 100  # before the next look at those that are there


class Kind(Enum):
    """What they do with their connection: nothing, a byte a second of a request, or header lines for ever."""

    SILENT = b""
    DRIP = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Patience: " + 4096 * b"a"
    HEADERS = b"X-More: and more\r\n"


class Outcome(NamedTuple):
    """How it went for all of them."""

    tried: int
    refused: int  # closed within a second
    closed: int  # later, all in all
    open: int  # at the end
    longest_s: float  # that one of them stayed


class _Stranger:
    def __init__(self, port: int, number: int) -> None:
        self.kind = list(Kind)[number % len(Kind)]
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.bind((f"127.0.0.{2 + number % ADDRESSES}", 0))
        self.opened_s = time.monotonic()
        self.stayed_s: float | None = None
        self._said = 0
        with suppress(BlockingIOError):
            self.socket.connect((HOST, port))

    def say(self) -> None:
        if self.kind is Kind.DRIP:
            text = Kind.DRIP.value[self._said : self._said + 1]
        elif self.kind is Kind.HEADERS:
            text = Kind.DRIP.value.partition(b"X-")[0] if not self._said else Kind.HEADERS.value
        else:
            return
        self._said += 1
        with suppress(OSError):
            self.socket.send(text)

    def listen(self) -> bool:
        """False: it was closed."""
        try:
            return bool(self.socket.recv(65536))
        except BlockingIOError:
            return True
        except OSError:
            return False


class Strangers:
    """`count` of them. They come with the first calls of `go_on`, and each stays until it is closed."""

    def __init__(self, port: int, count: int) -> None:
        self._port, self._count = port, count
        self._all: list[_Stranger] = []
        self._open: dict[int, _Stranger] = {}
        self._poll = select.epoll()
        self._drip_due_s = 0.0

    def go_on(self) -> None:
        """Come, drip, and see who was closed; takes a fraction of a second."""
        for _ in range(min(DIALS_AT_ONCE, self._count - len(self._all))):
            stranger = _Stranger(self._port, len(self._all))
            self._all.append(stranger)
            self._open[stranger.socket.fileno()] = stranger
            self._poll.register(stranger.socket.fileno(), select.EPOLLIN | select.EPOLLRDHUP)
        for number, _ in self._poll.poll(0.05, 512):
            stranger = self._open[number]
            if not stranger.listen():
                self._leave(stranger)
        if time.monotonic() >= self._drip_due_s:
            self._drip_due_s = time.monotonic() + DRIP_S
            for stranger in self._open.values():
                stranger.say()

    @property
    def open(self) -> int:
        """How many are connected, or about to be."""
        return len(self._open) + self._count - len(self._all)

    def leave(self) -> Outcome:
        """Close what is left; how was it?"""
        left = len(self._open)
        for stranger in list(self._open.values()):
            self._leave(stranger)
        self._poll.close()
        stays = [each.stayed_s or 0.0 for each in self._all]
        refused = sum(stay < DRIP_S for stay in stays)
        return Outcome(len(stays), refused, len(stays) - left - refused, left, max(stays, default=0.0))

    def _leave(self, stranger: _Stranger) -> None:
        stranger.stayed_s = time.monotonic() - stranger.opened_s
        del self._open[stranger.socket.fileno()]
        stranger.socket.close()
