"""Every error answer has one form: `{"error": {"code", "message"}}` with the right status."""

import msgspec
from quart import Quart, Response
from werkzeug.exceptions import HTTPException

MAX_BODY_BYTES = 64 * 1024
_WORDS = {
    400: "this request cannot be understood here; a WebSocket address takes only WebSocket upgrades",
    404: "there is nothing at this address",
    405: "this address does not take that method",
    413: f"the body is larger than {MAX_BODY_BYTES // 1024} KiB",
    408: "the body did not arrive in time",
    500: "an internal error; the log has the details",
}


class ApiError(Exception):
    """An answer that is not the one asked for."""

    def __init__(self, status: int, code: str, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.retry_after_s = status, code, retry_after_s

    def response(self) -> Response:
        """What goes to the client."""
        response = json_response({"error": {"code": self.code, "message": str(self)}}, self.status)
        if self.retry_after_s is not None:
            response.headers["Retry-After"] = str(self.retry_after_s)
        return response


def json_response(value: object, status: int = 200) -> Response:
    """`value` (plain data or msgspec structs) as JSON that nobody caches."""
    response = Response(msgspec.json.encode(value), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def answer_errors(app: Quart) -> None:
    """Have `app` answer every error in the one form."""

    @app.errorhandler(ApiError)
    async def of_ours(error: ApiError) -> Response:
        return error.response()

    @app.errorhandler(HTTPException)
    async def of_http(error: HTTPException) -> Response:
        status = error.code or 500
        code = error.name.lower().replace(" ", "_")
        message = _WORDS.get(status, error.description or error.name)
        response = ApiError(status, code, message).response()
        if status == 405 and getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
        return response
