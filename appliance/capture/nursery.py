"""The nursery all captures live in: one child per stream."""

import trio

from appliance.capture.capture import Capture
from appliance.capture.hotplug import Hotplug
from appliance.capture.placeholder import Placeholders
from appliance.capture.usb_reset import UsbReset
from appliance.streams.registry import Registry
from appliance.streams.stream import Stream

REPEAT_CHECK_S = 0.2


async def keep_cameras_alive(registry: Registry) -> None:
    """Give each stream of the registry its capture. A crash in one is a bug and ends the program."""
    placeholders, hotplug, usb_reset = Placeholders(), Hotplug(), UsbReset()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hotplug.run, name="hotplug")
        async for stream in registry.added():
            capture = Capture(stream, placeholders, hotplug, usb_reset)
            nursery.start_soon(_broadcast, stream, capture, name=f"capture {stream.id}")


async def _broadcast(stream: Stream, capture: Capture) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_repeat, stream)
        await capture.run()
        nursery.cancel_scope.cancel()


async def _repeat(stream: Stream) -> None:
    """While a camera pauses, those who need signs of life get the last picture again."""
    while True:
        if not stream.viewers:
            await stream.changed.wait()
            continue
        await trio.sleep(REPEAT_CHECK_S)
        stream.repeat()
