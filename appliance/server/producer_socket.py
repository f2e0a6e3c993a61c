"""`/ws/stream/{id}`: frames from a remote producer."""

import base64
import binascii
import time

import msgspec
import trio
from msgspec import Struct
from quart import Blueprint

from appliance.server.allowance import Allowance
from appliance.server.box import Box
from appliance.server.errors import ApiError
from appliance.server.line import GOING_AWAY, POLICY_VIOLATION, TRY_AGAIN_LATER, Line
from appliance.server.requests import stream_of
from appliance.streams.stream import Stream
from appliance.wire import events, jpeg, message
from appliance.wire.hallway import Pushed

SILENCE_S = 20.0  # a producer that says nothing for so long has lost its place to whoever comes next
MAX_BAD_IN_A_ROW = 100
PICTURES_PER_S = 240  # twice what the fastest camera that can be configured makes
BURST_S = 2.0  # of pictures may come at once, after the network was held up
_JPEG_START = b"\xff\xd8"


class _FrameData(Struct, frozen=True):
    frame: str
    timestamp: float | None = None


class _FrameEvent(Struct, frozen=True):
    type: str
    data: _FrameData


class BadFrameError(ValueError):
    """This message holds no whole picture; `str()` says why."""


def routes(box: Box) -> Blueprint:
    """The WebSocket address of producers."""
    blueprint = Blueprint("producer_socket", __name__, url_prefix="/ws/stream")

    @blueprint.websocket("/<stream_id>")
    async def produce(stream_id: str) -> None:
        stream = stream_of(box, stream_id)
        if stream.camera.parsed_source.kind != "published":
            raise ApiError(
                409, "not_published", f"{stream_id!r} shows a camera of this box; its source is not published"
            )
        if stream.producer.connected:
            raise ApiError(409, "has_producer", f"{stream_id!r} has a producer already")
        line = Line.of_this_request()
        stream.producer.connected = True
        try:
            await line.accept()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_close_with, box, stream, line, nursery.cancel_scope)
                await _take_in(box, stream, line)
                nursery.cancel_scope.cancel()
        finally:
            stream.producer.connected = False

    return blueprint


async def _close_with(box: Box, stream: Stream, line: Line, scope: trio.CancelScope) -> None:
    """The box stops, or the stream is removed, or shows another camera from now on: say so and end."""
    while not (box.closing.is_set() or stream.removed or stream.camera.parsed_source.kind != "published"):
        await stream.changed.wait()
    await line.close(GOING_AWAY)
    scope.cancel()


async def _take_in(box: Box, stream: Stream, line: Line) -> None:
    """Hand each good picture on, answer each bad one, until the producer is silent or sends nothing but rubbish."""
    accepted = bad = 0
    allowance = Allowance(BURST_S)
    while bad < MAX_BAD_IN_A_ROW:
        with trio.move_on_after(SILENCE_S) as silence:
            data = await line.receive()
        if silence.cancelled_caught:
            await line.close(TRY_AGAIN_LATER)
            return
        if not allowance.covers_one_more(trio.current_time(), PICTURES_PER_S):
            box.refused["message_rate"] += 1
            await line.close(TRY_AGAIN_LATER)
            return
        try:
            pushed = picture_in(data)
        except BadFrameError as error:
            bad += 1
            stream.rejected_total += 1
            await line.send(events.error("bad_frame", str(error)))
            continue
        if not stream.running:
            await line.send(events.error("stopped", f"{stream.id!r} is stopped; nobody would see this picture"))
            continue
        stream.producer.push(pushed)
        accepted, bad = accepted + 1, 0
        await line.send(events.encode("ack", {"frame_number": accepted}))
    await line.close(POLICY_VIOLATION)


def picture_in(data: str | bytes | None) -> Pushed:
    """The picture in a producer's message, in any of its three forms. Raises BadFrameError."""
    try:
        if isinstance(data, str):
            pushed = _from_json(data)
        elif data and not data.startswith(_JPEG_START):
            taken = message.decode(data)
            pushed = Pushed(taken.captured_us, taken.payload)
        else:
            pushed = Pushed(time.time_ns() // 1000, data or b"")
        jpeg.inspect(pushed.data)
    except (jpeg.JpegError, message.MessageError) as error:
        raise BadFrameError(f"not a whole JPEG picture: {error}") from error
    return pushed


def _from_json(text: str) -> Pushed:
    try:
        event = msgspec.json.decode(text, type=_FrameEvent)
        picture = base64.b64decode(event.data.frame, validate=True)
    except (msgspec.DecodeError, binascii.Error, UnicodeError, RecursionError) as error:
        raise BadFrameError(f"not a frame_data message: {str(error).replace('`', '')}") from error
    if event.type not in ("frame_data", "frame"):
        raise BadFrameError("a producer sends frame_data messages or binary JPEG")
    seconds = event.data.timestamp
    known = seconds is not None and 0 <= seconds < 1e11  # within the years a u64 of µs and a clock can mean
    return Pushed(int(seconds * 1e6) if known and seconds is not None else time.time_ns() // 1000, picture)
