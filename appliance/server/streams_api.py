"""REST for streams: list, start, show, change, stop."""

import re
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from quart import Blueprint, Response, request

from appliance.config import Camera
from appliance.config.model import Fps, Id, JpegQuality, Pixels, check_name
from appliance.server.box import Box, Values
from appliance.server.errors import ApiError, json_response
from appliance.server.requests import body_of, stream_of
from appliance.server.views import loose_of, state_of
from appliance.streams.offer import UnknownPresetError
from appliance.streams.registry import StreamExistsError, TooManyStreamsError
from appliance.streams.stream import Stream

NO_FILE = "this box was started without a configuration file"
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
    keep: bool | UnsetType = UNSET  # also after a restart


class ChangeStream(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Body of PATCH: what is left out stays; null for `fps` or `jpeg_quality` goes back to the preset's."""

    name: Name | UnsetType = UNSET
    preset: str | UnsetType = UNSET
    fps: Fps | UnsetType | None = UNSET
    jpeg_quality: JpegQuality | UnsetType | None = UNSET
    keep: bool = False  # also after a restart

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
        keep = asked.pop("keep", False)
        stream = _create(box, asked)
        why_not = await added_for_good(box, stream) if keep else None
        response = json_response(_answer(stream, why_not), 201)
        response.headers["Location"] = f"/api/streams/{stream.id}"
        return response

    @blueprint.get("/<stream_id>")
    async def show_stream(stream_id: str) -> Response:
        return json_response(state_of(stream_of(box, stream_id)))

    @blueprint.patch("/<stream_id>")
    async def change_stream(stream_id: str) -> Response:
        stream = stream_of(box, stream_id)
        body = await body_of(ChangeStream)
        _change(stream, body)
        why_not = await changed_for_good(box, stream, body) if body.keep else None
        return json_response(_answer(stream, why_not))

    @blueprint.delete("/<stream_id>")
    async def stop_stream(stream_id: str) -> Response:
        await _end(box, stream_id)
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


async def changed_for_good(box: Box, stream: Stream, body: ChangeStream) -> str:
    """Write what was changed into the configuration, or all that is not in it yet where the body says nothing but `keep`.

    Why that did not work, "" when it did.
    """
    said = {
        "name": body.name,
        "preset": body.preset,
        "viewer_fps": body.fps or 0 if body.fps is not UNSET else UNSET,
        "viewer_jpeg_quality": body.jpeg_quality or 0 if body.jpeg_quality is not UNSET else UNSET,
    }
    values: Values = {key: value for key, value in said.items() if value is not UNSET} or loose_of(stream)
    if box.keeping is None:
        return NO_FILE
    if stream.removable:  # it does not stand there at all
        return await added_for_good(box, stream, loose_of(stream))
    why_not = await box.keeping.change_camera(stream.id, values) if values else ""
    if not why_not:
        stream.camera = msgspec.structs.replace(stream.camera, **values)
    return why_not


async def added_for_good(box: Box, stream: Stream, values: Values | None = None) -> str:
    """Write a stream that was made here into the configuration, as it is set; why that did not work, "" when it did."""
    if box.keeping is None:
        return NO_FILE
    camera = msgspec.structs.replace(stream.camera, **(values or {}))
    if not (why_not := await box.keeping.add_camera(camera)):
        box.registry.take_in(stream, camera)
    return why_not


async def _end(box: Box, stream_id: str) -> None:
    """Stop it, or with `?keep=true` remove it so that it does not come back. Raises ApiError."""
    stream_of(box, stream_id)
    keep = request.args.get("keep", "false")
    if keep not in ("true", "false"):
        raise ApiError(400, "bad_request", "keep is true or false")
    if keep == "true":
        await _remove_for_good(box, stream_id)
    if stream_id in [stream.id for stream in box.registry]:  # or somebody was quicker
        box.registry.end(stream_id, for_good=keep == "true")


async def _remove_for_good(box: Box, stream_id: str) -> None:
    """Take it out of the configuration, if it stands there. Raises ApiError, with nothing changed."""
    stands_there = stream_id in [camera.id for camera in box.config.cameras]
    if stands_there and (why_not := NO_FILE if box.keeping is None else await box.keeping.remove_camera(stream_id)):
        raise ApiError(409, "not_kept", f"{stream_id!r} would come back with the next start: {why_not}")


def _answer(stream: Stream, why_not: str | None) -> dict[str, object]:
    """Its state, and for who asked whether it outlives a restart (None: nobody did)."""
    kept = {} if why_not is None else {"kept": not why_not, "why_not_kept": why_not}
    return {**msgspec.structs.asdict(state_of(stream)), **kept}


def schemas() -> dict[str, object]:
    """JSON schemas of the bodies, for the OpenAPI document."""
    _, components = msgspec.json.schema_components(
        [StartStream, ChangeStream], ref_template="#/components/schemas/{name}"
    )
    return components
