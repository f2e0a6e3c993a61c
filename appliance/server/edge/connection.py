"""One client's connection, from accept to close: when bytes come and go, and when it ends."""

import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

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
from appliance.server.edge.seldom import Seldom

log = logging.getLogger("appliance.server.edge")

GRACE_S = 1.0  # after the end of a connection was decided: for the app to notice, for the client to read our last words
READ_BYTES = 64 * 1024  # most that is read at once, so also what a connection buffers beyond its limits
SLICE_BYTES = 256 * 1024  # of a send must leave within its deadline: a frame whole, a big answer at 26 KB/s or more
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() throws unsent data away and tells the peer so

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


class Terms(NamedTuple):
    """What is the same for all connections of one server."""

    app: ASGIFramework
    config: Config
    context: WorkerContext
    send_timeout_s: float
    keep_alive_timeout_s: float
    max_message_bytes: Callable[[str], int]
    complaints: Seldom


class Connection:
    """One client. Two tasks: one reads and feeds the protocol, one runs the app, a call after the other."""

    def __init__(self, terms: Terms, stream: Stream) -> None:
        self._terms, self._stream = terms, stream
        self._socket = stream.transport_stream.socket if isinstance(stream, trio.SSLStream) else stream.socket
        self._whole = trio.CancelScope()
        self._reading = trio.CancelScope()  # cancelled, or past its deadline: the connection has come to its end
        self._name = "a client"  # its address, for the log
        self._idle = False
        self._sending = trio.Lock()
        self._sends = 0
        self._said_goodbye = False
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
            self._socket.close()

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
        self._name = client[0] if client else "a local client"
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
        protocol.max_message_bytes = terms.max_message_bytes
        return protocol

    async def _read(self) -> None:
        self._set_idle(True)
        with self._reading, suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while not self._protocol.finished:
                data = await self._stream.receive_some(READ_BYTES)
                await self._protocol.handle(RawData(bytes(data)))
                if not data:
                    return

    async def _say_goodbye(self) -> None:
        """Close our half, after a frame under way, and wait for the client's: close() over unread input is a reset."""
        with suppress(OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            async with self._sending:
                self._said_goodbye = True
                if isinstance(self._stream, trio.SSLStream):
                    await self._stream.aclose()
                else:
                    self._socket.shutdown(socket.SHUT_WR)
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
        await self._calls.send(call)
        return partial(self._hand_over, call)

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
                await self._write(event.data)
        elif isinstance(event, Updated):
            self._set_idle(event.idle)
        elif isinstance(event, Closed):
            self._reading.cancel()

    def _set_idle(self, idle: bool) -> None:
        self._idle = idle
        self._reading.deadline = trio.current_time() + self._terms.keep_alive_timeout_s if idle else float("inf")

    def leave_if_idle(self) -> None:
        """The server closes: do not wait for another request."""
        if self._idle:
            self._reading.cancel()

    async def _write(self, data: bytes) -> None:
        async with self._sending:
            if self._said_goodbye:
                return
            whole = False
            try:
                whole = await self._send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass  # the client is gone
            finally:
                self._sends += whole
                if not whole:  # nothing can follow half a frame, also when the app gave it up
                    self._reset()

    async def _send_all(self, data: bytes) -> bool:
        with trio.move_on_after(self._terms.send_timeout_s) as patience, memoryview(data) as view:
            for start in range(0, len(data), SLICE_BYTES):
                patience.deadline = trio.current_time() + self._terms.send_timeout_s
                await self._stream.send_all(view[start : start + SLICE_BYTES])
            return True
        self._complain("%s: took nothing for %g s and is reset", self._terms.send_timeout_s)
        return False

    def _reset(self) -> None:
        self._said_goodbye = True
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._socket.close()
        self._reading.cancel()
