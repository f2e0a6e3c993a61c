"""MJPEG over HTTP, and single pictures."""

import time
from collections.abc import AsyncIterator
from http import HTTPStatus

import trio
from quart import Blueprint, Response, request

from appliance.frame import Frame
from appliance.server.box import Box
from appliance.server.errors import ApiError
from appliance.server.requests import number_of, preset_of, room_for_a_viewer, stream_of
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
    room_for_a_viewer(box)
    response = Response(
        _no_parts() if request.method == "HEAD" else _parts(box, stream, preset, fps),
        HTTPStatus.OK,
        content_type=multipart.CONTENT_TYPE,
    )
    response.timeout = None  # quart's own limit would cut every stream after 60 s; the edge bounds each send instead
    response.headers["Cache-Control"] = NEVER_CACHED
    response.headers["Pragma"] = "no-cache"
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def _parts(box: Box, stream: Stream, preset: str | None, fps: float | None) -> AsyncIterator[bytes]:
    """The body. No scope is open at a `yield`: a generator may be left there."""
    if box.full:  # the last place was taken while the head of this answer went out
        yield multipart.CLOSING
        return
    subscription = stream.subscribe(preset, fps)
    try:
        yield multipart.OPENING
        last: Frame | None = None
        while True:
            try:
                with trio.move_on_after(REPEAT_S):
                    last = await subscription.receive()
            except trio.EndOfChannel:
                break
            if last is not None:
                yield multipart.part(last)
        yield multipart.CLOSING
    finally:
        stream.leave(subscription)


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
