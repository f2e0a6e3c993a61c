"""The OpenAPI document: what docs/protocol.md says about HTTP, for tools. A test holds it to the routes."""

from typing import Any

import msgspec
from quart import Blueprint, Response

from appliance import __version__
from appliance.server import controls_api, streams_api
from appliance.server.box import Box
from appliance.server.errors import json_response
from appliance.server.status_api import BoxStatus, Health
from appliance.server.views import StreamState
from appliance.wire.controls import Control

_JPEG = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}
_MJPEG = {"multipart/x-mixed-replace": {"schema": {"type": "string", "format": "binary"}}}
_METRICS = {name: {"schema": {"type": "string"}} for name in ("text/plain", "application/openmetrics-text")}


def routes(box: Box) -> Blueprint:
    """`/openapi.json`."""
    blueprint = Blueprint("openapi", __name__)

    @blueprint.get("/openapi.json")
    async def openapi() -> Response:
        return json_response(document())

    return blueprint


def document() -> dict[str, Any]:
    """The whole document, OpenAPI 3.1."""
    _, components = msgspec.json.schema_components(
        [StreamState, BoxStatus, Health, Control], ref_template="#/components/schemas/{name}"
    )
    error = {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            }
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "camera-appliance", "version": __version__, "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": "/"}],
        "paths": {**_paths(), **_controls_paths()},
        "components": {"schemas": {**components, **streams_api.schemas(), **controls_api.schemas(), "Error": error}},
    }


def _paths() -> dict[str, Any]:
    stream_id, preset, fps = _in_path("stream_id"), _in_query("preset", "string"), _in_query("fps", "number")
    action, max_age = _in_query("action", "string"), _in_query("max_age", "number")
    advance = _in_query("advance_headers", "integer")
    state = _json(_ref("StreamState"))
    no_stream = {"404": _error("no such stream")}
    watching = {**no_stream, "400": _error("unknown preset or bad number"), "503": _error("full, or no picture")}
    listed = _json({"type": "object", "properties": {"streams": {"type": "array", "items": _ref("StreamState")}}})
    thing, health = _json({"type": "object"}), _json(_ref("Health"))
    start = {
        "200": state,
        "201": state,
        "400": _error("bad body"),
        **no_stream,
        "409": _error("the id is taken"),
        "503": _error("too many streams"),
    }
    return {
        "/": {"get": _does("The page; with ?action=stream or snapshot as mjpg-streamer", {"200": _page()}, [action])},
        "/api/streams": {
            "get": _does("All streams", {"200": listed}),
            "post": _does("Start a stopped stream or make a new one", start, body="StartStream"),
        },
        "/api/streams/{stream_id}": {
            "get": _does("One stream", {"200": state, **no_stream}, [stream_id]),
            "patch": _does(
                "Change it for everybody",
                {"200": state, "400": _error("bad body"), **no_stream},
                [stream_id],
                "ChangeStream",
            ),
            "delete": _does("Stop it", {"204": {"description": "stopped"}, **no_stream}, [stream_id]),
        },
        "/api/streams/{stream_id}/mjpeg": {
            "get": _does("Live pictures", {"200": _body(_MJPEG), **watching}, [stream_id, preset, fps, advance])
        },
        "/api/streams/{stream_id}/snapshot.jpg": {
            "get": _does("One picture", {"200": _body(_JPEG), **watching}, [stream_id, preset, max_age])
        },
        "/api/cameras": {"get": _does("What is attached", {"200": thing})},
        "/api/status": {"get": _does("Numbers for people", {"200": _json(_ref("BoxStatus"))})},
        "/metrics": {"get": _does("Numbers for Prometheus", {"200": _body(_METRICS)})},
        "/healthz": {"get": _does("Has every camera a fresh picture?", {"200": health, "503": health})},
        "/openapi.json": {"get": _does("This document", {"200": thing})},
        "/stream": {
            "get": _does(
                "Live pictures of the default stream", {"200": _body(_MJPEG), **watching}, [preset, fps, advance]
            )
        },
        "/snapshot": {"get": _does("One picture of the default stream", {"200": _body(_JPEG), **watching}, [preset])},
        "/webcam/": {"get": _does("As mjpg-streamer behind a proxy", {"200": _body(_MJPEG), **watching}, [action])},
        "/state": {"get": _does("ustreamer's state of the default stream", {"200": thing, **no_stream})},
    }


def _controls_paths() -> dict[str, Any]:
    stream_id = _in_path("stream_id")
    listed = _json({"type": "object", "properties": {"controls": {"type": "array", "items": _ref("Control")}}})
    refused = {"400": _error("unknown control or impossible value"), "409": _error("the camera refuses, or has none")}
    answers = {"200": listed, "404": _error("no such stream")}
    reset = {**answers, **refused}
    return {
        "/api/streams/{stream_id}/controls": {
            "get": _does("What can be set on its camera", answers, [stream_id]),
            "patch": _does("Set some, for everybody; null: back to the default", reset, [stream_id], "SetControls"),
            "delete": _does("Back to the default: one, or all", reset, [stream_id, _in_query("id", "string")]),
        }
    }


def _does(
    summary: str, responses: dict[str, Any], parameters: list[dict[str, Any]] | None = None, body: str | None = None
) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": summary, "responses": responses}
    if parameters:
        operation["parameters"] = parameters
    if body:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    return operation


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _in_query(name: str, type_: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": type_}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return _body({"application/json": {"schema": schema}})


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"description": "as asked", "content": content}


def _error(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _ref("Error")}}}


def _page() -> dict[str, Any]:
    return _body({"text/html": {"schema": {"type": "string"}}, **_MJPEG, **_JPEG})
