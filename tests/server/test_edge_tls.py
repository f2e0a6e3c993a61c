"""The promises of the server's edge over TLS."""

import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trio.testing

from appliance.server import listen
from tests.support.edge_app import (
    GRACEFUL_S,
    create_app,
    edge_of,
)
from tests.support.edge_clients import GET, Client, connected, get, wait_for_count


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
