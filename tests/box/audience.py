"""Viewers outside of the box that come back: each watches, and when its connection ends it knocks again, as the page and as players do.

    async with audience(running.url, seats(2, 2, 1)) as viewers:
        await all_live(viewers, 60)
        ...
        print(max(each.longest_gap_s(since_s) for each in viewers), viewers[0].endings(since_s))

What counts as a picture is a new one: the same shown again is none. Times are of trio's clock.
"""

import itertools
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import trio
from trio_websocket import ConnectionClosed, HandshakeError

from appliance.wire import message
from tests.lab.usbcam import jpegs
from tests.support.clients import Talk, open_mjpeg, open_viewer

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 4.0  # between two tries, doubling and with jitter, as web/model/backoff.js does
SILENCE_S = 10.0  # after which a viewer gives a connection up
NO_PICTURE_S = 240.0  # how long a test waits for one
GOING_AWAY = (1000, 1001)  # how a WebSocket is closed in order


class Sight(NamedTuple):
    """A new picture."""

    at_s: float
    captured_s: float  # as the box's clock says, since 1970
    size: tuple[int, int]
    bytes: int


class Ending(NamedTuple):
    """Of a connection, or of a try to get one."""

    at_s: float
    how: str  # "closed" in order; "refused": without an answer; anything else is told


@dataclass
class Viewer:
    """One seat, on one connection after another."""

    name: str
    path: str
    seen: list[Sight] = field(default_factory=list)
    ended: list[Ending] = field(default_factory=list)
    connections: int = 0  # that were answered
    news: trio.Event = field(default_factory=trio.Event)

    def add(self, captured_s: float, payload: bytes) -> None:
        """It was sent this picture."""
        if self.seen and self.seen[-1].captured_s == captured_s:
            return
        self.seen.append(Sight(trio.current_time(), captured_s, jpegs.size_of(payload) or (0, 0), len(payload)))
        self._tell()

    def end(self, how: str) -> None:
        """Its connection did."""
        self.ended.append(Ending(trio.current_time(), how))
        self._tell()

    def since(self, since_s: float) -> list[Sight]:
        """Its pictures from then on."""
        return [sight for sight in self.seen if sight.at_s >= since_s]

    def endings(self, since_s: float) -> list[str]:
        """How its connections ended from then on."""
        return [ending.how for ending in self.ended if ending.at_s >= since_s]

    def longest_gap_s(self, since_s: float, until_s: float | None = None) -> float:
        """The longest time without a new picture, of those that reach into this time."""
        until_s = trio.current_time() if until_s is None else until_s
        before = [sight.at_s for sight in self.seen if sight.at_s < since_s][-1:]
        within = [sight.at_s for sight in self.seen if since_s <= sight.at_s <= until_s]
        times = [*(before or [since_s]), *within, until_s]
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    async def picture_after(self, since_s: float, within_s: float = NO_PICTURE_S) -> float:
        """Seconds from `since_s` to the first new picture; infinite when there is none."""
        with trio.move_on_at(since_s + within_s):
            while not self.since(since_s):
                await self.news.wait()
            return self.since(since_s)[0].at_s - since_s
        return float("inf")

    async def ending_after(self, since_s: float, within_s: float) -> str:
        """How its connection ended then; "it went on" when it did not."""
        with trio.move_on_at(since_s + within_s):
            while not self.endings(since_s):
                await self.news.wait()
            return self.endings(since_s)[0]
        return "it went on"

    def _tell(self) -> None:
        news, self.news = self.news, trio.Event()
        news.set()


def seats(mjpeg: int, websocket: int, pages: int, *, stream: str = "camera", preset: str = "medium") -> list[Viewer]:
    """So many of each kind, all of the same preset. `pages`: those that join over /ws, acknowledge and ping, as the page does."""
    return [
        *(Viewer(f"MJPEG {each + 1}", f"/api/streams/{stream}/mjpeg?preset={preset}") for each in range(mjpeg)),
        *(Viewer(f"WebSocket {each + 1}", f"/ws/viewer/{stream}?preset={preset}") for each in range(websocket)),
        *(Viewer(f"page {each + 1}", f"/ws {stream} {preset}") for each in range(pages)),
    ]


@asynccontextmanager
async def audience(url: str, viewers: Sequence[Viewer]) -> AsyncIterator[Sequence[Viewer]]:
    """They watch while the block lasts."""
    async with trio.open_nursery() as nursery:
        for viewer in viewers:
            nursery.start_soon(_stay, url, viewer, name=viewer.name)
        yield viewers
        nursery.cancel_scope.cancel()


async def all_live(viewers: Sequence[Viewer], within_s: float = NO_PICTURE_S) -> float:
    """Seconds until each of them has a new picture. Raises AssertionError with who has none."""
    since_s = trio.current_time()
    took = {viewer.name: await viewer.picture_after(since_s, within_s) for viewer in viewers}
    assert max(took.values()) < float("inf"), f"no picture within {within_s:g} s: {took}"
    return max(took.values())


async def _stay(url: str, viewer: Viewer) -> None:
    wait_s = FIRST_WAIT_S
    while True:
        before = viewer.connections
        viewer.end(await _watched(url, viewer))
        if viewer.connections > before:
            wait_s = FIRST_WAIT_S
        await trio.sleep(wait_s * random.uniform(0.5, 1.0))
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)


async def _watched(url: str, viewer: Viewer) -> str:
    """One connection, to its end; how that came."""
    before, how = viewer.connections, "closed"
    watch = _watch_parts if "mjpeg" in viewer.path else _watch_messages
    try:
        how = await watch(url, viewer)
    except* (OSError, trio.BrokenResourceError, trio.ClosedResourceError, HandshakeError, ConnectionClosed) as errors:
        how = f"cut off: {_first(errors)!r}"
    except* trio.TooSlowError:
        how = f"silent for {SILENCE_S:g} s"
    except* Exception as errors:  # what the client makes of an answer that breaks off
        how = f"broken off: {_first(errors)!r}"
    return how if viewer.connections > before else f"refused ({how})"


async def _watch_parts(url: str, viewer: Viewer) -> str:
    with trio.fail_after(SILENCE_S) as patience:
        async with open_mjpeg(url + viewer.path) as parts:
            viewer.connections += 1
            async for part in parts:
                patience.deadline = trio.current_time() + SILENCE_S
                if "x-placeholder" not in part.headers:
                    viewer.add(float(part.headers["x-timestamp"]), part.body)
    return "closed"


async def _watch_messages(url: str, viewer: Viewer) -> str:
    path, *page = viewer.path.split(" ")
    with trio.fail_after(SILENCE_S) as patience:
        async with open_viewer(url, path) as talk:
            try:
                viewer.connections += 1
                if page:
                    await talk.say("join_stream", stream_id=page[0], preset=page[1])
                while True:
                    await _take_message(talk, viewer, page)
                    patience.deadline = trio.current_time() + SILENCE_S
            except ConnectionClosed as closed:
                code = closed.reason.code if closed.reason else 0
                return "closed" if code in GOING_AWAY else f"closed with {code}"


async def _take_message(talk: Talk, viewer: Viewer, page: list[str]) -> None:
    heard = await talk.hear()
    if not isinstance(heard, message.Message):
        return
    if not heard.placeholder:
        viewer.add(heard.captured_us / 1e6, heard.payload)
    if page:
        await talk.say("ack", stream_id=page[0], frame_number=heard.number)


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
