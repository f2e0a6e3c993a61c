"""Publisher: this machine's camera, pushed to another appliance over a WebSocket that comes back by itself.

The same capture, worker and stream as on a box, with one consumer: the connection. At most a few pictures are on their way at a time,
so on a slow link the other end gets fewer pictures, not older ones.
"""

import logging
import random
import signal
from urllib.parse import SplitResult, urlsplit

import trio
from trio_websocket import ConnectionClosed, ConnectionRejected, HandshakeError, WebSocketConnection, wrap_client_stream

from appliance.capture.nursery import keep_cameras_alive
from appliance.config import NATIVE, Camera, Config
from appliance.streams.registry import Registry
from appliance.streams.stream import Stream
from appliance.wire import message

IN_FLIGHT_FRAMES = 3
ACK_DEADLINE_S = 5.0
CONNECT_DEADLINE_S = 10.0
BACK_OFF_FIRST_S, BACK_OFF_LAST_S = 0.5, 10.0
log = logging.getLogger("appliance.publish")


def target(url: str, stream_id: str | None) -> str:
    """The WebSocket address that `url` and `--id` mean. Raises ValueError."""
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ValueError(
            f"{url!r} is not an address; give http://HOST:PORT with --id ID, or ws://HOST:PORT/ws/stream/ID"
        )
    path = parts.path.rstrip("/")
    if not path.startswith("/ws/stream/"):
        if not stream_id:
            raise ValueError("name the stream on the other box with --id ID")
        path = f"{path}/ws/stream/{stream_id}"
    return f"{scheme}://{parts.netloc}{path}"


async def publish(url: str, camera: Camera) -> None:
    """Push `camera` to `url` until SIGTERM or SIGINT."""
    registry = Registry(Config(cameras=[camera]))
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_cameras_alive, registry)
            nursery.start_soon(_stay_connected, url, registry.default())
            await anext(signals)
            nursery.cancel_scope.cancel()


async def _stay_connected(url: str, stream: Stream) -> None:
    """Connect, push, lose, wait, connect again: longer each time, from anew once pictures arrived."""
    failures = 0
    while True:
        arrived = Arrivals()
        try:
            await _push(url, stream, arrived)
        except* (OSError, HandshakeError, ConnectionClosed, trio.TooSlowError) as group:
            failures = 0 if arrived.count else failures + 1
            log.warning("%s: %s", url, _why(group.exceptions[0]))
        delay_s = min(BACK_OFF_LAST_S, BACK_OFF_FIRST_S * 2**failures)
        await trio.sleep(delay_s * random.uniform(0.7, 1.0))  # noqa: S311 - spreads reconnects, nothing secret


class Arrivals:
    """Counts what the other end has taken."""

    def __init__(self) -> None:
        self.sent = self.count = 0
        self._news = trio.Event()

    def one_more(self) -> None:
        """One more arrived, or was refused: either way it is not on its way any more."""
        self.count += 1
        self._news.set()
        self._news = trio.Event()

    async def room(self) -> None:
        """Return when another picture may go. Raises trio.TooSlowError when the other end has stopped answering."""
        with trio.fail_after(ACK_DEADLINE_S):
            while self.sent - self.count >= IN_FLIGHT_FRAMES:
                await self._news.wait()


async def _push(url: str, stream: Stream, arrived: Arrivals) -> None:
    """One connection, until it fails. The TCP stream is ours, so that it is closed however the upgrade ends."""
    parts = urlsplit(url)
    async with await _connect(parts) as connection, trio.open_nursery() as nursery:
        with trio.fail_after(CONNECT_DEADLINE_S):
            socket = await wrap_client_stream(nursery, connection, parts.netloc, parts.path)
        log.info("publishing to %s", url)
        nursery.start_soon(_take_answers, socket, arrived)
        await _send_pictures(socket, stream, arrived)


async def _connect(parts: SplitResult) -> "trio.SocketStream | trio.SSLStream[trio.SocketStream]":
    tls = parts.scheme == "wss"
    assert parts.hostname is not None
    with trio.fail_after(CONNECT_DEADLINE_S):
        if not tls:
            return await trio.open_tcp_stream(parts.hostname, parts.port or 80)
        return await trio.open_ssl_over_tcp_stream(parts.hostname, parts.port or 443, https_compatible=True)


async def _take_answers(socket: WebSocketConnection, arrived: Arrivals) -> None:
    while True:
        answer = await socket.get_message()
        if '"error"' in answer:
            log.warning("refused: %s", str(answer)[:200])
        arrived.one_more()


async def _send_pictures(socket: WebSocketConnection, stream: Stream, arrived: Arrivals) -> None:
    subscription = stream.subscribe(NATIVE)
    try:
        while True:
            await arrived.room()
            frame = await subscription.receive()
            if frame.placeholder:
                continue  # the other box draws its own, with its own words
            with trio.fail_after(ACK_DEADLINE_S):
                await socket.send_message(message.encode(frame, 0, subscription.lost))
            arrived.sent += 1
    finally:
        stream.leave(subscription)


def _why(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return _why(error.exceptions[0])
    if isinstance(error, ConnectionRejected):
        body = (error.body or b"").decode(errors="replace")[:200]
        return f"refused with status {error.status_code} {body}"
    if isinstance(error, trio.TooSlowError):
        return "no answer in time"
    if isinstance(error, HandshakeError) and error.__cause__ is not None:
        return str(error.__cause__)
    return str(error) or type(error).__name__
