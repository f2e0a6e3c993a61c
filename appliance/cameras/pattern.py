"""The test pattern as a camera: a box without a camera shows that everything else works.

Rule 1: the cadence is a deadline per picture, counted from the first one, so it does not drift.
Rule 2: a tick costs nothing; a picture is painted when a rendition asks for its pixels.
"""

import functools
import time

from appliance.cameras.base import Grabbed, Image, Moment, Picture, now
from appliance.cameras.testcard import Card
from appliance.config import Camera
from appliance.wire.hallway import Opened


class PatternCamera:
    """A picture that moves, with the time on it."""

    def __init__(self, camera: Camera) -> None:
        self._width, self._height, self._fps = camera.width, camera.height, camera.fps
        self._title = camera.title
        self._notice = ""
        self._told: str | None = None  # the notice that went out
        self._card: Card | None = None
        self._first_s = 0.0
        self._ticks = 0

    def open(self) -> None:
        """Start to tick."""
        self._first_s = time.monotonic()

    def say(self, notice: str) -> None:
        """Tell people this, when it is news."""
        self._notice = notice

    def grab(self, wait_s: float) -> Grabbed:
        """The picture of the next tick."""
        if self._told != self._notice:
            self._told = self._notice
            return Opened("pattern", "", "BGR", self._width, self._height, float(self._fps), self._notice)
        due_s = self._first_s + self._ticks / self._fps
        ahead_s = due_s - time.monotonic()
        if ahead_s > wait_s:
            time.sleep(wait_s)
            return None
        if ahead_s > 0:
            time.sleep(ahead_s)
        captured = now()
        passed = int((captured.monotonic_s - self._first_s) * self._fps)
        self._ticks = max(self._ticks, passed) + 1  # ticks missed in a busy moment stay missed
        return Picture(self._width, self._height, captured, paint=functools.partial(self._paint, captured=captured))

    def close(self) -> None:
        """Nothing is held."""
        self._card = None

    def _paint(self, number: int, captured: Moment) -> Image:
        if self._card is None:
            self._card = Card(self._width, self._height, self._title)
        return self._card.draw(number, captured)
