"""The page and its parts, served from memory: no path of a request ever reaches the file system."""

import hashlib
import mimetypes
from pathlib import Path
from typing import NamedTuple

from quart import Blueprint, Response, request

from appliance.server import drop_in
from appliance.server.box import Box
from appliance.server.errors import ApiError

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self' ws: wss:",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    ]
)
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8"}


class Asset(NamedTuple):
    """One file of the page."""

    content: bytes
    content_type: str
    etag: str


def web_folder() -> Path:
    """Where the page lies: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).parent.parent
    beside = package.parent / "web"
    return beside if (beside / "index.html").is_file() else package / "web"


def load_assets(folder: Path) -> dict[str, Asset]:
    """All files of the page by their path below `folder`."""
    return {
        path.relative_to(folder).as_posix(): _asset(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    content_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(content, content_type, f'"{hashlib.sha256(content).hexdigest()[:16]}"')


def routes(box: Box) -> Blueprint:
    """`/`, which is also mjpg-streamer's address, and `/web/…`."""
    blueprint = Blueprint("page", __name__)
    assets = load_assets(web_folder())

    @blueprint.get("/")
    async def index() -> Response:
        action = drop_in.action(request.args)
        if action is not None:
            return await drop_in.answer(box, action)
        return _send(assets["index.html"])

    @blueprint.get("/web/<path:name>")
    async def asset(name: str) -> Response:
        if name not in assets:
            raise ApiError(404, "not_found", "there is nothing at this address")
        return _send(assets[name])

    @blueprint.get("/favicon.ico")
    async def favicon() -> Response:
        return _send(assets["icon.svg"])

    return blueprint


def _send(asset: Asset) -> Response:
    headers = {
        "ETag": asset.etag,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    }
    if request.headers.get("If-None-Match") == asset.etag:
        return Response(b"", 304, headers)
    return Response(asset.content, 200, headers, content_type=asset.content_type)
