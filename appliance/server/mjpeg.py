"""MJPEG over HTTP, and single pictures."""

import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import NamedTuple

import trio
from quart import Blueprint, Response, request

from appliance.frame import Frame
from appliance.server.box import Box
from appliance.server.delivery import Delivery
from appliance.server.edge.lane import Lane, lane_of
from appliance.server.errors import ApiError
from appliance.server.requests import address_of, number_of, preset_of, room_for_a_viewer, stream_of
from appliance.streams.stream import Stream
from appliance.wire import multipart

REPEAT_S = 1.0  # the last picture again when nothing new comes: proxies and players see that the stream lives
SNAPSHOT_DEADLINE_S = 5.0
NEVER_CACHED = "no-store, no-cache, must-revalidate, max-age=0"


def routes(box: Box) -> Blueprint:
    """`/api/streams/{id}/mjpeg` and `…/snapshot.jpg`."""
    blueprint = Blueprint("mjpeg", __name__, url_prefix="/api/streams/<stream_id>")

    @blueprint.get("/mjpeg")
    async def mjpeg(stream_id: str) -> Response:
        return stream_response(box, stream_of(box, stream_id))

    @blueprint.get("/snapshot.jpg")
    async def snapshot(stream_id: str) -> Response:
        stream = stream_of(box, stream_id)
        max_age_s = number_of(request.args, "max_age", 0, 3600)
        return picture_response(await newest_picture(box, stream, preset_of(stream, request.args), max_age_s))

    return blueprint


def stream_response(box: Box, stream: Stream) -> Response:
    """An endless answer of the stream's pictures, as the query wants them."""
    preset = preset_of(stream, request.args)
    fps = number_of(request.args, "fps", 0.01, 120)
    advance = _wants_advance()
    room_for_a_viewer(box)
    if request.method == "HEAD":
        parts = _no_parts()
    else:
        lane = lane_of(request.scope)
        if lane is not None:
            lane.take_over()
        parts = _parts(box, stream, Wish(preset, fps, advance, lane, address_of(request)))
    response = Response(parts, HTTPStatus.OK, content_type=multipart.CONTENT_TYPE)
    response.timeout = None  # quart's own limit would cut every stream after 60 s; the edge bounds each send instead
    response.headers["Cache-Control"] = NEVER_CACHED
    response.headers["Pragma"] = "no-cache"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _wants_advance() -> bool:
    """As the query says, in ustreamer's words; else for browsers that draw the stream themselves."""
    asked = number_of(request.args, "advance_headers", 0, 1)
    if asked is not None:
        return asked > 0
    return multipart.wants_advance(request.headers.get("User-Agent", ""), request.headers.get("Accept", ""))


class Wish(NamedTuple):
    """What one request asks for, and its connection."""

    preset: str | None
    fps: float | None
    advance: bool
    lane: Lane | None
    address: str


async def _parts(box: Box, stream: Stream, wish: Wish) -> AsyncIterator[bytes]:
    """The body; with a lane the pictures go there and only the ends are yielded.

    No scope is open at a `yield`: a generator may be left there.
    """
    lane, advance = wish.lane, wish.advance
    if limit := box.lack_of_room(wish.address):  # the last place was taken while this answer began
        box.refused[limit] += 1
        yield multipart.CLOSING
        return
    subscription = stream.subscribe(wish.preset, wish.fps)
    subscription.kind, subscription.address, subscription.repeat_s = "mjpeg", wish.address, REPEAT_S
    delivery = Delivery(
        stream,
        subscription,
        multipart.advance_buffers if advance else multipart.buffers,
        lane,
        box.config.limits.send_timeout_s,
        websocket=False,
        key="advance" if advance else "multipart",
    )
    try:
        yield multipart.opening(advance=advance)
        while (frame := await _next(delivery)) is not None:
            if lane is not None:
                await delivery.send(frame)
            else:
                part = multipart.part(frame, advance=advance)
                delivery.leaving(frame, len(part))
                yield part
        await delivery.finish()
        yield multipart.closing(advance=advance)
    finally:
        stream.leave(subscription)
        delivery.leave()


async def _next(delivery: Delivery) -> Frame | None:
    try:
        return await delivery.next()
    except trio.EndOfChannel:
        return None


async def _no_parts() -> AsyncIterator[bytes]:
    """The body of a HEAD answer: hypercorn sends none, but would have one made for ever."""
    nothing: tuple[bytes, ...] = ()
    for part in nothing:
        yield part


async def newest_picture(box: Box, stream: Stream, preset: str | None, max_age_s: float | None) -> Frame:
    """A picture captured after now, or one at most `max_age_s` old. Raises ApiError 503 when there is none."""
    asked_s = time.monotonic() - (max_age_s or 0)
    room_for_a_viewer(box)
    subscription = stream.subscribe(preset)
    subscription.kind, subscription.address = "snapshot", address_of(request)
    try:
        with trio.move_on_after(SNAPSHOT_DEADLINE_S):
            while stream.status != "offline":
                frame = await subscription.receive()
                if frame.captured_s >= asked_s and not frame.placeholder:
                    return frame
    except trio.EndOfChannel:
        pass
    finally:
        stream.leave(subscription)
    raise ApiError(503, "no_picture", f"no picture of {stream.id!r}: {stream.reason or 'none came in time'}", 2)


def picture_response(frame: Frame, extra: dict[str, str] | None = None) -> Response:
    """One JPEG, never cached."""
    response = Response(frame.data, HTTPStatus.OK, content_type="image/jpeg")
    response.headers["Cache-Control"] = NEVER_CACHED
    response.headers["X-Timestamp"] = multipart.timestamp(frame)
    response.headers.update(extra or {})
    return response
