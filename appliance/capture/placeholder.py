"""Placeholder: the picture a stream shows when it has none, with the reason in it.

The server has no codec, so a short-lived process draws it; drawn ones are kept by size and words. The last resort, when even that
fails, is a ready-made JPEG.
"""

import logging
import time
from collections import OrderedDict
from functools import cache
from importlib.resources import files

import trio

from appliance.capture.errand import errand
from appliance.frame import Frame
from appliance.geometry import Size
from appliance.streams.stream import Stream
from appliance.wire import jpeg

DRAW_DEADLINE_S = 5.0
EVERY_S = 1.0
START_GRACE_S = 1.2  # a camera that starts in its usual time needs no placeholder
KEPT = 32  # pictures of some 20 KB
log = logging.getLogger("appliance.placeholder")


class Placeholders:
    """Draws placeholders and keeps those it drew."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[tuple[int, int, str, str], bytes] = OrderedDict()
        self._one_at_a_time = trio.Lock()

    async def show_on(self, stream: Stream) -> None:
        """While `stream` is not live and somebody watches, show why, once a second."""
        while True:
            if stream.status == "starting" and stream.running:
                await _unless_live(stream, START_GRACE_S)
            if stream.status == "live" or not stream.watched():
                await stream.changed.wait()
                continue
            for preset in stream.watched():
                await self._show(stream, preset)
            await _until_told_otherwise(stream, EVERY_S)

    async def _show(self, stream: Stream, preset: str) -> None:
        width, height = stream.size_of(preset)
        picture = await self.draw(width, height, stream.name, stream.reason)
        if stream.status != "live":
            size = jpeg.inspect(picture)
            stream.show(preset, _frame(picture, stream.numbering.for_placeholder(), size))

    async def draw(self, width: int, height: int, title: str, reason: str) -> bytes:
        """A JPEG of this size that says `reason`; never fails."""
        key = (width, height, title, reason)
        async with self._one_at_a_time:
            if key not in self._drawn:
                picture = await _drawn_by_process(key)
                if picture is None:
                    return ready_made()
                self._drawn[key] = picture
                if len(self._drawn) > KEPT:
                    self._drawn.popitem(last=False)
            self._drawn.move_to_end(key)
            return self._drawn[key]


@cache
def ready_made() -> bytes:
    """The last resort."""
    return files("appliance.capture").joinpath("no_picture.jpg").read_bytes()


async def _drawn_by_process(key: tuple[int, int, str, str]) -> bytes | None:
    picture = await errand("placeholder", *map(str, key), deadline_s=DRAW_DEADLINE_S)
    try:
        jpeg.inspect(picture)
    except jpeg.JpegError as error:
        log.warning("no placeholder could be drawn: %s", error)
        return None
    return picture


def _frame(picture: bytes, number: int, size: Size) -> Frame:
    return Frame(
        picture,
        number,
        time.time_ns() // 1000,
        time.monotonic(),
        size.width,
        size.height,
        placeholder=True,
    )


async def _until_told_otherwise(stream: Stream, wait_s: float) -> None:
    """Sleep; a new reason ends it early, a new viewer does not."""
    said = (stream.status, stream.reason, tuple(stream.watched()))
    with trio.move_on_after(wait_s):
        while said == (stream.status, stream.reason, tuple(stream.watched())):
            await stream.changed.wait()


async def _unless_live(stream: Stream, wait_s: float) -> None:
    """Give a starting camera the time it usually takes."""
    with trio.move_on_after(wait_s):
        while stream.status == "starting":
            await stream.changed.wait()
