"""REST for streams: list, start, show, change, stop."""

import re
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from quart import Blueprint, Response

from appliance.config import Camera
from appliance.config.model import Fps, Id, JpegQuality, Pixels, check_name
from appliance.server.box import Box
from appliance.server.errors import ApiError, json_response
from appliance.server.requests import body_of, stream_of
from appliance.server.views import state_of
from appliance.streams.offer import UnknownPresetError
from appliance.streams.registry import StreamExistsError, TooManyStreamsError
from appliance.streams.stream import Stream

MAX_PIXELS = 3840 * 2160
_VIDEO_DEVICE = re.compile(r"/dev/(video[0-9]{1,3}|v4l/by-(id|path)/[^/]+)")
Name = Annotated[str, Meta(max_length=64)]


class StartStream(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Body of POST: an `id` alone starts a stopped stream, a `source` makes a new one."""

    id: Id | UnsetType = UNSET
    source: str | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    width: Pixels | UnsetType = UNSET
    height: Pixels | UnsetType = UNSET
    fps: Fps | UnsetType = UNSET
    preset: str | UnsetType = UNSET
    presets: list[str] | UnsetType = UNSET


class ChangeStream(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Body of PATCH: what is left out stays; null for `fps` or `jpeg_quality` goes back to the preset's."""

    name: Name | UnsetType = UNSET
    preset: str | UnsetType = UNSET
    fps: Fps | UnsetType | None = UNSET
    jpeg_quality: JpegQuality | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        if self.name is not UNSET:
            check_name(self.name)


def routes(box: Box) -> Blueprint:
    """`/api/streams` and `/api/streams/{id}`."""
    blueprint = Blueprint("streams", __name__, url_prefix="/api/streams")

    @blueprint.get("")
    async def list_streams() -> Response:
        return json_response({"streams": [state_of(stream) for stream in box.registry]})

    @blueprint.post("")
    async def start_stream() -> Response:
        asked = msgspec.to_builtins(await body_of(StartStream))
        if "source" not in asked:
            stream = _stopped_stream(box, asked)
            stream.start()
            return json_response(state_of(stream))
        stream = _create(box, asked)
        response = json_response(state_of(stream), 201)
        response.headers["Location"] = f"/api/streams/{stream.id}"
        return response

    @blueprint.get("/<stream_id>")
    async def show_stream(stream_id: str) -> Response:
        return json_response(state_of(stream_of(box, stream_id)))

    @blueprint.patch("/<stream_id>")
    async def change_stream(stream_id: str) -> Response:
        stream = stream_of(box, stream_id)
        _change(stream, await body_of(ChangeStream))
        return json_response(state_of(stream))

    @blueprint.delete("/<stream_id>")
    async def stop_stream(stream_id: str) -> Response:
        stream_of(box, stream_id)
        box.registry.end(stream_id)
        return Response(b"", 204)

    return blueprint


def _stopped_stream(box: Box, asked: dict[str, Any]) -> Stream:
    """The stream that a body without a source means: by its id and nothing else. Raises ApiError."""
    if set(asked) != {"id"}:
        raise ApiError(
            400, "bad_request", "send the id of a stream to start and nothing else, or the source of a new one"
        )
    return stream_of(box, asked["id"])


def _create(box: Box, asked: dict[str, Any]) -> Stream:
    """A new stream; what the body leaves out is as in the configuration. Raises ApiError."""
    try:
        camera = msgspec.convert({"id": box.registry.free_id(), **asked}, Camera)
        _check_what_strangers_may_open(camera)
        return box.registry.create(camera)
    except StreamExistsError as error:
        raise ApiError(409, "stream_exists", str(error)) from error
    except TooManyStreamsError as error:
        raise ApiError(503, "too_many_streams", str(error), 10) from error
    except ValueError as error:  # also what msgspec raises
        raise ApiError(400, "bad_request", str(error).partition(" - at `")[0]) from error


def _check_what_strangers_may_open(camera: Camera) -> None:
    """A file may name any device and size, a request only video devices and sizes that leave the box alive."""
    source = camera.parsed_source
    if source.device and source.kind != "csi" and not _VIDEO_DEVICE.fullmatch(source.device):
        raise ValueError(
            "source: a request may name /dev/video…, /dev/v4l/by-id or by-path/… and csi:…; others stand in the configuration"
        )
    if camera.width * camera.height > MAX_PIXELS:
        raise ValueError(f"width, height: at most {MAX_PIXELS} pixels together; more stands in the configuration")


def _change(stream: Stream, body: ChangeStream) -> None:
    try:
        stream.adjust(
            name=stream.name if body.name is UNSET else body.name or stream.camera.title,
            preset=stream.offer.preset if body.preset is UNSET else body.preset,
            fps=stream.offer.fps if body.fps is UNSET else body.fps,
            jpeg_quality=stream.offer.jpeg_quality if body.jpeg_quality is UNSET else body.jpeg_quality,
        )
    except UnknownPresetError as error:
        raise ApiError(400, "unknown_preset", str(error)) from error


def schemas() -> dict[str, object]:
    """JSON schemas of the bodies, for the OpenAPI document."""
    _, components = msgspec.json.schema_components(
        [StartStream, ChangeStream], ref_template="#/components/schemas/{name}"
    )
    return components
