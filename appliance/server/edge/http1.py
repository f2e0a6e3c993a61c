"""hypercorn's HTTP/1.1 and WebSocket, with their dangerous corners cut off, and the calls into the app that come of it."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import h11
import trio
import wsproto.connection
import wsproto.events
from hypercorn.events import Closed, RawData
from hypercorn.events import Event as ConnectionEvent
from hypercorn.protocol.events import Data, Event, Response, StreamClosed
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol, H11WSConnection
from hypercorn.protocol.ws_stream import WSStream
from hypercorn.typing import ASGIReceiveEvent, ASGISendEvent, Scope

from appliance.server.allowance import Allowance
from appliance.server.edge.lane import Lane
from appliance.wire import websocket
from appliance.wire.websocket import Boundary

EARLY_S = 2.0  # a client that talks before its upgrade was answered waits so long for the app's answer
UNREAD_MESSAGES = 2  # of a client that the app has not taken yet; then its connection is read no further
SMALL_TALK_PER_S = 100  # frames of a WebSocket that hold no message: a browser sends a few a minute, and each is parsed
SMALL_TALK_BURST_S = 2.0  # on everybody's time
SMALL_BYTES = 256  # of a fragment
Put = Callable[[ASGIReceiveEvent], Awaitable[None]]
Send = Callable[[ASGISendEvent | None], Awaitable[None]]


class Http1(H11Protocol):
    """hypercorn's HTTP/1.1, without its ways to HTTP/2 and to compressed frames, and with a message limit by path."""

    max_message_bytes: Callable[[str], int]
    count_refusal: Callable[[str], None]
    lane: Lane | None = None  # of the call that is being answered

    async def handle(self, event: ConnectionEvent) -> None:
        # Data before an upgrade was answered makes hypercorn refuse it while the app may just be answering (#225).
        if isinstance(event, RawData) and event.data and isinstance(self.connection, H11WSConnection):
            if not await self._upgraded():
                return
            event = RawData(self._without_heard(event.data))
            if not event.data:
                return
        await super().handle(event)

    def _without_heard(self, data: bytes) -> bytes:
        """What the app did not take at once: acks come by the thousand, and wsproto and two queues cost ten times as much."""
        candid = getattr(self.stream, "connection", None)
        if self._boundary.is_here and isinstance(candid, Candid):
            data = data[candid.hear(data) :]
        self._boundary.pass_by(data)
        return data

    async def _upgraded(self) -> bool:
        """Whether the app accepts the upgrade, for whose answer this waits: what is said into a refused one is dropped."""
        if not self._answered.is_set():
            with trio.move_on_after(EARLY_S):
                await self._answered.wait()
        if not self._answered.is_set():
            cast("WSStream", self.stream).closed = True  # first of all: the app may answer during the next line
            await self._refuse(400)
        return cast("H11WSConnection", self.connection).h11_connection.our_state is h11.SWITCHED_PROTOCOL

    async def _check_protocol(self, event: h11.Request) -> None:
        # hypercorn would switch to HTTP/2 here, whose sends go another way. To ignore `Upgrade: h2c` is allowed.
        if event.http_version not in (b"1.0", b"1.1"):
            await self._refuse(505)
        if not _makes_sense(event):
            await self._refuse(400)
        # h11 limits heads only as long as they are not complete.
        head_bytes = len(event.target) + sum(len(name) + len(value) + 4 for name, value in event.headers)
        if head_bytes > self.config.h11_max_incomplete_size:
            await self._refuse(431)

    async def _refuse(self, status_code: int) -> None:
        await self._send_error_response(status_code)
        await self.send(Closed())
        await trio.lowlevel.checkpoint()  # Closed has cancelled the reading task, which runs this: it ends here

    async def _create_stream(self, request: h11.Request) -> None:
        # hypercorn always accepts permessage-deflate, which browsers offer (#307): 3 ms of CPU per frame and viewer.
        headers = [(name, value) for name, value in request.headers if name != b"sec-websocket-extensions"]
        if len(headers) < len(request.headers):
            request = h11.Request(
                method=request.method, target=request.target, headers=headers, http_version=request.http_version
            )
        self._answered = trio.Event()
        await super()._create_stream(request)
        self._boundary = Boundary()
        if isinstance(self.stream, WSStream):
            self.stream.buffer.max_length = self.max_message_bytes(self.stream.scope["path"])
        if isinstance(self.connection, H11WSConnection) and self.connection.buffer:
            self._boundary.pass_by(bytes(self.connection.buffer))
            if not await self._upgraded():
                self.connection.buffer.clear()

    async def stream_send(self, event: Event) -> None:
        if isinstance(event, Response):
            self._answered.set()
            if self.connection.their_state is h11.SEND_BODY:
                # The rest of the request is not waited for, so the connection ends (RFC 9112, 9.3), and the client must know: or its next
                # request would go to a closing connection.
                event = replace(event, headers=[*event.headers, (b"connection", b"close")])
            if isinstance(self.stream, WSStream) and self.stream.handshake.accepted:
                self.stream.connection = Candid(self.count_refusal)
        elif isinstance(event, StreamClosed) and isinstance(self.stream, WSStream) and self.stream.handshake.accepted:
            last_words = cast("Candid", self.stream.connection).last_words()
            if last_words:
                await super().stream_send(Data(stream_id=STREAM_ID, data=last_words))
        await super().stream_send(event)
        if isinstance(event, Response) and isinstance(self.stream, WSStream) and self.stream.handshake.accepted:
            cast("Candid", self.stream.connection).carries(self.lane)  # only now: a frame must not overtake the answer

    @property
    def finished(self) -> bool:
        """hypercorn refused the request, or closed for too big a message (1009), and would now read on for ever."""
        if isinstance(self.stream, WSStream) and self.stream.buffer.length > self.stream.buffer.max_length:
            return True
        return self.stream is not None and self.stream.closed


