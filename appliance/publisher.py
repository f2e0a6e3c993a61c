"""Publisher: this machine's camera, pushed to another appliance over a WebSocket that comes back by itself.

The same capture, worker and stream as on a box, with one consumer: the connection. At most a few pictures are on their way at a time,
so on a slow link the other end gets fewer pictures, not older ones.
"""

import logging
import signal
import ssl
from urllib.parse import SplitResult, urlsplit

import msgspec
import trio
from trio_websocket import ConnectionClosed, ConnectionRejected, HandshakeError, WebSocketConnection

from appliance import backoff, dial
from appliance.capture.nursery import keep_cameras_alive
from appliance.config import NATIVE, Camera, Config
from appliance.config.load import in_toml_words
from appliance.config.model import Id
from appliance.streams.change import Change
from appliance.streams.registry import Registry
from appliance.streams.stream import Stream
from appliance.wire import events, message

IN_FLIGHT_FRAMES = 3
ACK_DEADLINE_S = 5.0
BACK_OFF_SPREAD = 0.3
ABNORMAL_CLOSURE = 1006  # RFC 6455: it ended without a word
_CLOSURES = {
    1001: "it is stopping, or removed the stream",
    1008: "it cannot use what it was sent",
    1013: "it heard nothing for too long",
}
_PATH = "/ws/stream/"
_FAILURES = (OSError, HandshakeError, ConnectionClosed, trio.BrokenResourceError, trio.TooSlowError)
log = logging.getLogger("appliance.publish")


def target(url: str, stream_id: str | None) -> str:
    """The WebSocket address that `url` and `--id` mean. Raises ValueError with one clear line."""
    parts, scheme = _taken_apart(url)
    before, _, named = f"{parts.path.rstrip('/')}/".partition(_PATH)
    stream_id = named.rstrip("/") or stream_id
    if not stream_id:
        raise ValueError("name the stream on the other box with --id ID")
    try:
        msgspec.convert(stream_id, Id)
    except msgspec.ValidationError as error:
        raise ValueError(f"{in_toml_words(str(error), 'id')}; {stream_id!r} is not") from error
    return f"{scheme}://{parts.netloc}{before.rstrip('/')}{_PATH}{stream_id}"


def _taken_apart(url: str) -> tuple[SplitResult, str]:
    """The parts of an address that can be used, and its scheme as a WebSocket's. Raises ValueError."""
    try:
        parts = urlsplit(url)
        scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
        if scheme and parts.port != 0 and dial.can_be_dialled(parts):
            return parts, scheme
    except ValueError:  # such as port 99999 or half an IPv6 address
        pass
    raise ValueError(f"{url!r} is not an address; give http://HOST:PORT with --id ID, or ws://HOST:PORT{_PATH}ID")


def camera_of(source: str, width: int, height: int, fps: int) -> Camera:
    """The camera to push, within the bounds of the configuration. Raises ValueError with one clear line."""
    if source == "published":
        raise ValueError("source: published is what the other box has; here it is auto, pattern or usb:…")
    asked = {"id": "publisher", "source": source, "width": width, "height": height, "fps": fps, "preset": NATIVE}
    try:
        return msgspec.convert(asked, Camera)
    except msgspec.ValidationError as error:
        raise ValueError(in_toml_words(str(error))) from error


def without_password(url: str) -> str:
    """For the log."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


async def publish(url: str, camera: Camera) -> None:
    """Push `camera` to `url` until SIGTERM or SIGINT."""
    registry = Registry(Config(cameras=[camera]))
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_cameras_alive, registry)
            nursery.start_soon(stay_connected, url, registry.default())
            await anext(signals)
            nursery.cancel_scope.cancel()


async def stay_connected(url: str, stream: Stream) -> None:
    """Connect, push, lose, wait, connect again: longer each time, from anew once pictures arrived."""
    failures, trouble = 0, Trouble(url)
    while True:
        arrived = Arrivals()
        try:
            await _push(url, stream, arrived, trouble)
        except* (*_FAILURES, *dial.NO_HTTP) as group:
            if arrived.count:
                failures, trouble = 0, Trouble(url)
            trouble.say(_why(group))
        await trio.sleep(backoff.delay_s(failures, BACK_OFF_SPREAD))
        failures += 1


class Trouble:
    """Says what is wrong once, not at every attempt."""

    def __init__(self, url: str) -> None:
        self._url = without_password(url)
        self._said = ""

    def say(self, reason: str) -> None:
        """Log it, when it is news."""
        if reason != self._said:
            self._said = reason
            log.warning("%s: %s", self._url, reason)


class Arrivals:
    """Counts what the other end has taken."""

    def __init__(self) -> None:
        self.sent = self.count = 0
        self._change = Change()

    def one_more(self) -> None:
        """One more arrived, or was refused: either way it is not on its way any more."""
        self.count += 1
        self._change.tell()

    async def room(self) -> None:
        """Return when another picture may go. Raises trio.TooSlowError when the other end has stopped answering."""
        with trio.fail_after(ACK_DEADLINE_S):
            while self.sent - self.count >= IN_FLIGHT_FRAMES:
                await self._change.wait()


async def _push(url: str, stream: Stream, arrived: Arrivals, trouble: Trouble) -> None:
    """One connection, until it fails. The TCP stream is ours, so that it is closed however the upgrade ends."""
    parts = urlsplit(url)
    async with await dial.connect(parts) as connection, trio.open_nursery() as nursery:
        socket = await dial.upgrade(nursery, connection, parts)
        log.info("publishing to %s", without_password(url))
        nursery.start_soon(_take_answers, socket, arrived, trouble)
        await _send_pictures(socket, stream, arrived)


async def _take_answers(socket: WebSocketConnection, arrived: Arrivals, trouble: Trouble) -> None:
    while True:
        answer = await socket.get_message()
        try:
            refused = events.refusal_in(answer)
        except events.EventError as error:
            refused = str(error)
        if refused is not None:
            trouble.say(f"a picture was refused: {refused}")
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
    if isinstance(error, ConnectionClosed):
        return _how_it_closed(error)
    if isinstance(error, trio.BrokenResourceError):
        return f"no TLS: {error.__cause__}" if isinstance(error.__cause__, ssl.SSLError) else "the connection was lost"
    if isinstance(error, trio.TooSlowError):
        return "no answer in time"
    if isinstance(error, dial.NO_HTTP):
        return "what it answered is not a WebSocket's answer"
    return str(error) or type(error).__name__


def _how_it_closed(error: ConnectionClosed) -> str:
    code = error.reason.code if error.reason is not None else ABNORMAL_CLOSURE
    if code == ABNORMAL_CLOSURE:
        return "the connection was lost"
    return f"the other box ended the connection ({_CLOSURES.get(code, f'code {code}')})"
