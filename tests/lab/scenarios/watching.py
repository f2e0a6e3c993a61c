"""Viewers that stay on their one connection and remember what they saw and when."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import trio

from appliance.wire import message
from tests.support.clients import Mjpeg, Talk, open_mjpeg, open_viewer

Kind = Literal["live", "placeholder", "told"]


@dataclass
class Sight:
    """Something a viewer saw."""

    kind: Kind
    at_s: float
    payload: bytes = b""  # a picture
    words: str = ""  # a reason it was told
    age_s: float = 0.0  # of the picture


@dataclass
class Viewer:
    """What one viewer saw, the newest last."""

    name: str
    seen: list[Sight] = field(default_factory=list)
    news: trio.Event = field(default_factory=trio.Event)
    ended: bool = False

    def add(self, sight: Sight) -> None:
        """It saw this now."""
        self.seen.append(sight)
        del self.seen[:-2000]
        news, self.news = self.news, trio.Event()
        news.set()

    async def until(self, kind: Kind, since_s: float, within_s: float, words: str = "") -> float:
        """Seconds from `since_s` to the first such sight, infinite when there is none for `within_s`."""
        with trio.move_on_at(since_s + within_s):
            while True:
                for sight in self.seen:
                    if sight.kind == kind and sight.at_s > since_s and (not words or _holds(sight.words, words)):
                        return sight.at_s - since_s
                await self.news.wait()
        return float("inf")

    def live(self, since_s: float = 0.0) -> list[Sight]:
        """Its pictures since then."""
        return [sight for sight in self.seen if sight.kind == "live" and sight.at_s > since_s]

    def placeholders(self, since_s: float) -> list[Sight]:
        """Those it saw since then."""
        return [sight for sight in self.seen if sight.kind == "placeholder" and sight.at_s > since_s]

    def words(self) -> str:
        """The last thing it was told."""
        return next((sight.words for sight in reversed(self.seen) if sight.kind == "told"), "")


@asynccontextmanager
async def watching(url: str, stream_id: str = "front", preset: str = "native") -> AsyncIterator[list[Viewer]]:
    """Three viewers: MJPEG, a WebSocket of one stream, and one that joins and acknowledges as the page does."""
    plain, socket, page = Viewer("MJPEG"), Viewer("WebSocket"), Viewer("page's protocol")
    async with (
        open_mjpeg(f"{url}/api/streams/{stream_id}/mjpeg?preset={preset}") as parts,
        open_viewer(url, f"/ws/viewer/{stream_id}?preset={preset}") as one,
        open_viewer(url, "/ws") as many,
        trio.open_nursery() as nursery,
    ):
        await many.say("join_stream", stream_id=stream_id, preset=preset)
        nursery.start_soon(_watch_parts, plain, parts)
        nursery.start_soon(_watch_messages, socket, one, "")
        nursery.start_soon(_watch_messages, page, many, stream_id)
        yield [plain, socket, page]
        nursery.cancel_scope.cancel()


async def all_see(viewers: list[Viewer], kind: Kind, since_s: float, within_s: float) -> float:
    """Seconds until the last of them saw it."""
    return max([await viewer.until(kind, since_s, within_s) for viewer in viewers])


async def _watch_parts(viewer: Viewer, parts: Mjpeg) -> None:
    async for part in parts:
        kind: Kind = "placeholder" if "x-placeholder" in part.headers else "live"
        age_s = time.time() - float(part.headers["x-timestamp"])
        viewer.add(Sight(kind, trio.current_time(), part.body, age_s=age_s))
    viewer.ended = True


async def _watch_messages(viewer: Viewer, talk: Talk, acknowledge: str) -> None:
    while True:
        heard = await talk.hear()
        if isinstance(heard, message.Message):
            kind: Kind = "placeholder" if heard.placeholder else "live"
            age_s = time.time() - heard.captured_us / 1e6
            viewer.add(Sight(kind, trio.current_time(), heard.payload, age_s=age_s))
            if acknowledge:
                await talk.say("ack", stream_id=acknowledge, frame_number=heard.number)
        elif heard["type"] == "stream_info":
            viewer.add(
                Sight("told", trio.current_time(), words=f"{heard['data']['status']}: {heard['data']['reason']}")
            )
        else:
            viewer.add(Sight("told", trio.current_time(), words=json.dumps(heard)))


def _holds(text: str, words: str) -> bool:
    return any(word in text for word in words.split("|"))