class Candid(wsproto.connection.Connection):
    """A client that breaks the protocol of WebSockets is told so (1002, 1007); hypercorn only hangs up."""

    _breach: wsproto.events.CloseConnection | None = None
    _lane: Lane | None = None
    _in_message = False  # the beginning of a message has come, and not its end

    def __init__(self, count_refusal: Callable[[str], None]) -> None:
        super().__init__(wsproto.connection.ConnectionType.SERVER)
        self._count_refusal = count_refusal
        self._small_talk = Allowance(SMALL_TALK_BURST_S)

    def carries(self, lane: Lane | None) -> None:
        """Messages may go over this lane, until either side closes."""
        self._lane = lane
        self._tell_lane()

    def send(self, event: wsproto.events.Event) -> bytes:
        """As wsproto's."""
        data = super().send(event)
        self._tell_lane()
        return data

    def events(self) -> Iterator[wsproto.events.Event]:  # type: ignore[override]  # nothing is sent into it
        """As wsproto's; the end is remembered, and pongs are told. Who talks on without saying anything is sent away (1013)."""
        for event in super().events():
            if self._is_small_talk(event) and not self._small_talk.covers_one_more(
                trio.current_time(), SMALL_TALK_PER_S
            ):
                self._count_refusal("message_rate")
                self._breach = wsproto.events.CloseConnection(code=1013)
                yield self._breach
                return
            if isinstance(event, wsproto.events.CloseConnection):
                self._breach = event
                self._tell_lane()
            elif isinstance(event, wsproto.events.Pong) and self._lane is not None:
                self._lane.ponged(event.payload)
            elif isinstance(event, wsproto.events.Message):
                self._in_message = not event.message_finished
            yield event

    def hear(self, data: bytes) -> int:
        """Have the app take the short texts that come first; how many bytes of `data` it took. `data` begins with a frame."""
        taken = 0
        if self._lane is not None and self._lane.way.carries and not self._in_message:
            for text, end in websocket.short_texts(data):
                if not self._lane.heard(text):
                    break
                taken = end
        return taken

    def _tell_lane(self) -> None:
        if self._lane is not None:
            self._lane.way.carries = self.state is wsproto.connection.ConnectionState.OPEN

    def _is_small_talk(self, event: wsproto.events.Event) -> bool:
        """No message, nor much of one: the app never sees it, so only here it can become too much."""
        if self.state is not wsproto.connection.ConnectionState.OPEN or not isinstance(event, wsproto.events.Message):
            return True
        return not event.message_finished and len(event.data) < SMALL_BYTES

    def last_words(self) -> bytes:
        """The closing frame that is still owed when the connection ends, if any is."""
        if self._breach is None or self.state is not wsproto.connection.ConnectionState.OPEN:
            return b""
        return self.send(wsproto.events.CloseConnection(code=self._breach.code))


def _makes_sense(request: h11.Request) -> bool:
    """Whether quart and werkzeug can take it in: they parse before any route, where a failure is a fault of the app's."""
    path = unquote(request.target.partition(b"?")[0].decode("ascii"))
    host = next((value for name, value in request.headers if name == b"host"), b"")
    try:
        if not path.startswith("/"):
            urlsplit(path)
        host.decode("latin1").lower().partition(":")[0].encode("idna")
    except ValueError:
        return False
    return bool(path)


class Call:
    """One request or WebSocket on its way through the app, and what its client said that the app has not taken yet."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope, self.send = scope, send
        self.lane: Lane | None = None
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
