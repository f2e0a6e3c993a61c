"""One client's connection, from accept to close: when bytes come and go, and when it ends."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, cast

import h11
import trio
import wsproto.utilities
from hypercorn.config import Config
from hypercorn.events import Closed, RawData, Updated
from hypercorn.events import Event as ConnectionEvent
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ASGIFramework, ASGIReceiveEvent, ASGISendEvent, ConnectionState, Scope
from hypercorn.utils import parse_socket_addr

from appliance.server.edge.http1 import Call, Http1, Put, Send
from appliance.server.edge.lane import EXTENSION, Lane
from appliance.server.edge.outgoing import Outgoing, Stream
from appliance.server.edge.seldom import Seldom

log = logging.getLogger("appliance.server.edge")

GRACE_S = 1.0  # after the end of a connection was decided: for the app to notice, for the client to read our last words
READ_BYTES = 64 * 1024  # most that is read at once, so also what a connection buffers beyond its limits


class Terms(NamedTuple):
    """What is the same for all connections of one server."""

    app: ASGIFramework
    config: Config
    context: WorkerContext
    send_timeout_s: float
    keep_alive_timeout_s: float
    max_message_bytes: Callable[[str], int]
    complaints: Seldom
    with_lane: bool = True
    count_refusal: Callable[[str], None] = lambda limit: None  # of whom a limit sends away


class Connection:
    """One client. Two tasks: one reads and feeds the protocol, one runs the app, a call after the other."""

    def __init__(self, terms: Terms, stream: Stream) -> None:
        self._terms, self._stream = terms, stream
        self._outgoing = Outgoing(stream, terms.send_timeout_s, self._complain)
        self._outgoing.on_reset = lambda: self._reading.cancel()
        self._socket = self._outgoing.socket
        self._whole = trio.CancelScope()
        self._reading = trio.CancelScope()  # cancelled, or past its deadline: the connection has come to its end
        self.address = ""  # its IP address; none: a local socket
        self.idle_since_s: float | None = None  # no request is being answered, though one may be arriving; None: one is
        self._sends = 0
        self._hearing = trio.CancelScope()
        self._is_lanes = False
        self._unheard_bytes = 0  # said during an answer of the lane's; somebody who has much to say there is no player
        self._call: Call | None = None  # the latest
        self._calls, self._next_call = trio.open_memory_channel[Call](1)  # HTTP/1.1 answers one request after the other

    async def run(self) -> None:
        """Serve the client until it or we leave. Raises nothing that a client can cause."""
        try:
            with self._whole:
                await self._converse()
        except* (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the client is gone
        except* (ValueError, h11.ProtocolError, wsproto.utilities.ProtocolError) as errors:
            self._complain("%s: said what nobody understands: %r", errors.exceptions[0])
        except* Exception as errors:  # Rule 1, also for a fault in protocol code
            self._complain("%s: connection failed: %r", errors.exceptions[0], level=logging.WARNING)
        finally:
            self._outgoing.close()

    @property
    def _name(self) -> str:
        return self.address or "a local client"

    def _complain(self, line: str, *details: object, level: int = logging.INFO) -> None:
        self._terms.complaints.say(level, line, self._name, *details)

    async def _converse(self) -> None:
        self._protocol = self._new_protocol()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._answer)
            await self._read()
            self._whole.deadline = trio.current_time() + GRACE_S
            await self._protocol.handle(Closed())  # tells the app
            if self._call is not None:
                self._call.hang_up()  # hypercorn does not tell an app whose client it refused
            self._calls.close()
            await self._say_goodbye()

    def _new_protocol(self) -> Http1:
        family, secure = self._socket.family, isinstance(self._stream, trio.SSLStream)
        client = parse_socket_addr(family, self._socket.getpeername())
        self.address = client[0] if client else ""
        server = parse_socket_addr(family, self._socket.getsockname())
        terms = self._terms
        protocol = Http1(
            terms.app,  # type: ignore[arg-type]  # hypercorn only hands it back, to our own spawn_app
            terms.config,
            terms.context,
            self,  # type: ignore[arg-type]  # of its TaskGroup only spawn_app and spawn are called
            ConnectionState({}),
            secure,
            client,
            server,
            self._take,
        )
        protocol.max_message_bytes, protocol.count_refusal = terms.max_message_bytes, terms.count_refusal
        return protocol

    async def _read(self) -> None:
        self._set_idle(True)
        with self._reading, suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while not self._protocol.finished:
                data = await self._stream.receive_some(READ_BYTES)
                await self._hear(bytes(data))
                if not data:
                    return

    async def _hear(self, data: bytes) -> None:
        """Not once an answer is the lane's: it is the connection's last, and h11, which knows nothing of it, would wait or answer too."""
        with trio.CancelScope() as self._hearing:
            if not self._is_lanes:
                await self._protocol.handle(RawData(data))
                return
        self._unheard_bytes += len(data)
        if self._unheard_bytes > READ_BYTES:
            self._reading.cancel()

    async def _say_goodbye(self) -> None:
        """Close our half, after a frame under way, and wait for the client's: close() over unread input is a reset."""
        with suppress(OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            await self._outgoing.goodbye()
            while await self._stream.receive_some(READ_BYTES):
                pass

    async def _answer(self) -> None:
        async for call in self._next_call:
            try:
                await self._terms.app(call.scope, call.receive, partial(self._say, call))
            except* Exception as errors:
                log.exception("%s: the app failed", self._name, exc_info=errors)
            finally:
                call.end()
            await self._say(call, None)  # hypercorn ends what the app left open

    async def _say(self, call: Call, message: ASGISendEvent | None) -> None:
        """The app's `send`. It always yields; hypercorn's returns at once after a disconnect: a loop froze all."""
        if call.lane is not None and call.lane.taken_over:
            await call.lane.answer(message)
            await trio.lowlevel.checkpoint()
            return
        sends_before = self._sends
        try:
            await call.send(message)
        except (h11.LocalProtocolError, wsproto.utilities.LocalProtocolError) as error:
            if not self._protocol.finished and not self._reading.cancel_called:
                raise  # the app's own fault
            log.debug("%s: the client broke the protocol during an answer: %s", self._name, error)
        if self._sends == sends_before:
            await trio.lowlevel.checkpoint()

    # What hypercorn's protocol calls: spawn_app of its TaskGroup, and the `send` of its TCPServer.

    async def spawn_app(self, app: AppWrapper, config: Config, scope: Scope, send: Send) -> Put:
        """A request has come. What the app shall find in scope["extensions"] of this connection is put there here."""
        self._call = call = Call(scope, send)
        if self._terms.with_lane:
            call.lane = self._lane(scope["type"] == "websocket")
            cast("dict[str, Any]", scope).setdefault("extensions", {})[EXTENSION] = call.lane
        await self._calls.send(call)
        return partial(self._hand_over, call)

    def _lane(self, websocket: bool) -> Lane:
        self._outgoing.carries = not websocket  # not before the upgrade is accepted
        self._protocol.lane = lane = Lane(self._outgoing, self._reading.cancel, self._leave_to_lane)
        return lane

    def _leave_to_lane(self) -> None:
        self._is_lanes = True
        self._hearing.cancel()

    async def _hand_over(self, call: Call, event: ASGIReceiveEvent) -> None:
        with trio.move_on_after(self._terms.send_timeout_s) as patience:
            await call.put(event)
        if patience.cancelled_caught:  # meanwhile nothing is read, so that the client may long be gone
            self._complain("%s: the app takes nothing of what it says; the connection ends")
            self._reading.cancel()

    def spawn(self, func: Callable[..., Awaitable[None]], *args: Any) -> None:
        """hypercorn's WebSocket pings, which are off: they look for no answer; TCP_USER_TIMEOUT finds dead peers."""
        raise NotImplementedError

    async def _take(self, event: ConnectionEvent) -> None:
        # Only RawData waits. quart-trio cancels a request in the very send that brings Updated or Closed: a checkpoint
        # would lose them, and with them the keep-alive timeout and `Connection: close`.
        if isinstance(event, RawData):
            if event.data:
                self._sends += 1
                await self._outgoing.send(event.data)
        elif isinstance(event, Updated):
            self._set_idle(event.idle)
        elif isinstance(event, Closed):
            self._reading.cancel()

    def _set_idle(self, idle: bool) -> None:
        now = trio.current_time()
        self.idle_since_s = now if idle else None
        self._reading.deadline = now + self._terms.keep_alive_timeout_s if idle else float("inf")

    def leave_if_idle(self) -> None:
        """The server closes: do not wait for another request."""
        if self.idle_since_s is not None:
            self._reading.cancel()
