"""One connection to another box: TCP, TLS, upgrade. It stands, or it fails with a reason.

trio-websocket's reader just stops when the connection ends, or its answer is no HTTP; who waits for the upgrade then waits for ever.
`_Upgrading` stands below it, sees the end first, and fails the reader's task instead.
"""

import re
from urllib.parse import SplitResult

import h11
import idna
import trio
from trio_websocket import HandshakeError, WebSocketConnection, wrap_client_stream
from wsproto.utilities import ProtocolError

DEADLINE_S = 10.0  # for each step
NO_HTTP = (h11.ProtocolError, ProtocolError)  # raised in the reader's task by what trio-websocket did not expect
_WRITABLE = re.compile(r"[!-~]*")
Connection = trio.SocketStream | trio.SSLStream[trio.SocketStream]


def can_be_dialled(parts: SplitResult) -> bool:
    """Can this host be looked up, and this address be written into a request?"""
    host = parts.hostname or ""
    try:
        if not host.isascii():
            idna.encode(host, uts46=True)  # as trio does before it asks for the address
        for name in (host, parts.netloc):
            name.encode("idna")  # as wsproto does for the request; no empty label, none over 63 characters
    except UnicodeError:
        return False
    return bool(host) and _WRITABLE.fullmatch(parts.path) is not None


async def connect(parts: SplitResult) -> Connection:
    """A TCP or TLS connection to the address. Raises OSError, trio.BrokenResourceError, trio.TooSlowError."""
    assert parts.hostname is not None
    with trio.fail_after(DEADLINE_S):
        if parts.scheme != "wss":
            return await trio.open_tcp_stream(parts.hostname, parts.port or 80)
        secure = await trio.open_ssl_over_tcp_stream(parts.hostname, parts.port or 443, https_compatible=True)
        try:
            await secure.do_handshake()  # here, because trio-websocket would not say why it fails
        except BaseException:
            await trio.aclose_forcefully(secure)
            raise
        return secure


async def upgrade(nursery: trio.Nursery, connection: Connection, parts: SplitResult) -> WebSocketConnection:
    """The WebSocket over `connection`, read by a task in `nursery`. Raises trio.TooSlowError; that task raises the rest."""
    upgrading = _Upgrading(connection)
    with trio.fail_after(DEADLINE_S):
        socket = await wrap_client_stream(nursery, upgrading, parts.netloc, parts.path)  # type: ignore[arg-type]  # any will do
    upgrading.done = True
    return socket


class _Upgrading(trio.abc.Stream):
    """The connection; whatever ends it before the upgrade is `done` raises HandshakeError."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.done = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        try:
            await self._connection.send_all(data)
        except trio.BrokenResourceError as error:
            self._ended(error)
            raise

    async def wait_send_all_might_not_block(self) -> None:
        await self._connection.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        try:
            data = await self._connection.receive_some(max_bytes)
        except trio.BrokenResourceError as error:
            self._ended(error)
            raise
        if not data:
            self._ended()
        return data

    async def aclose(self) -> None:
        await self._connection.aclose()
        self._ended()

    def _ended(self, error: BaseException | None = None) -> None:
        if not self.done:
            raise HandshakeError("it ended the connection before it had answered") from error
