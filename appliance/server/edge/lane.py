"""The lane: how prebuilt bytes get onto a connection past quart, h11 and wsproto.

An app finds it in scope["extensions"][EXTENSION]; where it is missing, plain ASGI does the same at several times the cost.

Rule 1: what the lane sends is whole messages in the connection's one order (see Outgoing); hypercorn's own stand between them.
Rule 2: on a WebSocket nothing is sent after a closing frame, nor before the upgrade was accepted.
Rule 3: an HTTP answer is the lane's from its head on, or not at all: it is not chunked and ends with its connection.
"""

import socket
import struct
import time
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, NamedTuple

import trio

from appliance.server.edge.outgoing import Outgoing
from appliance.wire.buffers import Buffers

EXTENSION = "appliance.lane"
MAX_PINGS = 16  # unanswered ones that are remembered
_TCP_INFO_BYTES = 160
_RTT_AT, _MIN_RTT_AT = 68, 148  # struct tcp_info of linux/tcp.h: tcpi_rtt, tcpi_min_rtt, u32 µs each
_NO_RTT = 0xFFFFFFFF
_PING = struct.Struct(">BBQ")


def lane_of(scope: Any) -> "Lane | None":
    """The lane of the connection that an ASGI call came over, where there is one."""
    lane: Lane | None = (scope.get("extensions") or {}).get(EXTENSION)
    return lane


class RoundTrip(NamedTuple):
    """What the kernel knows of the way there and back, s: lately, and at its best in the last minutes."""

    smoothed_s: float
    least_s: float


class Lane:
    """One connection, as a viewer sees it."""

    def __init__(
        self, outgoing: Outgoing, hang_up: Callable[[], None], on_take_over: Callable[[], None] = lambda: None
    ) -> None:
        self.way = outgoing  # whose `prepare`, `write` and `written` are for those who send to many
        self._hang_up, self._on_take_over = hang_up, on_take_over
        self._pings: dict[int, tuple[float, Callable[[float], None]]] = {}
        self._ping_count = 0
        self.taken_over = False
        self.sharers = 0  # viewers whose frames go over this connection
        self.heard: Callable[[str], bool] = lambda _: (
            False
        )  # what the client says is given to this first; True: it is done

    def offer(self, buffers: Buffers) -> bool:
        """Send a message if its beginning leaves at once; False: nothing was sent. Look at `half_sent` then, and `push`."""
        return self.way.send_now(buffers)

    async def send(self, buffers: Buffers) -> None:
        """Send a message after what is being sent now; dropped once the connection is closing."""
        if self.way.carries:
            await self.way.send(*buffers.pieces)
        else:
            await trio.lowlevel.checkpoint()

    async def push(self) -> None:
        """Send a piece of what is half sent. May be cancelled and called again."""
        await self.way.push()

    @property
    def half_sent(self) -> bool:
        """A message is not wholly in the kernel yet."""
        return self.way.half_sent

    def round_trip(self) -> RoundTrip | None:
        """As the kernel measured it; None where it cannot tell."""
        try:
            info = self.way.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
            smoothed_us, least_us = (
                struct.unpack_from("=I", info, _RTT_AT)[0],
                struct.unpack_from("=I", info, _MIN_RTT_AT)[0],
            )
        except (OSError, struct.error):
            return None
        return None if least_us == _NO_RTT else RoundTrip(smoothed_us / 1e6, least_us / 1e6)

    def ping(self, answered: Callable[[float], None]) -> None:
        """Send a WebSocket ping if nothing is in its way; `answered` gets the time until its pong, s."""
        self._ping_count += 1
        sent_s = time.monotonic()
        if self.offer(Buffers.of(_PING.pack(0x89, 8, self._ping_count))):
            self._pings[self._ping_count] = sent_s, answered
            while len(self._pings) > MAX_PINGS:
                del self._pings[next(iter(self._pings))]

    def ponged(self, payload: bytes | bytearray) -> None:
        """A pong came, if it is one of ours."""
        if len(payload) == 8 and (asked := self._pings.pop(int.from_bytes(payload, "big"), None)):
            sent_s, answered = asked
            answered(time.monotonic() - sent_s)

    def take_over(self) -> None:
        """The HTTP answer that comes next is the lane's: its head goes out as the app says it, then only what is offered here."""
        self.taken_over = True
        self._on_take_over()

    def give_up(self) -> None:
        """Its other end takes nothing any more: end the connection at once."""
        self.way.give_up()

    # What the connection asks of a lane that took over.

    async def answer(self, message: Any) -> None:
        """ASGI's `send` for an answer that is the lane's; None: the app is done."""
        if message is None:
            self._hang_up()
        elif message["type"] == "http.response.start":
            await self.way.send(_head(message))
        elif body := message.get("body"):
            await self.way.send(bytes(body))
        if message is not None and message["type"] == "http.response.body" and not message.get("more_body"):
            self._hang_up()


def _head(message: Any) -> bytes:
    status = HTTPStatus(message["status"])
    lines = [
        f"HTTP/1.1 {status} {status.phrase}".encode(),
        b"date: " + formatdate(usegmt=True).encode(),
        b"connection: close",
    ]
    lines += [name + b": " + value for name, value in message["headers"]]
    return b"\r\n".join([*lines, b"", b""])
