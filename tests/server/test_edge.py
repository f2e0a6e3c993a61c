"""The guard of the server's edge, from outside: real sockets, a real quart-trio app, clients that misbehave.

A promise is checked twice, with the server in a process of its own: the edge must keep it and stock hypercorn must break
it. When the second half fails, a new hypercorn has learned something, and a part of server/edge/ may go.
Run as a program, this file is that process: `test_edge.py edge|stock`; it prints its port and closes when stdin does.
"""

import logging
import os
import socket
import ssl
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import hypercorn.trio
import pytest
import trio
import trio.testing
from hypercorn.config import Config
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import WSStream
from quart import Response, request, websocket
from quart_trio import QuartTrio

from appliance.server import edge, listen
from appliance.server.edge import connection, http1, pinned, serving

SEND_TIMEOUT_S = KEEP_ALIVE_S = GRACEFUL_S = 1.0
SOON_S = SEND_TIMEOUT_S + connection.GRACE_S + 2.0  # what must happen happens by then, also while the machine is busy
CHUNK = bytes(256 * 1024)  # one of these and a few more fill the buffers of a client that does not read
UPGRADE = (
    b"GET %s HTTP/1.1\r\nHost: box\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n%s\r\n"
)
GET = b"GET / HTTP/1.1\r\nHost: box\r\n\r\n"


# The app, and the two servers of it.


def create_app() -> QuartTrio:
    app = QuartTrio("edge_test")
    counts = {"inside": 0, "cut": 0}

    @app.get("/")
    async def ok() -> str:
        return "fine"

    @app.post("/")
    async def take() -> str:
        return str(len(await request.get_data()))

    @app.post("/unread")
    async def unread() -> str:
        return "no thanks"

    @app.get("/count/<name>")
    async def count(name: str) -> str:
        return str(counts[name])

    @app.get("/endless")
    async def endless() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            counts["inside"] += 1
            try:
                while True:
                    yield CHUNK
            finally:
                counts["inside"] -= 1

        response = Response(parts())
        response.timeout = None
        return response

    @app.get("/large")
    async def large() -> bytes:
        return CHUNK * 8

    @app.get("/until/closing")
    async def until_closing() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            await app.config["CLOSING"].wait()
            yield b"last"

        response = Response(parts())
        response.timeout = None
        return response

    @app.get("/crash")
    async def crash() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise ValueError("a fault of the app's own")

        return Response(parts())

    @app.websocket("/ws/echo")
    @app.websocket("/ws/stream/echo", endpoint="stream_echo")
    async def echo() -> None:
        while True:
            await websocket.send(await websocket.receive())

    @app.websocket("/ws/send")  # its only checkpoints are those of send()
    async def send() -> None:
        counts["inside"] += 1
        try:
            while True:
                await websocket.send(CHUNK)
        finally:
            counts["inside"] -= 1

    @app.websocket("/ws/impatient")
    async def impatient() -> None:
        with trio.move_on_after(0.2):
            while True:
                await websocket.send(CHUNK)
        counts["cut"] += 1

    @app.websocket("/ws/undecided")
    async def undecided() -> None:
        counts["inside"] += 1
        try:
            await trio.sleep_forever()
        finally:
            counts["inside"] -= 1

    @app.websocket("/ws/deaf")
    async def deaf() -> None:
        counts["inside"] += 1
        try:
            await websocket.accept()
            await trio.sleep_forever()
        finally:
            counts["inside"] -= 1

    return app


Serve = Callable[..., Awaitable[None]]


async def serve_edge(
    app: QuartTrio,
    shutdown_trigger: Callable[[], Awaitable[None]],
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
    **terms: object,
) -> None:
    await edge.serve(
        app,
        sockets=listen.bind(["127.0.0.1:0"]),
        send_timeout_s=SEND_TIMEOUT_S,
        shutdown_trigger=shutdown_trigger,
        graceful_timeout_s=GRACEFUL_S,
        keep_alive_timeout_s=KEEP_ALIVE_S,
        task_status=task_status,
        **terms,  # type: ignore[arg-type]
    )


