"""Guests: who is connected and from where, and who goes when one more comes than fits.

Rule 1: who is being answered stays, whoever comes. Only connections that wait for a request make room for others.
Rule 2: who crowds makes room: the address with most of those that wait loses the one that has waited longest.
Rule 3: who finds no room is told so, and when to come again. It costs no line of log each, and no memory that lasts.
"""

import json
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import NamedTuple

import trio

from appliance.server.edge.connection import Connection
from appliance.server.edge.outgoing import Stream
from appliance.server.edge.seldom import Seldom

SETTLED_S = 1.0  # who waits for less may be about to ask
CROWD = (
    8  # more of one address than of the newcomer's own: those need not be settled, or a flood would keep everybody out
)
FAREWELL_S = 1.0  # for the refused to read why: close() over unread input is a reset, which eats the answer
MAX_FAREWELLS = 64  # at a time; in a flood of more, the rest are closed as they stand
UNREAD_BYTES = 64 * 1024  # of what a refused client says is thrown away, then it is reset
RETRY_AFTER_S = 5

NO_ROOM = {
    "connections": "this box has as many connections as limits.max_connections allows",
    "connections_per_address": "your address has as many connections as limits.max_connections_per_address allows",
}


class Guest(NamedTuple):
    """What is known of one connection."""

    address: str
    scope: trio.CancelScope


class Guests:
    """All connections of one server: at most `most`, and at most `most_per_address` of one address."""

    def __init__(
        self, most: int, most_per_address: int, complaints: Seldom, refused: MutableMapping[str, int] | None
    ) -> None:
        self._most, self._most_per_address, self._complaints = most, most_per_address, complaints
        self._refused = Counter[str]() if refused is None else refused
        self._inside: dict[Connection, Guest] = {}
        self._of_address: dict[str, set[Connection]] = {}
        self._farewells = 0

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._inside))

    def lack_of_room(self, address: str) -> str | None:
        """Which limit keeps one more of `address` out; None when there is room, or has just been made.

        Clients of a local socket have no address ("") and are told apart by nothing: only the total counts for them.
        """
        own = self._of_address.get(address, set())
        if address and len(own) >= self._most_per_address and not self._make_room(own, len(own)):
            return "connections_per_address"
        if len(self._inside) >= self._most and not self._make_room(self._inside, len(own)):
            return "connections"
        return None

    @contextmanager
    def stay(self, connection: Connection, address: str) -> Iterator[None]:
        """A guest from here on, until it leaves or has to make room."""
        with trio.CancelScope() as scope:
            self._inside[connection] = Guest(address, scope)
            self._of_address.setdefault(address, set()).add(connection)
            try:
                yield
            finally:
                self._forget(connection)

    async def refuse(self, stream: Stream, address: str, limit: str) -> None:
        """Answer 503 and close. Over TLS only close: a handshake is more than a refused client is worth."""
        self.count_refusal(limit)
        self._complaints.say(logging.WARNING, f"%s: connection refused, limits.max_{limit} is reached", address)
        if isinstance(stream, trio.SSLStream):
            return
        with suppress(OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            os.write(stream.socket.fileno(), _ANSWERS[limit])  # at once: the buffer of a new connection is empty
            if self._farewells < MAX_FAREWELLS:
                self._farewells += 1
                try:
                    await _see_off(stream)
                finally:
                    self._farewells -= 1

    def count_refusal(self, limit: str) -> None:
        """Somebody was turned away."""
        self._refused[limit] = self._refused.get(limit, 0) + 1

    def _make_room(self, candidates: Iterable[Connection], own: int) -> bool:
        """End one of those that wait, for somebody who has `own` connections already. False when none may be ended."""
        waiting = {
            each: trio.current_time() - each.idle_since_s for each in candidates if each.idle_since_s is not None
        }
        crowds = Counter(self._inside[each].address for each in waiting)
        crowd_of = {each: crowds[self._inside[each].address] for each in waiting}
        may_go = [each for each in waiting if waiting[each] >= SETTLED_S or crowd_of[each] >= own + CROWD]
        if not may_go:
            return False
        leaver = max(may_go, key=lambda each: (crowd_of[each], waiting[each]))
        scope = self._inside[leaver].scope
        self._forget(leaver)  # now, not when its task has ended: newcomers may be faster
        scope.cancel()
        return True

    def _forget(self, connection: Connection) -> None:
        guest = self._inside.pop(connection, None)
        if guest is None:  # it had to make room
            return
        own = self._of_address[guest.address]
        own.discard(connection)
        if not own:
            del self._of_address[guest.address]


async def _see_off(stream: trio.SocketStream) -> None:
    """Let the client read the last words: wait, not long, for it to close too."""
    with trio.move_on_after(FAREWELL_S):
        await stream.send_eof()
        unread_bytes = 0
        while unread_bytes < UNREAD_BYTES and (said := await stream.receive_some(UNREAD_BYTES)):
            unread_bytes += len(said)


def _answer(limit: str) -> bytes:
    body = json.dumps({"error": {"code": "full", "message": NO_ROOM[limit]}}).encode()
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
        f"Content-Length: {len(body)}\r\nRetry-After: {RETRY_AFTER_S}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


_ANSWERS = {limit: _answer(limit) for limit in NO_ROOM}
