"""`/metrics`: numbers for Prometheus. What they are stands in exposition.py, which is loaded for the first who asks."""

import importlib

import trio
from quart import Blueprint, Response, request

from appliance.server.box import Box

SCRAPED_ONLY = "appliance.server.exposition"  # with its library half a megabyte, which boxes that nobody scrapes save


def routes(box: Box) -> Blueprint:
    """`/metrics`."""
    blueprint = Blueprint("metrics", __name__)

    @blueprint.get("/metrics")
    async def metrics() -> Response:
        exposition = await trio.to_thread.run_sync(importlib.import_module, SCRAPED_ONLY)  # streams go on meanwhile
        text, content_type = exposition.text_of(box, request.headers.get("Accept", ""))
        response = Response(text, content_type=content_type)
        response.headers["Cache-Control"] = "no-store"
        return response

    return blueprint
