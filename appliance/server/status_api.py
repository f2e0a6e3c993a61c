"""Numbers for people and load balancers: status, health, attached cameras."""

import time
from typing import Any

import trio
from msgspec import to_builtins
from quart import Blueprint, Response

from appliance import __version__
from appliance.server.box import Box
from appliance.server.errors import json_response
from appliance.server.views import state_of
from appliance.streams.stream import Stream


def routes(box: Box) -> Blueprint:
    """`/api/status`, `/api/cameras` and `/healthz`."""
    blueprint = Blueprint("status", __name__)

    @blueprint.get("/api/status")
    async def status() -> Response:
        return json_response(
            {
                "version": __version__,
                "uptime_s": round(time.monotonic() - box.started_s, 1),
                "viewers": box.viewers,
                "tasks": trio.lowlevel.current_statistics().tasks_living,
                "warnings": box.warnings,
                "presets": box.config.presets,
                "streams": [{**to_builtins(state_of(stream)), "counters": counters(stream)} for stream in box.registry],
            }
        )

    @blueprint.get("/api/cameras")
    async def cameras() -> Response:
        return json_response({"cameras": await box.attached_cameras()})

    @blueprint.get("/healthz")
    async def healthz() -> Response:
        failing = {stream.id: stream.reason for stream in box.registry if stream.running and stream.status != "live"}
        return json_response({"ok": not failing, **({"failing": failing} if failing else {})}, 503 if failing else 200)

    return blueprint


def counters(stream: Stream) -> dict[str, Any]:
    """Totals since the box started."""
    age_s = time.monotonic() - stream.last_captured_s
    return {
        "captured": stream.captured_total,
        "rejected": stream.rejected_total,
        "worker_restarts": stream.restarts,
        "last_picture_age_s": round(age_s, 3) if stream.captured_total else None,
        "viewers_lost_frames": sum(subscription.lost for subscription in stream.subscriptions),
    }
