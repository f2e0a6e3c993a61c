"""The way of people's settings to the worker: one message at a time, and not too many."""

import logging

import trio

from appliance.capture.worker import Worker
from appliance.streams.settings import Kept
from appliance.streams.stream import Stream
from appliance.wire import hallway

EVERY_S = 0.05  # a slider says more; what comes meanwhile becomes one, and the camera's own work goes on between
log = logging.getLogger("appliance.capture")


def kept_for_worker(stream: Stream) -> Kept | None:
    """What a new worker is to set on its camera; see `Settings.begin`."""
    settings = stream.settings
    kept = settings.begin()
    if kept != settings.kept:
        log.warning("%s: nothing is set on it this time, since it failed while it was set", stream.id)
    return kept


async def pass_on_settings(stream: Stream, worker: Worker) -> None:
    """Send what people ask for, as long as this worker lives."""
    settings = stream.settings
    while True:
        order = settings.next()
        if order is None:
            await settings.due.wait()
            continue
        await worker.send(hallway.encode(order))
        await trio.sleep(EVERY_S)
