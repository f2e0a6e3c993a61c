"""Serving an app on listening sockets: the doors, the app's lifespan, and the order of closing."""

import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ASGIFramework
from hypercorn.utils import repr_socket_addr

from appliance.server.edge import pinned
from appliance.server.edge.connection import Connection, Terms
from appliance.server.edge.guests import Guests
from appliance.server.edge.outgoing import Stream
from appliance.server.edge.seldom import Seldom

log = logging.getLogger("appliance.server.edge")

HEAD_BYTES = 16 * 1024  # request line and headers together
pinned.check()


def default_max_message_bytes(path: str) -> int:
    """Viewers send a few words; only a remote producer, at a path that asks who it is, sends pictures."""
    return 8 * 1024 * 1024 if path.startswith("/ws/stream/") else 64 * 1024


async def serve(
    app: ASGIFramework,
    *,
    sockets: Sequence[socket.socket],
    send_timeout_s: float,
    shutdown_trigger: Callable[[], Awaitable[None]],
    graceful_timeout_s: float = 1.5,
    keep_alive_timeout_s: float = 10.0,
    max_message_bytes: Callable[[str], int] = default_max_message_bytes,
    max_connections: int = 512,
    max_connections_per_address: int = 128,
    refused: MutableMapping[str, int] | None = None,
    secure_sockets: Sequence[socket.socket] = (),
    tls: ssl.SSLContext | None = None,
    with_lane: bool = True,
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` on listening sockets, which are closed at the end; started with their URLs.

    A request's head must be complete `keep_alive_timeout_s` after its connection came or was last answered. Those for
    whom there is no room are counted in `refused`, by the limit that kept them out.
    When `shutdown_trigger` returns, no one new is let in, idle connections end, and answers under way have
    `graceful_timeout_s`; then they are cut. Cancelling serve() cuts at once and skips the app's lifespan shutdown.
    """
    config, context, complaints = _config(), WorkerContext(None), Seldom()
    terms = Terms(app, config, context, send_timeout_s, keep_alive_timeout_s, max_message_bytes, complaints)
    guests = Guests(max_connections, max_connections_per_address, complaints, refused)
    terms = terms._replace(with_lane=with_lane and pinned.lane_fits(), count_refusal=guests.count_refusal)
    listeners = _listeners(sockets, secure_sockets, tls)
    async with _lifespan(terms, graceful_timeout_s), trio.open_nursery() as nursery:
        async with trio.open_nursery() as doors:
            welcome = partial(_welcome, terms, guests)
            doors.start_soon(partial(trio.serve_listeners, welcome, listeners, handler_nursery=nursery))
            task_status.started(_urls(sockets, "http") + _urls(secure_sockets, "https"))
            await shutdown_trigger()
            doors.cancel_scope.cancel()
        await context.terminated.set()  # from now on hypercorn closes after an answer
        for connection in guests:
            connection.leave_if_idle()
        nursery.cancel_scope.deadline = trio.current_time() + graceful_timeout_s


async def _welcome(terms: Terms, guests: Guests, stream: Stream) -> None:
    if terms.context.terminated.is_set():
        return
    try:
        address = _address_of(stream)
    except OSError:
        return  # the client is gone already
    limit = guests.lack_of_room(address)
    if limit is not None:
        await guests.refuse(stream, address, limit)
        return
    connection = Connection(terms, stream)
    with guests.stay(connection, address):
        await connection.run()


def _address_of(stream: Stream) -> str:
    """The client's IP address; "" on a local socket. No header is asked: anybody can write one."""
    sock = stream.transport_stream.socket if isinstance(stream, trio.SSLStream) else stream.socket
    return "" if sock.family == socket.AF_UNIX else str(sock.getpeername()[0])


@asynccontextmanager
async def _lifespan(terms: Terms, shutdown_timeout_s: float) -> AsyncIterator[None]:
    """The app's startup and shutdown. hypercorn only logs a crash in the app's own nursery: keep nothing there."""
    lifespan = Lifespan(ASGIWrapper(terms.app), terms.config, {})
    async with trio.open_nursery() as nursery:
        await nursery.start(lifespan.handle_lifespan)
        await lifespan.wait_for_startup()
        yield
        with trio.move_on_after(shutdown_timeout_s) as patience:
            await lifespan.wait_for_shutdown()
        if patience.cancelled_caught:
            log.warning("the app's shutdown took longer than %g s and is cut", shutdown_timeout_s)
        nursery.cancel_scope.cancel()


def _config() -> Config:
    """What hypercorn's protocol classes read of it; binding, timeouts and TLS are not theirs here."""
    config = Config()
    config.errorlog = log
    config.include_server_header = False
    config.h11_max_incomplete_size = HEAD_BYTES
    config.startup_timeout = 10
    return config


def _listeners(
    plain: Sequence[socket.socket], secure: Sequence[socket.socket], tls: ssl.SSLContext | None
) -> list[trio.SocketListener | trio.SSLListener[trio.SocketStream]]:
    def listener(sock: socket.socket) -> trio.SocketListener:
        return trio.SocketListener(trio.socket.from_stdlib_socket(sock))

    if tls is None:
        return [listener(sock) for sock in plain]
    encrypted = [trio.SSLListener(listener(sock), tls, https_compatible=True) for sock in secure]
    return [*map(listener, plain), *encrypted]


def _urls(sockets: Sequence[socket.socket], scheme: str) -> list[str]:
    return [f"{scheme}://{repr_socket_addr(sock.family, sock.getsockname())}" for sock in sockets]
