"""The nursery all captures live in: one child per stream."""

import trio

from appliance.capture.capture import Capture
from appliance.capture.placeholder import Placeholders
from appliance.streams.registry import Registry


async def keep_cameras_alive(registry: Registry) -> None:
    """Give each stream of the registry its capture. A crash in one is a bug and ends the program."""
    placeholders = Placeholders()
    async with trio.open_nursery() as nursery:
        async for stream in registry.added():
            nursery.start_soon(Capture(stream, placeholders).run, name=f"capture {stream.id}")
