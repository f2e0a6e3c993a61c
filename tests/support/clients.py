"""Clients that read what the box sends, as programs of other people would."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import h11
import trio
from trio_websocket import ConnectionClosed, ConnectionRejected, WebSocketConnection, wrap_client_stream
from wsproto.utilities import LocalProtocolError

from appliance.wire import message


class Part(NamedTuple):
    """One part of a multipart stream."""

    headers: dict[str, str]
    body: bytes


class Mjpeg:
    """An HTTP/1.1 client that takes an answer's body apart into parts as it comes. `async for` ends with the stream."""

    def __init__(self, stream: trio.SocketStream, target: str) -> None:
        self._stream = stream
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=2**20)
        self._target = target
        self._body = b""
        self._ended = False
        self.headers: dict[str, str] = {}
        self.status = 0
        self._came_s = float("-inf")

    @property
    def age_s(self) -> float:
        """Since the last part came."""
        return trio.current_time() - self._came_s

    async def begin(self) -> None:
        """Ask, and take in the head of the answer."""
        request = h11.Request(method="GET", target=self._target, headers=[("Host", "127.0.0.1")])
        await self._stream.send_all((self._http.send(request) or b"") + (self._http.send(h11.EndOfMessage()) or b""))
        response = await self._event()
        assert isinstance(response, h11.Response)
        self.status = response.status_code
        self.headers = {name.decode(): value.decode() for name, value in response.headers}

    def __aiter__(self) -> "Mjpeg":
        return self

    async def __anext__(self) -> Part:
        try:
            return await self.part()
        except EOFError:
            raise StopAsyncIteration from None

    async def part(self) -> Part:
        """The next part. Raises EOFError when the stream ended with its closing boundary."""
        boundary = b"--" + self.headers["content-type"].partition("boundary=")[2].encode()
        head = (await self._until(b"\r\n\r\n")).lstrip(b"\r\n").split(b"\r\n")
        assert head[0] == boundary, head[0]
        headers = {
            name.lower(): value.strip() for name, _, value in (line.decode().partition(":") for line in head[1:])
        }
        length = int(headers["content-length"])
        while len(self._body) < length:
            await self._more(b"")
        picture, self._body = self._body[:length], self._body[length:]
        self._came_s = trio.current_time()
        return Part(headers, picture)

    async def _until(self, mark: bytes) -> bytes:
        while mark not in self._body:
            await self._more(b"--\r\n")
        found, _, self._body = self._body.partition(mark)
        return found

    async def _more(self, last_words: bytes) -> None:
        event = await self._event()
        if isinstance(event, h11.Data):
            self._body += bytes(event.data)
            return
        assert last_words, "the stream ended inside a picture"
        assert self._body.endswith(last_words), f"no closing boundary: {self._body[-100:]!r}"
        raise EOFError

    async def _event(self) -> h11.Event:
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._stream.receive_some())
                continue
            assert not isinstance(event, type), event
            return event


@asynccontextmanager
async def open_mjpeg(url: str) -> AsyncIterator[Mjpeg]:
    """Parts of an MJPEG stream, as they come."""
    where, _, path = url.removeprefix("http://").partition("/")
    host, _, port = where.partition(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        reader = Mjpeg(stream, "/" + path)
        await reader.begin()
        assert reader.status == 200, reader.status
        yield reader


class Talk:
    """A WebSocket viewer: what it says, and what it is told."""

    def __init__(self, socket: WebSocketConnection) -> None:
        self.socket = socket

    async def say(self, type_: str, **data: Any) -> None:
        """Send one event."""
        await self.socket.send_message(json.dumps({"type": type_, "data": data}))

    async def hear(self) -> message.Message | dict[str, Any]:
        """The next message, taken apart."""
        heard = await self.socket.get_message()
        if isinstance(heard, bytes):
            return message.decode(heard)
        event: dict[str, Any] = json.loads(heard)
        return event

    async def frame(self, *, placeholder: bool | None = None) -> message.Message:
        """The next binary frame; only placeholders or only real ones if asked."""
        while True:
            heard = await self.hear()
            if isinstance(heard, message.Message) and placeholder in (None, heard.placeholder):
                return heard

    async def event(self, type_: str, **expected: Any) -> dict[str, Any]:
        """The data of the next event of this type whose data has these values."""
        while True:
            heard = await self.hear()
            if isinstance(heard, dict) and heard["type"] == type_:
                data: dict[str, Any] = heard["data"]
                if all(data.get(key) == value for key, value in expected.items()):
                    return data

    async def told_and_shown(self) -> str:
        """The reason why the stream is offline, once it was both told and shown: whichever comes first."""
        reason, shown = "", False
        while not (reason and shown):
            heard = await self.hear()
            if isinstance(heard, message.Message):
                shown = shown or heard.placeholder
            elif heard["type"] == "stream_info" and heard["data"]["status"] == "offline":
                reason = heard["data"]["reason"]
        return reason

    async def close_code(self) -> int:
        """Read until the connection ends; the code it ended with."""
        while True:
            try:
                await self.socket.get_message()
            except ConnectionClosed as closed:
                return closed.reason.code if closed.reason else 0


class _Watched(trio.abc.Stream):
    """A connection of which it is known that it ended: trio-websocket waits for ever for a handshake on one that ends before."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream, self.ended = stream, trio.Event()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data: bytes | bytearray = b""
        try:
            data = await self._stream.receive_some(max_bytes)
        finally:
            if not data:
                self.ended.set()
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        try:
            await self._stream.send_all(data)
        except trio.BrokenResourceError:
            self.ended.set()
            raise

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def refuse(self, shaking: trio.CancelScope) -> None:
        """Once it has ended, in a moment in which a refusal is read: no handshake comes any more."""
        with shaking:
            await self.ended.wait()
            await trio.sleep(0.2)
            raise trio.BrokenResourceError("the connection ended before the handshake")


@asynccontextmanager
async def open_viewer(url: str, path: str, **headers: str) -> AsyncIterator[Talk]:
    """A WebSocket to the box at `url`. The TCP stream is ours, so that it is closed even when the upgrade is refused."""
    where = url.removeprefix("http://")
    host, _, port = where.partition(":")
    extra = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    async with _Watched(await trio.open_tcp_stream(host, int(port))) as stream:
        try:
            async with trio.open_nursery() as nursery:
                shaking = trio.CancelScope()
                nursery.start_soon(stream.refuse, shaking)
                any_stream: Any = stream
                sizes: dict[str, Any] = {"max_message_size": 2**24, "message_queue_size": 100}
                socket = await wrap_client_stream(nursery, any_stream, where, path, extra_headers=extra, **sizes)
                shaking.cancel()
                yield Talk(socket)
                with trio.move_on_after(1):
                    await socket.aclose()
                nursery.cancel_scope.cancel()
        except* ConnectionRejected as refusals:
            raise refusals.exceptions[0] from None  # noqa: ASYNC123 - the refusal is all there is to know
        except* LocalProtocolError:
            pass  # trio-websocket answers a ping that comes while it closes, and then complains about that


async def eventually(condition: Any, within_s: float = 5.0) -> None:
    """Wait until `condition()` (a coroutine function) is true."""
    with trio.fail_after(within_s):
        while not await condition():  # noqa: ASYNC110 - what is waited for is outside of this process's events
            await trio.sleep(0.02)
