"""REST for what can be set on a camera: list it, set it, put it back to its default."""

from collections.abc import Iterable

import msgspec
from quart import Blueprint, Response, request

from appliance.server.adjusting import answered, ask, look
from appliance.server.box import Box
from appliance.server.errors import ApiError, json_response
from appliance.server.requests import body_of, stream_of
from appliance.streams.settings import Settings
from appliance.wire.controls import Value

Values = dict[str, Value | None]


def routes(box: Box) -> Blueprint:
    """`/api/streams/{id}/controls`."""
    blueprint = Blueprint("controls", __name__, url_prefix="/api/streams/<stream_id>/controls")

    @blueprint.get("")
    async def list_controls(stream_id: str) -> Response:
        settings = stream_of(box, stream_id).settings
        await look(settings)
        return _listed(settings)

    @blueprint.patch("")
    async def set_controls(stream_id: str) -> Response:
        settings = stream_of(box, stream_id).settings
        values = await body_of(Values)
        return await _outcome(settings, ask(settings, values), values)

    @blueprint.delete("")
    async def reset_controls(stream_id: str) -> Response:
        settings = stream_of(box, stream_id).settings
        control_id = request.args.get("id")
        if control_id is None:
            return await _outcome(settings, settings.reset(), [])
        return await _outcome(settings, ask(settings, {control_id: None}), [control_id])

    return blueprint


async def _outcome(settings: Settings, number: int, asked: Iterable[str]) -> Response:
    """The list as it is then; or what the camera refused, with its reason."""
    await answered(settings, number)
    refused = [settings.refused[each] for each in asked if each in settings.refused]
    if refused:
        raise ApiError(409, "control_refused", "; ".join(refused))
    return _listed(settings)


def _listed(settings: Settings) -> Response:
    return json_response({"controls": settings.controls})


def schemas() -> dict[str, object]:
    """The JSON schema of the body, for the OpenAPI document."""
    return {"SetControls": msgspec.json.schema(Values)}
