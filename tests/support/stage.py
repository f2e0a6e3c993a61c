"""A box whose camera is the test itself: real routes, edge and sockets, and frames as the test makes them."""

import socket
import ssl
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio

from appliance.server import edge, listen
from appliance.server.app import create_app
from appliance.server.box import Box
from appliance.streams.registry import Registry
from appliance.streams.stream import Stream
from appliance.wire import message
from tests.streams.frames import frame as frame_of
from tests.support.boxes import config_of
from tests.support.edge_clients import UPGRADE, Client, connected
from tests.support.edge_clients import frame as client_frame

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
SEND_BYTES = 16 * 1024  # of a small buffer of the kernel; it doubles that
FEW_BYTES = 4096
LIVE_WITHIN_S = 8.0


class Stage:
    """What the test plays on."""

    def __init__(self, box: Box, port: int, secure_port: int = 0) -> None:
        self.box, self.port, self.secure_port = box, port, secure_port
        self.url = f"http://127.0.0.1:{port}"

    @property
    def stream(self) -> Stream:
        """The first of its streams."""
        return self.box.registry.default()

    def publish(self, size_bytes: int = 1000, rendition: str = "high", stream: Stream | None = None) -> int:
        """Have the camera deliver a picture; returns its number, which also is what the picture consists of."""
        stream = stream or self.stream
        number = stream.numbering.for_placeholder()  # simply the next one
        stream.numbering._last_placeholder = 0
        data = struct.pack(">Q", number) * (size_bytes // 8)
        stream.publish(stream.offer.renditions.index(rendition), frame_of(number, data=data))
        return number

    async def until_watched(self, count: int = 1) -> None:
        """Return when so many watch the first stream."""
        with trio.fail_after(LIVE_WITHIN_S):
            while self.stream.viewers != count:
                await self.stream.changed.wait()


def whole(picture: bytes) -> int:
    """The number of a picture that `Stage.publish` made; that it is one, and nothing else, is asserted."""
    assert picture == picture[:8] * (len(picture) // 8), "a picture with something else inside"
    number: int = struct.unpack(">Q", picture[:8])[0]
    return number


@asynccontextmanager
async def stage(
    cameras: Sequence[str] = ("front",),
    limits: str = "",
    *,
    with_lane: bool = True,
    send_bytes: int = 0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Stage]:
    """A served box. `send_bytes`: how small its sockets' buffers are."""
    text = "".join(f'[[cameras]]\nid = "{name}"\nsource = "pattern"\n' for name in cameras)
    config = config_of(f'[server]\nbind = ["127.0.0.1:0"]\n[limits]\n{limits}\n{text}')
    box = Box(config=config, registry=Registry(config), attached_cameras=_no_cameras, names=[])
    plain, secure = listen.bind(["127.0.0.1:0"]), listen.bind(["127.0.0.1:0"]) if tls else []
    for sock in [*plain, *secure]:
        if send_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_bytes)  # those that are accepted inherit it

    async def serve(task_status: trio.TaskStatus[list[str]]) -> None:
        await edge.serve(
            create_app(box),
            sockets=plain,
            send_timeout_s=config.limits.send_timeout_s,
            shutdown_trigger=box.closing.wait,
            refused=box.refused,
            with_lane=with_lane,
            secure_sockets=secure,
            tls=tls,
            task_status=task_status,
        )

    async with trio.open_nursery() as nursery:
        ports = [sock.getsockname()[1] for sock in [*plain, *secure]]
        await nursery.start(serve)
        for stream in box.registry:
            stream.set_status("live")
        yield Stage(box, *ports)
        box.close()


async def _no_cameras() -> list[dict[str, object]]:
    return []


class Page:
    """A WebSocket viewer that takes the server's bytes apart strictly (RFC 6455), and says what the test wants said.

    Whatever is masked, fragmented, reserved, longer than need be, or comes after a Close is a failure.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.code: int | None = None  # of the Close that came

    async def say(self, opcode: int, payload: bytes, *, first_bits: int = 0x80) -> None:
        """Send one frame."""
        await self.client.send(client_frame(opcode, payload, first_bits=first_bits))

    async def frame(self) -> tuple[int, bytes]:
        """The next frame's opcode and payload. Raises EOFError at a clean end."""
        head = await self._exactly(2, may_end=True)
        assert self.code is None, f"{head!r} after the Close"
        assert head[0] & 0xF0 == 0x80, f"{head!r}: not whole, or reserved bits"
        opcode, length = head[0] & 0x0F, head[1]
        assert opcode in (TEXT, BINARY, CLOSE, PING, PONG), opcode
        assert length < 128, "masked"
        if opcode >= CLOSE:
            assert length < 126
        if length == 126:
            length = struct.unpack(">H", await self._exactly(2))[0]
            assert length >= 126
        elif length == 127:
            length = struct.unpack(">Q", await self._exactly(8))[0]
            assert length >= 1 << 16
        payload = await self._exactly(length)
        if opcode == CLOSE:
            self.code = struct.unpack(">H", payload[:2])[0]
        elif opcode == TEXT:
            payload.decode()
        return opcode, payload

    async def picture(self) -> message.Message:
        """The next picture, whatever else comes before it. It is whole."""
        while True:
            opcode, payload = await self.frame()
            if opcode == BINARY:
                picture = message.decode(payload)
                assert whole(picture.payload) == picture.number
                return picture

    async def to_end(self) -> list[message.Message]:
        """All pictures until the connection ends."""
        pictures = []
        try:
            while True:
                pictures.append(await self.picture())
        except EOFError:
            return pictures

    async def _exactly(self, count: int, *, may_end: bool = False) -> bytes:
        client = self.client
        while len(client.seen) < count:
            with trio.fail_after(LIVE_WITHIN_S):
                data = await client.stream.receive_some(65536)
            if not data and may_end and not client.seen:
                raise EOFError
            assert data, "the connection ended inside a frame"
            client.seen += data
        taken, client.seen = client.seen[:count], client.seen[count:]
        return taken


@asynccontextmanager
async def page(port: int, path: str = "/ws/viewer/front", receive_bytes: int | None = None) -> AsyncIterator[Page]:
    """A page that watches."""
    async with connected(port, receive_bytes) as client:
        yield await upgraded(client, path)


async def upgraded(client: Client, path: str) -> Page:
    """A connection that became a WebSocket."""
    await client.send((UPGRADE % (path.encode(), b"")).replace(b"Host: box", b"Host: 127.0.0.1"))
    head = await client.read_until(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    return Page(client)