async def serve_stock(
    app: QuartTrio,
    shutdown_trigger: Callable[[], Awaitable[None]],
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.graceful_timeout, config.keep_alive_timeout = GRACEFUL_S, KEEP_ALIVE_S
    config.websocket_max_message_size = serving.default_max_message_bytes("/")
    await hypercorn.trio.serve(app, config, shutdown_trigger=shutdown_trigger, task_status=task_status)


async def run_until_stdin_closes(serve: Serve) -> None:
    async with trio.open_nursery() as nursery:
        urls = await nursery.start(partial(serve, create_app(), partial(trio.lowlevel.wait_readable, 0)))
        print(urls[0].rpartition(":")[2], flush=True)


# A client that may do everything wrong.


class Client:
    def __init__(self, stream: trio.abc.HalfCloseableStream, sock: trio.socket.SocketType) -> None:
        self.stream, self.sock, self.seen = stream, sock, b""

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def read_until(self, mark: bytes) -> bytes:
        """What comes up to and with `mark`; a connection that ends before is an error."""
        with trio.fail_after(SOON_S):
            while mark not in self.seen:
                data = await self.stream.receive_some(65536)
                assert data, f"closed after {self.seen[:200]!r}"
                self.seen += data
        before, found, self.seen = self.seen.partition(mark)
        return before + found

    async def read_to_end(self) -> bytes:
        """All that comes until the server closes, which it must."""
        with trio.fail_after(SOON_S), suppress(trio.BrokenResourceError):
            while data := await self.stream.receive_some(65536):
                self.seen += data
        return self.seen

    async def upgrade(self, path: str) -> None:
        await self.send(UPGRADE % (path.encode(), b""))
        assert b" 101 " in await self.read_until(b"\r\n\r\n")

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


@asynccontextmanager
async def connected(port: int, receive_bytes: int | None = None) -> AsyncIterator[Client]:
    sock = trio.socket.socket()
    if receive_bytes:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    async with trio.SocketStream(sock) as stream:
        await sock.connect(("127.0.0.1", port))
        yield Client(stream, sock)


async def get(port: int, path: str = "/") -> str:
    """The body of a fresh request: how the server is shown to be alive."""
    async with connected(port) as client:
        await client.send(b"GET %s HTTP/1.1\r\nHost: box\r\n\r\n" % path.encode())
        head = await client.read_until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        with trio.fail_after(SOON_S):
            while len(client.seen) < length:
                client.seen += await client.stream.receive_some(65536)
        return client.seen.decode()


async def wait_for_count(port: int, name: str, value: int) -> None:
    with trio.fail_after(SOON_S):
        while int(await get(port, f"/count/{name}")) != value:  # noqa: ASYNC110 # the count is in another process
            await trio.sleep(0.02)


def frame(opcode: int, payload: bytes, *, first_bits: int = 0x80, mask: bool = True) -> bytes:
    """A WebSocket frame as clients send it; the mask is zero, so that the payload reads as it is."""
    size = len(payload)
    marker = 0x80 if mask else 0
    if size < 126:
        head = struct.pack(">BB", first_bits | opcode, marker | size)
    elif size < 65536:
        head = struct.pack(">BBH", first_bits | opcode, marker | 126, size)
    else:
        head = struct.pack(">BBQ", first_bits | opcode, marker | 127, size)
    return head + bytes(4 if mask else 0) + payload


# Promises that stock hypercorn breaks.


class Served:
    """A server in a process of its own."""

    def __init__(self, process: trio.Process, port: int) -> None:
        self.process, self.port = process, port

    async def must_stop(self) -> None:
        assert self.process.stdin is not None
        await self.process.stdin.aclose()
        with trio.fail_after(SOON_S):
            assert await self.process.wait() == 0


@asynccontextmanager
async def served_by(kind: str) -> AsyncIterator[Served]:
    root = Path(__file__).parents[2]
    process = await trio.lowlevel.open_process(
        [sys.executable, __file__, kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if kind == "edge" else subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert process.stdout is not None
    try:
        with trio.fail_after(20):
            port = b""
            while not port.endswith(b"\n"):
                port += await process.stdout.receive_some(16)
        yield Served(process, int(port))
    finally:
        with trio.CancelScope(shield=True):
            process.kill()
            await process.wait()
            await process.stdout.aclose()
            if process.stdin is not None:
                await process.stdin.aclose()


async def a_stray_byte_after_an_upgrade_ends_only_its_connection(served: Served) -> None:
    for _ in range(20):
        async with connected(served.port) as client:
            await client.send(UPGRADE % (b"/ws/echo", b"") + b"x")
            await client.stream.send_eof()  # the byte may have come in time to count as half a frame's head
            await client.read_to_end()
        assert await get(served.port) == "fine"


async def a_malformed_chunk_ends_only_its_connection(served: Served) -> None:
    for _ in range(60):  # a race that stock loses one time in five
        async with connected(served.port) as client:
            await client.send(b"POST /unread HTTP/1.1\r\nHost: box\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
            await client.read_to_end()
        assert await get(served.port) == "fine"


async def a_loop_of_sends_after_a_reset_leaves_the_others_running(served: Served) -> None:
    async with connected(served.port) as client:
        await client.upgrade("/ws/send")
        client.reset()
    await wait_for_count(served.port, "inside", 0)


async def a_loop_of_sends_after_a_closing_frame_leaves_the_others_running(served: Served) -> None:
    async with connected(served.port) as client:
        await client.upgrade("/ws/send")
        await client.send(frame(8, struct.pack(">H", 1001)))
        await client.read_to_end()
    await wait_for_count(served.port, "inside", 0)


async def a_stalled_viewer_is_reset_after_the_send_timeout(served: Served) -> None:
    async with connected(served.port, 4096) as web, connected(served.port, 4096) as page:
        await web.upgrade("/ws/send")
        await page.send(b"GET /endless HTTP/1.1\r\nHost: box\r\n\r\n")
        await wait_for_count(served.port, "inside", 2)
        await wait_for_count(served.port, "inside", 0)


async def the_app_can_give_up_a_send(served: Served) -> None:
    async with connected(served.port, 4096) as client:
        await client.upgrade("/ws/impatient")
        await wait_for_count(served.port, "cut", 1)


async def shutdown_waits_for_no_stalled_viewer(served: Served) -> None:
    async with connected(served.port, 4096) as web, connected(served.port, 4096) as page:
        await web.upgrade("/ws/send")
        await page.send(b"GET /endless HTTP/1.1\r\nHost: box\r\n\r\n")
        await wait_for_count(served.port, "inside", 2)
        await served.must_stop()


async def a_finished_connection_is_closed_after_the_keep_alive_timeout(served: Served) -> None:
    async with connected(served.port) as client:
        await client.send(GET)
        assert b"fine" in await client.read_to_end()


async def connection_close_closes(served: Served) -> None:
    async with connected(served.port) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n")
        with trio.fail_after(KEEP_ALIVE_S / 2):
            assert b"fine" in await client.read_to_end()


async def an_http_1_0_answer_ends_with_its_connection(served: Served) -> None:
    async with connected(served.port) as client:
        await client.send(b"GET / HTTP/1.0\r\n\r\n")
        with trio.fail_after(KEEP_ALIVE_S / 2):
            assert b"fine" in await client.read_to_end()


async def frames_are_never_deflated(served: Served) -> None:
    async with connected(served.port) as client:
        await client.send(UPGRADE % (b"/ws/echo", b"Sec-WebSocket-Extensions: permessage-deflate\r\n"))
        head = await client.read_until(b"\r\n\r\n")
        assert b" 101 " in head
        assert b"deflate" not in head


async def unread_messages_do_not_keep_a_connection(served: Served) -> None:
    async with connected(served.port) as client:
        await client.upgrade("/ws/deaf")
        await wait_for_count(served.port, "inside", 1)
        await client.send(frame(1, b"hello?") * 60)
    await wait_for_count(served.port, "inside", 0)


async def too_big_a_message_ends_the_connection(served: Served) -> None:
    async with connected(served.port) as client:
        await client.upgrade("/ws/echo")
        await client.send(frame(2, bytes(64 * 1024 + 1)))
        assert struct.pack(">H", 1009) in await client.read_to_end()


async def a_refused_upgrade_ends_the_connection(served: Served) -> None:
    async with connected(served.port) as client:
        await client.send(UPGRADE.replace(b"Version: 13", b"Version: 12") % (b"/ws/echo", b""))
        with trio.fail_after(KEEP_ALIVE_S / 2):
            assert b" 400 " in await client.read_to_end()


async def http_2_is_not_spoken(served: Served) -> None:
    async with connected(served.port) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: box\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
        assert (await client.read_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    async with connected(served.port) as client:
        await client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 505 ")


PROMISES = [
    a_stray_byte_after_an_upgrade_ends_only_its_connection,
    a_malformed_chunk_ends_only_its_connection,
    a_loop_of_sends_after_a_reset_leaves_the_others_running,
    a_loop_of_sends_after_a_closing_frame_leaves_the_others_running,
    a_stalled_viewer_is_reset_after_the_send_timeout,
    the_app_can_give_up_a_send,
    shutdown_waits_for_no_stalled_viewer,
    a_finished_connection_is_closed_after_the_keep_alive_timeout,
    connection_close_closes,
    an_http_1_0_answer_ends_with_its_connection,
    frames_are_never_deflated,
    unread_messages_do_not_keep_a_connection,
    too_big_a_message_ends_the_connection,
    a_refused_upgrade_ends_the_connection,
    http_2_is_not_spoken,
]
BROKEN = (AssertionError, trio.TooSlowError, trio.BrokenResourceError, OSError)


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_edge_keeps(promise: Callable[[Served], Awaitable[None]]) -> None:
    async with served_by("edge") as served:
        await promise(served)
        if served.process.returncode is None:
            assert await get(served.port) == "fine"
            await served.must_stop()


async def test_stock_hypercorn_breaks_every_one() -> None:
    kept: list[str] = []
    at_once = trio.CapacityLimiter(5)  # most of it is waiting for what stock never does

    async def check(promise: Callable[[Served], Awaitable[None]]) -> None:
        async with at_once, served_by("stock") as served:
            with suppress(*BROKEN):
                await promise(served)
                kept.append(promise.__name__)

    async with trio.open_nursery() as nursery:
        for promise in PROMISES:
            nursery.start_soon(check, promise)
    assert not kept


# Clients that misbehave, each followed by one that does not.


def post(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join((b"POST / HTTP/1.1", b"Host: box", *headers, b"", body))


CHUNKED = b"Transfer-Encoding: chunked"
HELLO = frame(1, b"hello")
MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "empty lines": b"\r\n\r\n\r\n",
    "null bytes": bytes(4096),
    "noise": bytes(range(256)) * 16,
    "a TLS greeting": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "an SSH greeting": b"SSH-2.0-OpenSSH_9.6\r\n",
    "half a request line": b"GET / HT",
    "half a head": b"GET / HTTP/1.1\r\nHost: box\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a null in a header": b"GET / HTTP/1.1\r\nHost: b\x00x\r\n\r\n",
    "a space before a colon": b"GET / HTTP/1.1\r\nHost : box\r\n\r\n",
    "a huge header": b"GET / HTTP/1.1\r\nHost: box\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "very many headers": b"GET / HTTP/1.1\r\nHost: box\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    "a huge target": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: box\r\n\r\n",
    "a target that is no path": b"GET * HTTP/1.1\r\nHost: box\r\n\r\n",
    "an absolute target": b"GET http://elsewhere/ HTTP/1.1\r\nHost: box\r\n\r\n",
    "bad escapes": b"GET /%ff%00%zz HTTP/1.1\r\nHost: box\r\n\r\n",
    "an unknown version": b"GET / HTTP/9.9\r\nHost: box\r\n\r\n",
    "CONNECT": b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: box\r\n\r\n" + bytes(100),
    "the HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"),
    "an upgrade to h2c": b"GET / HTTP/1.1\r\nHost: box\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
    "an upgrade to something": b"GET /endless HTTP/1.1\r\nHost: box\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nmore",
    "two requests at once": GET * 2,
    "many requests at once": GET * 100,
    "a request behind an endless one": GET.replace(b"/ ", b"/endless ") + GET,
    "an unannounced body": GET + b"\x00" * 1000,
    "a body that is cut": post(b"abc", b"Content-Length: 10"),
    "a body that is too long": post(b"abcdefghij", b"Content-Length: 3"),
    "a negative length": post(b"abc", b"Content-Length: -3"),
    "two lengths": post(b"abc", b"Content-Length: 3", b"Content-Length: 4"),
    "a length and chunks": post(b"3\r\nabc\r\n0\r\n\r\n", b"Content-Length: 3", CHUNKED),
    "an unknown encoding": post(b"abc", b"Transfer-Encoding: gzip"),
    "a huge length": post(b"abc", b"Content-Length: 99999999999999999999"),
    "a bad chunk size": post(b"zz\r\n", CHUNKED),
    "a bad chunk end": post(b"3\r\nabcXX0\r\n\r\n", CHUNKED),
    "a chunk that is cut": post(b"ffff\r\nabc", CHUNKED),
    "a bad chunk nobody reads": post(b"zz\r\n", CHUNKED).replace(b"/ ", b"/unread "),
    "Expect: 100-continue": post(b"", b"Content-Length: 3", b"Expect: 100-continue"),
    "Expect: something": post(b"abc", b"Content-Length: 3", b"Expect: miracles"),
    "a stray byte after an upgrade": UPGRADE % (b"/ws/echo", b"") + b"x",
    "frames after an upgrade": UPGRADE % (b"/ws/echo", b"") + HELLO * 3,
    "a request after an upgrade": UPGRADE % (b"/ws/echo", b"") + GET,
    "an upgrade to nowhere": UPGRADE % (b"/ws/nowhere", b""),
    "an upgrade of a page": UPGRADE % (b"/", b""),
    "an upgrade by POST": UPGRADE.replace(b"GET", b"POST") % (b"/ws/echo", b"Content-Length: 3\r\n") + b"abc",
    "an upgrade with a body": UPGRADE % (b"/ws/echo", b"Content-Length: 5\r\n") + b"hello",
    "an upgrade by HTTP/1.0": UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0") % (b"/ws/echo", b""),
    "an upgrade without a key": UPGRADE.replace(b"Key", b"Kez") % (b"/ws/echo", b""),
    "an upgrade with a strange version": UPGRADE.replace(b"13", b"\xff\xfe") % (b"/ws/echo", b""),
    "an upgrade with bad extensions": UPGRADE % (b"/ws/echo", b"Sec-WebSocket-Extensions: ;;=,\xff\r\n"),
    "an upgrade with bad subprotocols": UPGRADE % (b"/ws/echo", b"Sec-WebSocket-Protocol: ,\xff\xfe,\r\n"),
}
FRAMES: dict[str, bytes] = {
    "an unmasked frame": frame(1, b"hello", mask=False),
    "reserved bits": frame(1, b"hello", first_bits=0xF0),
    "an unknown opcode": frame(3, b"hello"),
    "an unknown control opcode": frame(11, b"hello"),
    "a fragmented ping": frame(9, b"hello", first_bits=0),
    "a long ping": frame(9, bytes(126)),
    "many pings": frame(9, b"hello") * 1000,
    "an unasked pong": frame(10, b"hello"),
    "a continuation of nothing": frame(0, b"hello"),
    "two first fragments": frame(1, b"a", first_bits=0) + frame(1, b"b"),
    "text that is not UTF-8": frame(1, b"\xff\xfe"),
    "half a character": frame(1, b"\xe2\x82", first_bits=0) + frame(0, b"x"),
    "an empty message": frame(1, b""),
    "endless fragments": frame(1, b"x" * 60_000, first_bits=0) + frame(0, b"x" * 60_000, first_bits=0) * 5,
    "a length of 2^63": b"\x82\xff" + b"\xff" * 8 + bytes(100),
    "a length spelled too long": b"\x82\xfe" + struct.pack(">H", 5) + bytes(4) + b"hello",
    "half a frame": HELLO[:-2],
    "too big a message": frame(2, bytes(200_000)),
    "a bad closing code": frame(8, struct.pack(">H", 1005)),
    "a closing code of one byte": frame(8, b"x"),
    "a closing reason that is not UTF-8": frame(8, struct.pack(">H", 1000) + b"\xff"),
    "frames after closing": frame(8, struct.pack(">H", 1000)) + HELLO * 3,
    "two closings": frame(8, struct.pack(">H", 1000)) * 2,
    "many messages": HELLO * 500,
}


class Edge:
    """A server in this process: its port, and how to close it."""

    def __init__(self, port: int, url: str) -> None:
        self.port, self.url = port, url
        self.closing, self.closed = trio.Event(), trio.Event()

    async def must_close_within(self, seconds: float) -> None:
        self.closing.set()
        with trio.fail_after(seconds):
            await self.closed.wait()


@asynccontextmanager
async def edge_of(app: object, **terms: object) -> AsyncIterator[Edge]:
    closing = trio.Event()

    async def run(task_status: trio.TaskStatus[list[str]]) -> None:
        await serve_edge(app, closing.wait, task_status, **terms)  # type: ignore[arg-type]
        served.closed.set()

    async with trio.open_nursery() as nursery:
        urls = await nursery.start(run)
        served = Edge(int(urls[0].rpartition(":")[2]), urls[0])
        served.closing = closing
        yield served
        closing.set()


def assert_a_line_each_at_most(caplog: pytest.LogCaptureFixture) -> None:
    said = [record for record in caplog.records if record.levelno >= logging.INFO]
    assert not [record for record in said if record.levelno > logging.INFO or record.exc_info]
    assert len(said) <= 3  # connections of such clients


@pytest.mark.parametrize("name", [*MALFORMED, *FRAMES])
async def test_whatever_a_client_says_the_next_one_is_served(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with edge_of(create_app()) as served:
        for leave in ("politely", "with a reset", "in mid-air"):
            async with connected(served.port) as client:
                with suppress(trio.BrokenResourceError):  # an early answer may come as a reset
                    if name in FRAMES:
                        await client.upgrade("/ws/echo")
                        await client.send(FRAMES[name])
                    else:
                        await client.send(MALFORMED[name])
                    if b"/endless" in MALFORMED.get(name, b""):
                        await client.read_until(CHUNK[:1000])
                    elif leave == "politely":
                        await client.stream.send_eof()
                        await client.read_to_end()
                    elif leave == "with a reset":
                        client.reset()
            assert await get(served.port) == "fine"
        await wait_for_count(served.port, "inside", 0)
        await served.must_close_within(GRACEFUL_S + 1)
    assert_a_line_each_at_most(caplog)


# What the edge promises beyond that.


async def test_a_head_that_never_ends_is_closed() -> None:
    async with edge_of(create_app()) as served, connected(served.port) as client, trio.open_nursery() as nursery:

        async def drip() -> None:
            await client.send(b"GET / HTTP/1.1\r\nHost: box\r\n")
            with suppress(trio.BrokenResourceError):
                while True:
                    await client.send(b"X: y\r\n")
                    await trio.sleep(KEEP_ALIVE_S / 10)

        nursery.start_soon(drip)
        started_s = trio.current_time()
        await client.read_to_end()
        assert trio.current_time() - started_s > KEEP_ALIVE_S / 2
        nursery.cancel_scope.cancel()


async def test_the_app_is_told_when_its_client_was_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "GRACE_S", 30.0)  # so that it is not the end of this that ends the app
    async with edge_of(create_app()) as served, connected(served.port) as client:
        await client.send(UPGRADE % (b"/ws/undecided", b""))
        await wait_for_count(served.port, "inside", 1)
        await client.send(HELLO)
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 400 ")
        await wait_for_count(served.port, "inside", 0)


async def test_a_disconnect_needs_no_room_and_asking_again_yields() -> None:
    async def send(message: object) -> None:
        """Say nothing."""

    call = http1.Call({"type": "websocket"}, send)  # type: ignore[arg-type]
    for _ in range(http1.UNREAD_MESSAGES):
        await call.put({"type": "websocket.receive", "bytes": b"", "text": None})
    with trio.fail_after(SOON_S):
        await call.put({"type": "websocket.disconnect", "code": 1001})
    kinds = [(await call.receive())["type"] for _ in range(http1.UNREAD_MESSAGES)]
    assert kinds == ["websocket.receive"] * http1.UNREAD_MESSAGES
    for _ in range(2):
        with trio.testing.assert_checkpoints():
            assert await call.receive() == {"type": "websocket.disconnect", "code": 1001}
    call.end()


async def test_a_slow_client_that_keeps_taking_is_not_reset() -> None:
    async with edge_of(create_app()) as served, connected(served.port, 4096) as client:
        await client.send(GET.replace(b"/ ", b"/large "))
        await client.read_until(b"\r\n\r\n")
        started_s, length = trio.current_time(), len(client.seen)
        while length < len(CHUNK) * 8:
            data = await client.stream.receive_some(65536)
            assert data
            length += len(data)
            await trio.sleep(len(data) / len(CHUNK) * SEND_TIMEOUT_S / 5)
        assert trio.current_time() - started_s > SEND_TIMEOUT_S


async def test_how_big_a_message_may_be_depends_on_the_path() -> None:
    small, big = frame(2, bytes(64 * 1024)), frame(2, bytes(1024 * 1024))
    async with edge_of(create_app()) as served:
        for path, message in (("/ws/echo", small), ("/ws/stream/echo", big)):
            async with connected(served.port) as client:
                await client.upgrade(path)
                await client.send(message)
                await client.read_until(bytes(64 * 1024))
        async with connected(served.port) as client:
            await client.upgrade("/ws/echo")
            with suppress(trio.BrokenResourceError):
                await client.send(big)
            assert struct.pack(">H", 1009) in await client.read_to_end()


async def test_an_answer_reaches_a_client_that_is_still_talking() -> None:
    async with edge_of(create_app()) as served, connected(served.port) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: box\r\nX: " + b"x" * 3_000_000)
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 431 ")


async def test_a_fault_of_the_app_is_logged_whole_and_cuts_its_answer(caplog: pytest.LogCaptureFixture) -> None:
    async with edge_of(create_app()) as served:
        async with connected(served.port) as client:
            await client.send(GET.replace(b"/ ", b"/crash "))
            seen = await client.read_to_end()
            assert b"half" in seen
            assert not seen.endswith(b"0\r\n\r\n")
        assert await get(served.port) == "fine"
    assert "a fault of the app's own" in caplog.text


async def test_at_shutdown_an_answer_may_end_by_itself() -> None:
    app = create_app()
    async with edge_of(app) as served, connected(served.port) as viewer, connected(served.port) as idle:
        app.config["CLOSING"] = served.closing
        await viewer.send(GET.replace(b"/ ", b"/until/closing "))
        await viewer.read_until(b"first")
        await idle.send(GET)
        await idle.read_until(b"fine")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(served.must_close_within, GRACEFUL_S / 2)
            assert (await viewer.read_to_end()).endswith(b"last\r\n0\r\n\r\n")
            assert await idle.read_to_end() == b""
            await viewer.stream.aclose()
            await idle.stream.aclose()


async def test_at_shutdown_endless_viewers_are_cut() -> None:
    async with edge_of(create_app()) as served, connected(served.port) as viewer, connected(served.port) as web:
        await viewer.send(GET.replace(b"/ ", b"/endless "))
        await web.upgrade("/ws/send")
        async with trio.open_nursery() as nursery:

            async def watch(client: Client) -> None:
                with suppress(trio.BrokenResourceError):
                    while await client.stream.receive_some(65536):
                        pass

            nursery.start_soon(watch, viewer)
            nursery.start_soon(watch, web)
            await served.must_close_within(GRACEFUL_S + 0.7)


async def test_serve_can_be_cancelled_in_the_middle_of_sends() -> None:
    async with trio.open_nursery() as nursery:
        urls = await nursery.start(partial(serve_edge, create_app(), trio.sleep_forever))
        port = int(urls[0].rpartition(":")[2])
        async with connected(port, 4096) as viewer:
            await viewer.send(GET.replace(b"/ ", b"/endless "))
            await wait_for_count(port, "inside", 1)
            nursery.cancel_scope.cancel()
            with trio.CancelScope(shield=True):
                await viewer.read_to_end()


async def test_more_connections_than_allowed_are_turned_away() -> None:
    async with edge_of(create_app(), max_connections=2) as served:
        async with connected(served.port) as first, connected(served.port) as second:
            for client in (first, second):
                await client.upgrade("/ws/echo")
            async with connected(served.port) as third:
                assert await third.read_to_end() == b""
        with trio.fail_after(SOON_S):
            while True:
                with suppress(AssertionError, trio.BrokenResourceError):
                    assert await get(served.port) == "fine"
                    break


async def test_the_app_is_started_and_ended() -> None:
    app, seen = create_app(), []
    app.before_serving(lambda: seen.append("started"))
    app.after_serving(lambda: seen.append("ended"))
    async with edge_of(app) as served:
        assert await get(served.port) == "fine"
        assert seen == ["started"]
        await served.must_close_within(SOON_S)
        assert seen == ["started", "ended"]


async def test_an_app_that_does_not_end_is_left_behind() -> None:
    app = create_app()
    app.after_serving(trio.sleep_forever)
    async with edge_of(app) as served:
        await served.must_close_within(GRACEFUL_S + 1)


def test_no_answer_says_what_serves_it() -> None:
    assert serving._config().response_headers("h11")[0][0] == b"date"
    assert len(serving._config().response_headers("h11")) == 1


def test_a_hypercorn_that_changed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "_PARAMETERS", ((H11Protocol.handle, "self something"),))
    monkeypatch.setattr(pinned, "_ATTRIBUTES", ((WSStream, "closed gone"),))
    with pytest.raises(RuntimeError, match=r"H11Protocol\.handle, WSStream\.gone changed"):
        pinned.check()


# The same over TLS.


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """A server context with a key and certificate made now."""
    key, certificate = tmp_path / "box.key", tmp_path / "box.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=box -days 1"
    subprocess.run([*make.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


@asynccontextmanager
async def connected_securely(port: int) -> AsyncIterator[Client]:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    sock = trio.socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await sock.connect(("127.0.0.1", port))
    stream = trio.SSLStream(trio.SocketStream(sock), trusting, https_compatible=True)
    try:
        yield Client(stream, sock)  # type: ignore[arg-type]  # TLS closes no halves, and no test here does
    finally:
        await trio.aclose_forcefully(stream)


async def test_tls_answers_and_closes(tls: ssl.SSLContext) -> None:
    secure = listen.bind(["127.0.0.1:0"])
    port = secure[0].getsockname()[1]
    async with edge_of(create_app(), secure_sockets=secure, tls=tls) as served:
        async with connected_securely(port) as client:
            await client.send(GET.replace(b"Host", b"Connection: close\r\nHost"))
            assert b"fine" in await client.read_to_end()
        async with connected(port) as client:
            await client.send(GET)
            await client.read_to_end()
        async with connected(port) as client:  # says nothing at all
            await client.read_to_end()
        assert await get(served.port) == "fine"


async def test_tls_viewers_that_stall_are_reset(tls: ssl.SSLContext) -> None:
    secure = listen.bind(["127.0.0.1:0"])
    port = secure[0].getsockname()[1]
    async with edge_of(create_app(), secure_sockets=secure, tls=tls) as served:
        async with connected_securely(port) as web, connected_securely(port) as page:
            await web.upgrade("/ws/send")
            await page.send(GET.replace(b"/ ", b"/endless "))
            await wait_for_count(served.port, "inside", 2)
            await wait_for_count(served.port, "inside", 0)
        async with connected_securely(port) as web:
            await web.upgrade("/ws/send")
            await wait_for_count(served.port, "inside", 1)
            await served.must_close_within(GRACEFUL_S + 1)


if __name__ == "__main__":
    trio.run(run_until_stdin_closes, {"edge": serve_edge, "stock": serve_stock}[sys.argv[1]])
