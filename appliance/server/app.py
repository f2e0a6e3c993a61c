"""The web application: its routes, put together. Only this room knows quart and hypercorn."""

from quart import Response, request, websocket
from quart_trio import QuartTrio
from werkzeug.datastructures import Headers

from appliance.server import (
    controls_api,
    drop_in,
    metrics,
    mjpeg,
    openapi,
    page,
    producer_socket,
    status_api,
    streams_api,
    trust,
    viewer_socket,
)
from appliance.server.box import Box
from appliance.server.errors import MAX_BODY_BYTES, ApiError, answer_errors


def create_app(box: Box) -> QuartTrio:
    """An ASGI application that shows `box` to the world."""
    app = QuartTrio("appliance", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["BODY_TIMEOUT"] = box.config.limits.request_timeout_s
    app.url_map.strict_slashes = False  # /webcam and /webcam/ are one
    app.url_map.merge_slashes = False  # //x is another address, not a redirect in HTML
    answer_errors(app)
    _trust_only_our_own(app, box)
    for room in (
        page,
        streams_api,
        controls_api,
        mjpeg,
        status_api,
        metrics,
        drop_in,
        viewer_socket,
        producer_socket,
        openapi,
    ):
        app.register_blueprint(room.routes(box))
    return app


def _trust_only_our_own(app: QuartTrio, box: Box) -> None:
    """Refuse strangers' names and pages before any route sees them, and say on every answer what a browser may do with it."""

    def check(headers: Headers, *, changes: bool) -> None:
        if box.closing.is_set():  # what could be said of its streams now would mislead
            raise ApiError(503, "stopping", "this box is stopping", 5)
        host, origin = headers.get("Host") or "", headers.get("Origin")
        if not trust.host_is_ours(host, [*box.names, *box.config.server.allowed_hosts]):
            raise ApiError(
                421, "unknown_host", f"{host[:100]!r} is not a name of this box; add it to server.allowed_hosts"
            )
        if changes and not trust.origin_is_ours(origin, host, box.config.server.allowed_origins):
            raise ApiError(
                403, "foreign_origin", f"pages of {str(origin)[:100]!r} may not do this; see server.allowed_origins"
            )

    @app.before_request
    async def before_request() -> None:
        check(request.headers, changes=request.method not in trust.SAFE_METHODS)

    @app.before_websocket
    async def before_websocket() -> None:
        check(websocket.headers, changes=True)

    @app.after_request
    async def after_request(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        origin, allowed = request.headers.get("Origin"), box.config.server.allowed_origins
        if origin and (origin in allowed or "*" in allowed):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, PATCH, DELETE"
            response.headers["Access-Control-Allow-Headers"] = "Content-Type"
            response.headers["Vary"] = "Origin"
        return response
