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
from appliance.streams.change import Change
from appliance.streams.stream import Stream
from appliance.wire import bundle, jpeg

DRAW_DEADLINE_S = 5.0
EVERY_S = 1.0
START_GRACE_S = 1.2  # a camera that starts in its usual time needs no placeholder
KEPT = 32  # pictures of some 20 KB
log = logging.getLogger("appliance.placeholder")


class Placeholders:
    """Draws placeholders and keeps those it drew."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[tuple[Size, str, str], bytes] = OrderedDict()
        self._one_at_a_time = trio.Lock()
        self._shown: dict[str, str] = {}  # by stream, the reason that is on it
        self._news = Change()  # one more was shown

    async def show_on(self, stream: Stream) -> None:
        """While `stream` is not live and somebody watches, show why, once a second."""
        try:
            while True:
                if stream.status == "starting" and stream.running:
                    await _unless_live(stream, START_GRACE_S)
                if stream.status == "live" or not stream.watched():
                    self._shown.pop(stream.id, None)
                    await stream.changed.wait()
                    continue
                await self._show(stream)
                await _until_told_otherwise(stream, EVERY_S)
        finally:
            self._shown.pop(stream.id, None)

    async def show(self, stream: Stream) -> None:
        """Return once whoever watches sees the reason of now. Who gives up waiting stops no drawing: on a slow board
        (a Python with OpenCV takes seconds to start there) it would begin again from the start, and never be in time."""
        while stream.watched() and stream.status != "live" and self._shown.get(stream.id) != stream.reason:
            await self._news.wait()

    async def _show(self, stream: Stream) -> None:
        """Why there is no picture, once, in each rendition that somebody watches."""
        sizes, reason = {preset: stream.size_of(preset) for preset in stream.watched()}, stream.reason
        pictures = await self.draw(list(sizes.values()), stream.name, reason)
        if stream.status != "live":
            for preset, size in sizes.items():
                picture = pictures[size]
                stream.show(preset, _frame(picture, stream.numbering.for_placeholder(), jpeg.inspect(picture)))
            self._shown[stream.id] = reason
        self._news.tell()

    async def draw(self, sizes: list[Size], title: str, reason: str) -> dict[Size, bytes]:
        """A JPEG that says `reason` for each of the sizes; never fails."""
        async with self._one_at_a_time:
            missing = sorted({size for size in sizes if (size, title, reason) not in self._drawn})
            if missing:
                for size, picture in zip(missing, await _drawn_by_process(missing, title, reason), strict=False):
                    self._drawn[size, title, reason] = picture
            pictures = {size: self._drawn.get((size, title, reason)) or ready_made() for size in sizes}
            while len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
            return pictures


@cache
def ready_made() -> bytes:
    """The last resort."""
    return files("appliance.capture").joinpath("no_picture.jpg").read_bytes()


async def _drawn_by_process(sizes: list[Size], title: str, reason: str) -> list[bytes]:
    """One process draws all sizes: most of its time goes into its start."""
    wishes = [f"{size.width}x{size.height}" for size in sizes]
    pictures = bundle.unpack(await errand("placeholder", title, reason, *wishes, deadline_s=DRAW_DEADLINE_S))
    try:
        for picture in pictures:
            jpeg.inspect(picture)
    except jpeg.JpegError:
        pictures = []
    if len(pictures) < len(sizes):
        log.warning("no placeholder could be drawn")
        return []
    return pictures


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
