"""The nursery all captures live in: one child per stream."""

import trio

from appliance.capture.capture import Capture
from appliance.capture.placeholder import Placeholders
from appliance.streams.registry import Registry
from appliance.streams.stream import Stream

REPEAT_CHECK_S = 0.2


async def keep_cameras_alive(registry: Registry) -> None:
    """Give each stream of the registry its capture. A crash in one is a bug and ends the program."""
    placeholders = Placeholders()
    async with trio.open_nursery() as nursery:
        async for stream in registry.added():
            nursery.start_soon(_broadcast, stream, placeholders, name=f"capture {stream.id}")


async def _broadcast(stream: Stream, placeholders: Placeholders) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_repeat, stream)
        await Capture(stream, placeholders).run()
        nursery.cancel_scope.cancel()


async def _repeat(stream: Stream) -> None:
    """While a camera pauses, those who need signs of life get the last picture again."""
    while True:
        if not stream.viewers:
            await stream.changed.wait()
            continue
        await trio.sleep(REPEAT_CHECK_S)
        stream.repeat()
