"""Subscription: one consumer's bounded window on a hub."""

import math
from typing import Protocol

import trio

from appliance.frame import Frame
from appliance.pace import Pace
from appliance.streams.figures import Cause, Figures
from appliance.streams.rung import Rung


class Express(Protocol):
    """A consumer's way to have a frame at once, on the publisher's time. Nothing here may wait, and nobody awaits between the steps."""

    def prepare(self, frame: Frame, now_s: float) -> bool:
        """Whether it takes this frame now."""

    def write(self) -> None:
        """Take it."""

    def written(self, frame: Frame, now_s: float) -> bool:
        """Whether that worked; else the frame waits as others do."""


class Subscription:
    """Receives frames at `fps`. One waits while its consumer sends another; the oldest falls out when a newer one comes.

    A consumer that waits for a frame may have it at once, on the publisher's time: see `wait`.
    """

    __slots__ = (
        *("wish", "rungs", "rung", "figures", "kind", "address", "repeat_s", "lost", "excuse", "express"),
        *("_wished_fps", "_pace", "_is_paced", "_waiting", "_newest", "_given", "_given_s", "_bell", "_closed"),
    )

    def __init__(self, rungs: list[Rung], fps: float | None, figures: Figures, *, wish: str | None = None) -> None:
        self.wish = wish  # the preset as it was asked for; None: the stream's own
        self.rungs, self.rung = rungs, 0  # what it may get, best first, and what it gets
        self.figures = figures
        self.kind = self.address = ""  # how and from where it watches, for those who count
        self.repeat_s = math.inf  # after so long without a new frame it gets the last one again
        self.lost = 0  # frames that fell out because this consumer was too slow
        self.excuse: Cause = "unsent"  # why one would fall out now
        self._wished_fps = fps
        self._pace = Pace(self.fps)
        self._is_paced = self.fps is not None
        self._waiting: Frame | None = None
        self._newest = -1  # number of the latest frame offered: one picture is not shown twice, in two qualities
        self._given: Frame | None = None
        self._given_s = -math.inf
        self.express: Express | None = None  # while its consumer waits for a frame, and has such a way
        self._bell = trio.Event()
        self._closed = False

    @property
    def rendition(self) -> str:
        """What hub it is at."""
        return self.rungs[self.rung].rendition

    @property
    def preset(self) -> str:
        """The preset it gets."""
        return self.rungs[self.rung].preset

    @property
    def rung_name(self) -> str:
        """What it gets, for people."""
        return self.rungs[self.rung].name

    @property
    def auto(self) -> bool:
        """Its quality follows its connection."""
        return len(self.rungs) > 1

    @property
    def fps(self) -> float | None:
        """The rate it is to get; None: all there is."""
        limits = [fps for fps in (self._wished_fps, self.rungs[self.rung].fps) if fps is not None]
        return min(limits, default=None)

    @property
    def wished_fps(self) -> float | None:
        """The rate this consumer asked for."""
        return self._wished_fps

    def wish_for(self, rungs: list[Rung], fps: float | None, wish: str | None) -> None:
        """Begin anew with other wishes, from the next frame on, even if that is a picture it had already."""
        self.rungs, self.rung, self._wished_fps, self.wish = rungs, 0, fps, wish
        self._set_pace()
        self._newest = -1

    def step_to(self, rung: int) -> None:
        """Go on with another rung. What waits of another rendition is too old by the time it could go."""
        if self.rungs[rung].rendition != self.rendition and self._waiting is not None:
            self._lose()
            self._waiting = None
        self.rung = rung
        self._set_pace()

    def _set_pace(self) -> None:
        self._pace, self._is_paced = Pace(self.fps), self.fps is not None

    def offer(self, frame: Frame, now_s: float) -> None:
        """Give this consumer a frame, now or never."""
        if self._wants(frame, now_s):
            self.keep(frame)

    def is_ready(self, frame: Frame, now_s: float) -> bool:
        """Whether its express way takes the frame now. If not, the frame waits, or is none for this consumer."""
        if frame.placeholder or self._is_paced or self._closed:
            if not self._wants(frame, now_s):
                return False
        elif frame.number <= self._newest:
            return False
        else:  # as `_wants`, without a call: most viewers take every frame
            self._newest, self._given, self._given_s = frame.number, frame, now_s
        # While an older one waits, this one must not overtake it: its consumer is about to wake, and takes this one instead.
        if self.express is not None and self._waiting is None and self.express.prepare(frame, now_s):
            return True
        self.keep(frame)
        return False

    def keep(self, frame: Frame) -> None:
        """Have the frame wait for its consumer, in place of an older one."""
        if self._waiting is not None:
            self._lose()
        self._waiting = frame
        self._bell.set()

    def repeat_if_due(self, now_s: float) -> None:
        """Have the last frame once more, if nothing new came for so long."""
        if now_s - self._given_s >= self.repeat_s and self._given is not None and self._waiting is None:
            self._given_s = now_s
            self.keep(self._given)

    def _wants(self, frame: Frame, now_s: float) -> bool:
        """Placeholders pass at any rate: they come once a second."""
        if frame.placeholder:
            self._set_pace()  # so that the first picture after it passes, and is not due in ten seconds
        elif frame.number <= self._newest or (self._is_paced and not self._pace.lets_through(frame.captured_s)):
            return False
        if self._closed:
            return False  # the stream was removed while this frame was on its way
        self._newest, self._given, self._given_s = frame.number, frame, now_s
        return True

    def _lose(self) -> None:
        self.lost += 1
        self.figures.lost(self.excuse)

    async def wait(self, express: Express | None = None) -> None:
        """Return when a frame waits, or after `nudge`. Raises trio.EndOfChannel when the stream ended.

        While this waits, frames may go the `express` way, without waking anybody.
        """
        if self._waiting is None:
            if self._closed:
                raise trio.EndOfChannel
            self._bell = trio.Event()
            self.express = express
            try:
                await self._bell.wait()
            finally:
                self.express = None
        if self._waiting is None and self._closed:
            raise trio.EndOfChannel

    def nudge(self) -> None:
        """Have `wait` return, though no frame waits."""
        self._bell.set()

    @property
    def is_waiting(self) -> bool:
        """A frame waits."""
        return self._waiting is not None

    @property
    def is_closed(self) -> bool:
        """No frame comes any more."""
        return self._closed

    def take(self) -> Frame | None:
        """The frame that waits, if one does."""
        frame, self._waiting = self._waiting, None
        return frame

    async def receive(self) -> Frame:
        """The next frame. Raises trio.EndOfChannel when the stream ended, after what is already there."""
        while (frame := self.take()) is None:
            await self.wait()
        return frame

    def close(self) -> None:
        """No frame comes any more; what waits can still be taken."""
        self._closed = True
        self._bell.set()
