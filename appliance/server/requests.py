"""Reading what a request asks for: its stream, its query, its body."""

from typing import TypeVar

import msgspec
from quart import Request, Websocket, has_request_context, request, websocket
from werkzeug.datastructures import MultiDict

from appliance.server.box import Box
from appliance.server.errors import ApiError
from appliance.streams.offer import UnknownPresetError
from appliance.streams.registry import UnknownStreamError
from appliance.streams.stream import Stream

T = TypeVar("T")


def stream_of(box: Box, stream_id: str | None) -> Stream:
    """The stream with this id, or for None the default one. Raises ApiError 404."""
    try:
        return box.registry.default() if stream_id is None else box.registry.get(stream_id)
    except UnknownStreamError as error:
        raise ApiError(404, "unknown_stream", str(error)) from error


def address_of(asked: Request | Websocket) -> str:
    """The client's IP address; "" on a local socket. X-Forwarded-For and its like are not believed: anybody can write them."""
    client = asked.scope["client"]
    return str(client[0]) if client else ""


def room_for_a_viewer(box: Box) -> None:
    """Raises ApiError 503 when as many people watch as the box allows, over all or from the address that asks."""
    address = address_of(request if has_request_context() else websocket)
    limit = box.lack_of_room(address)
    if limit is None:
        return
    box.refused[limit] += 1
    watching = f"{box.viewers} viewers" if limit == "viewers" else f"{box.viewers_of(address)} viewers of your address"
    raise ApiError(503, "full", f"{watching} watch already, as many as limits.max_{limit} allows", 5)


def preset_of(stream: Stream, arguments: MultiDict[str, str]) -> str | None:
    """The `preset` of a query, known to exist. Raises ApiError 400."""
    preset = arguments.get("preset")
    try:
        stream.offer.resolve(preset)
    except UnknownPresetError as error:
        raise ApiError(400, "unknown_preset", str(error)) from error
    return preset


def number_of(arguments: MultiDict[str, str], name: str, low: float, high: float) -> float | None:
    """A number of a query, None when it is left out. Raises ApiError 400."""
    text = arguments.get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise ApiError(400, "bad_number", f"{name} is a number from {low:g} to {high:g}")
    return value


async def body_of(type_: type[T]) -> T:
    """The JSON body as `type_`. Raises ApiError 400."""
    try:
        return msgspec.json.decode(await request.get_data(), type=type_)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$.")
        where = f"{path.rstrip('`')}: " if path else ""
        raise ApiError(400, "bad_request", where + reason.replace("`", "")) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ApiError(400, "bad_json", "the body is not valid JSON") from error
