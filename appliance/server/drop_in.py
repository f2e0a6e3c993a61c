"""The addresses of mjpg-streamer and ustreamer, so that their clients play the default stream without a change."""

import time
from typing import Any, Literal

import trio
from quart import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from appliance.frame import Frame
from appliance.server.box import Box
from appliance.server.errors import ApiError, json_response
from appliance.server.mjpeg import SNAPSHOT_DEADLINE_S, newest_picture, picture_response, stream_response
from appliance.server.requests import address_of, preset_of, stream_of
from appliance.server.views import captured_fps
from appliance.streams.stream import Stream
from appliance.wire import multipart

Action = Literal["stream", "snapshot"]


def routes(box: Box) -> Blueprint:
    """`/stream`, `/snapshot`, `/state` and `/webcam/?action=…`."""
    blueprint = Blueprint("drop_in", __name__)

    @blueprint.get("/stream")
    async def stream() -> Response:
        return await answer(box, "stream")

    @blueprint.get("/snapshot")
    async def snapshot() -> Response:
        return await answer(box, "snapshot")

    @blueprint.get("/webcam/")
    async def webcam() -> Response:
        return await answer(box, action(request.args) or "stream")

    @blueprint.get("/state")
    async def state() -> Response:
        return json_response({"ok": True, "result": ustreamer_state(stream_of(box, None))})

    return blueprint


def action(arguments: MultiDict[str, str]) -> Action | None:
    """What `?action=` asks for; mjpg-streamer also numbers its inputs (`stream_0`) and has no other one here."""
    asked = arguments.get("action")
    if asked is None:
        return None
    name = asked.removesuffix("_0")
    if name not in ("stream", "snapshot"):
        raise ApiError(400, "unknown_action", "action is stream or snapshot")
    return "stream" if name == "stream" else "snapshot"


async def answer(box: Box, asked: Action) -> Response:
    """What a client of mjpg-streamer or ustreamer gets."""
    stream = stream_of(box, None)
    if asked == "stream":
        return stream_response(box, stream)
    preset = preset_of(stream, request.args)
    try:
        frame = await newest_picture(box, stream, preset, None)
    except ApiError as no_picture:
        if no_picture.code != "no_picture":
            raise
        frame = await _placeholder(stream, preset, no_picture)
    return picture_response(frame, _ustreamer_headers(frame))


async def _placeholder(stream: Stream, preset: str | None, no_picture: ApiError) -> Frame:
    """ustreamer answers with a picture even when there is none, and says so in a header."""
    subscription = stream.subscribe(preset)
    subscription.kind, subscription.address = "snapshot", address_of(request)
    try:
        with trio.fail_after(SNAPSHOT_DEADLINE_S):
            return await subscription.receive()
    except (trio.EndOfChannel, trio.TooSlowError):
        raise no_picture from None
    finally:
        stream.leave(subscription)


def _ustreamer_headers(frame: Frame) -> dict[str, str]:
    return {
        "X-UStreamer-Online": "false" if frame.placeholder else "true",
        "X-UStreamer-Width": str(frame.width),
        "X-UStreamer-Height": str(frame.height),
        "X-UStreamer-Grab-Begin-Timestamp": multipart.timestamp(frame),
        "X-UStreamer-Send-Timestamp": f"{time.time():.6f}",
    }


def ustreamer_state(stream: Stream) -> dict[str, Any]:
    """The `result` of ustreamer's /state, with its fields in its order."""
    width, height = stream.size_of(stream.offer.resolve(None))
    frame = stream.latest(stream.offer.resolve(None))
    now_s = time.monotonic()
    clients = {
        f"{number:016x}": {
            "fps": round(subscription.figures.numbers(now_s).fps),
            "extra_headers": False,
            "advance_headers": False,
            "dual_final_frames": False,
            "zero_data": False,
            "key": "0",
        }
        for number, subscription in enumerate(stream.subscriptions, 1)
    }
    fps = captured_fps(stream)
    return {
        "instance_id": "",
        "encoder": {"type": "CPU", "quality": frame.jpeg_quality if frame else 0},
        "source": {
            "resolution": {"width": width, "height": height},
            "online": stream.status == "live",
            "desired_fps": stream.camera.fps,
            "captured_fps": round(fps),
        },
        "stream": {"queued_fps": round(fps), "clients": stream.viewers, "clients_stat": clients},
    }
