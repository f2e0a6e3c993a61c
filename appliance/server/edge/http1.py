"""hypercorn's HTTP/1.1 and WebSocket, with their dangerous corners cut off, and the calls into the app that come of it."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

import h11
import trio
from hypercorn.events import Closed
from hypercorn.protocol.events import Data, Event, Response
from hypercorn.protocol.h11 import H11Protocol, H11WSConnection
from hypercorn.protocol.ws_stream import WSStream
from hypercorn.typing import ASGIReceiveEvent, ASGISendEvent, Scope

UNREAD_MESSAGES = 2  # of a client that the app has not taken yet; then its connection is read no further
Put = Callable[[ASGIReceiveEvent], Awaitable[None]]
Send = Callable[[ASGISendEvent | None], Awaitable[None]]


class Http1(H11Protocol):
    """hypercorn's HTTP/1.1, without its ways to HTTP/2 and to compressed frames, and with a message limit by path."""

    max_message_bytes: Callable[[str], int]

    async def _check_protocol(self, event: h11.Request) -> None:
        # hypercorn would switch to HTTP/2 here, whose sends go another way. To ignore `Upgrade: h2c` is allowed.
        if event.http_version not in (b"1.0", b"1.1"):
            await self._send_error_response(505)
            await self.send(Closed())
            await trio.lowlevel.checkpoint()  # Closed has cancelled the reading task, which runs this: it ends here

    async def _create_stream(self, request: h11.Request) -> None:
        # hypercorn always accepts permessage-deflate, which browsers offer (#307): 3 ms of CPU per frame and viewer.
        headers = [(name, value) for name, value in request.headers if name != b"sec-websocket-extensions"]
        if len(headers) < len(request.headers):
            request = h11.Request(
                method=request.method, target=request.target, headers=headers, http_version=request.http_version
            )
        await super()._create_stream(request)
        if isinstance(self.stream, WSStream):
            self.stream.buffer.max_length = self.max_message_bytes(self.stream.scope["path"])

    async def stream_send(self, event: Event) -> None:
        # Data before the upgrade was accepted is refused by hypercorn while the app may just be accepting (#225): the
        # first answer counts, and what the app says into a refused upgrade goes nowhere.
        if isinstance(self.connection, H11WSConnection) and isinstance(event, Response | Data):
            state = self.connection.h11_connection.our_state
            if state is not (h11.SEND_RESPONSE if isinstance(event, Response) else h11.SWITCHED_PROTOCOL):
                return
        await super().stream_send(event)

    @property
    def finished(self) -> bool:
        """hypercorn refused the request, or closed for too big a message (1009), and would now read on for ever."""
        if isinstance(self.stream, WSStream) and self.stream.buffer.length > self.stream.buffer.max_length:
            return True
        return self.stream is not None and self.stream.closed


class Call:
    """One request or WebSocket on its way through the app, and what its client said that the app has not taken yet."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope, self.send = scope, send
        self._arriving, self._inbox = trio.open_memory_channel[ASGIReceiveEvent](UNREAD_MESSAGES)
        kind = "websocket" if scope["type"] == "websocket" else "http"
        self._farewell: Any = {"type": f"{kind}.disconnect", "code": 1006}

    async def put(self, event: ASGIReceiveEvent) -> None:
        """Wait until the app has room. A disconnect needs none: the app's own last send may be what brings it."""
        if event["type"] in ("http.disconnect", "websocket.disconnect"):
            self._farewell = event
            self.hang_up()
            return
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):  # nobody is left to read it
            await self._arriving.send(event)

    async def receive(self) -> ASGIReceiveEvent:
        """The app's `receive`."""
        try:
            return await self._inbox.receive()
        except trio.EndOfChannel:
            await trio.lowlevel.checkpoint()  # or an app that asks again and again stops the whole server
            return cast("ASGIReceiveEvent", self._farewell)

    def hang_up(self) -> None:
        """The client will say nothing more."""
        self._arriving.close()

    def end(self) -> None:
        """The app has returned and will take nothing more."""
        self._inbox.close()
