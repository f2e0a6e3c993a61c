"""REST for streams: list, start, show, change, stop."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from quart import Blueprint, Response

from appliance.config import Camera
from appliance.config.model import Fps, Id, JpegQuality, Pixels, check_name
from appliance.server.box import Box
from appliance.server.errors import ApiError, json_response
from appliance.server.requests import body_of, stream_of
from appliance.server.views import state_of
from appliance.streams.registry import StreamExistsError, TooManyStreamsError
from appliance.streams.stream import Stream, UnknownPresetError

Name = Annotated[str, Meta(max_length=64)]


class StartStream(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Body of POST: an `id` alone starts a stopped stream, a `source` makes a new one."""

    id: Id | UnsetType = UNSET
    source: str | UnsetType = UNSET
    name: Name = ""
    width: Pixels = 1280
    height: Pixels = 720
    fps: Fps = 30
    preset: str = "high"
    presets: list[str] = []


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
        body = await body_of(StartStream)
        if body.source is UNSET:
            stream = stream_of(box, body.id) if body.id is not UNSET else _nothing_named()
            stream.start()
            return json_response(state_of(stream))
        stream = _create(box, body)
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


def _nothing_named() -> Stream:
    raise ApiError(400, "bad_request", "name the id of a stream to start, or the source of a new one")


def _create(box: Box, body: StartStream) -> Stream:
    assert body.source is not UNSET
    stream_id = box.registry.free_id() if body.id is UNSET else body.id
    try:
        camera = Camera(
            id=stream_id,
            name=body.name,
            source=body.source,
            width=body.width,
            height=body.height,
            fps=body.fps,
            preset=body.preset,
            presets=body.presets,
        )
        return box.registry.create(camera)
    except StreamExistsError as error:
        raise ApiError(409, "stream_exists", str(error)) from error
    except TooManyStreamsError as error:
        raise ApiError(503, "too_many_streams", str(error), 10) from error
    except ValueError as error:
        raise ApiError(400, "bad_request", str(error)) from error


def _change(stream: Stream, body: ChangeStream) -> None:
    try:
        stream.adjust(
            name=stream.name if body.name is UNSET else body.name or stream.camera.title,
            preset=stream.preset if body.preset is UNSET else body.preset,
            fps=stream.fps if body.fps is UNSET else body.fps,
            jpeg_quality=stream.jpeg_quality if body.jpeg_quality is UNSET else body.jpeg_quality,
        )
    except UnknownPresetError as error:
        raise ApiError(400, "unknown_preset", str(error)) from error


def schemas() -> dict[str, object]:
    """JSON schemas of the bodies, for the OpenAPI document."""
    _, components = msgspec.json.schema_components(
        [StartStream, ChangeStream], ref_template="#/components/schemas/{name}"
    )
    return components
