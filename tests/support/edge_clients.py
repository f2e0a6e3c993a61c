"""A client of the server's edge that may do everything wrong, and the server it does it to."""

import os
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import trio

from tests.support import edge_app
from tests.support.edge_app import SOON_S

UPGRADE = (
    b"GET %s HTTP/1.1\r\nHost: box\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n%s\r\n"
)
GET = b"GET / HTTP/1.1\r\nHost: box\r\n\r\n"


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
        [sys.executable, edge_app.__file__, kind],
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
