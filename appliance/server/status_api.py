"""Numbers for people and load balancers: status, health, attached cameras."""

import time
from collections.abc import Iterable

import trio
from msgspec import Struct, structs
from quart import Blueprint, Response

from appliance import __version__
from appliance.config import Preset
from appliance.server.box import Box, Notes
from appliance.server.errors import json_response
from appliance.server.views import (
    BoxTotals,
    StreamStatus,
    Watching,
    counters_of,
    numbers_of,
    state_of,
    totals_of,
    watching_of,
)
from appliance.streams.freshness import lack, waits
from appliance.streams.stream import Stream
from appliance.system.board import Board

MOST_WORDS = 200  # of a reason: a load balancer keeps what it is told in its log
VIEWERS_AT_A_TIME = 16  # under a millisecond of arithmetic, in which no frame goes out


class Reduction(Struct, frozen=True):
    """How much less than they chose viewers get, to spare the board: level 0 is nothing, 3 the most."""

    level: int
    why: str  # half a sentence for people; "" at level 0


class BoxStatus(Struct, frozen=True):
    """`GET /api/status`."""

    version: str
    uptime_s: float
    viewers: int
    tasks: int  # of the server process
    warnings: list[str]
    configuration: Notes
    presets: dict[str, Preset]
    refused: dict[str, int]  # by the limit that did it
    board: Board
    reduction: Reduction
    totals: BoxTotals
    streams: list[StreamStatus]


class Health(Struct, frozen=True, omit_defaults=True):
    """`GET /healthz`."""

    ok: bool
    failing: dict[str, str] = {}  # why, by stream
    waiting: list[str] = []  # published streams without a producer


def routes(box: Box) -> Blueprint:
    """`/api/status`, `/api/cameras` and `/healthz`."""
    blueprint = Blueprint("status", __name__)

    @blueprint.get("/api/status")
    async def status() -> Response:
        streams = [await status_of(stream) for stream in box.registry]
        return json_response(
            BoxStatus(
                version=__version__,
                uptime_s=round(time.monotonic() - box.started_s, 1),
                viewers=box.viewers,
                tasks=trio.lowlevel.current_statistics().tasks_living,
                warnings=box.all_warnings,
                configuration=box.notes,
                presets=box.config.presets,
                refused=box.refused,
                board=box.board,
                reduction=Reduction(*box.registry.ceiling),
                totals=totals_of(streams),
                streams=streams,
            )
        )

    @blueprint.get("/api/cameras")
    async def cameras() -> Response:
        return json_response({"cameras": await box.attached_cameras()})

    @blueprint.get("/healthz")
    async def healthz() -> Response:
        health = health_of(box.registry)
        return json_response(health, 200 if health.ok else 503)

    return blueprint


def health_of(streams: Iterable[Stream]) -> Health:
    """200 or not: is every picture that people want live a fresh one?"""
    now_s, failing, waiting = time.monotonic(), {}, []
    for stream in streams:
        if why := lack(stream, now_s):
            failing[stream.id] = why[:MOST_WORDS]
        elif waits(stream):
            waiting.append(stream.id)
    return Health(not failing, failing, waiting)


async def status_of(stream: Stream) -> StreamStatus:
    """A stream with all its numbers."""
    watching: list[Watching] = []
    for subscription in stream.subscriptions:
        if len(watching) % VIEWERS_AT_A_TIME == VIEWERS_AT_A_TIME - 1:
            await trio.lowlevel.checkpoint()
        watching.append(watching_of(subscription))
    return StreamStatus(
        **structs.asdict(state_of(stream)),
        counters=counters_of(stream),
        numbers=numbers_of(stream),
        watching=watching,
    )
