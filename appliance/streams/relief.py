"""Relief: when the board is too hot or its supply too weak, the presets step down before the board does, and up again. Pure arithmetic.

Down: at once when it gets too hot, is throttled or short of voltage, then one step more for each deeper_s that this goes on.
Up: one step for each back_s of calm; after under-voltage after_low_s, since a supply that gave way does so again. Calm is COOLER_C below
the limit: in between, everything stays as it is. A rise that fails within RELAPSE_S doubles the wait for the next ones, up to
LONGEST_WAITS times, so that a board whose place is simply too warm finds its level, and does not go up and down with it.
"""

import math
from typing import NamedTuple

from appliance.streams.ceiling import LOWEST, NONE, Ceiling

COOLER_C = 6.0
RELAPSE_S = 300.0
LONGEST_WAITS = 8


class Patience(NamedTuple):
    """How long it waits; tests have less of it."""

    deeper_s: float = 15.0
    back_s: float = 30.0
    after_low_s: float = 60.0


class Strain(NamedTuple):
    """What the board says, as far as it matters here."""

    celsius: float | None
    limit_c: float  # as hot as it may be
    low_voltage: bool = False
    throttled: bool = False  # the firmware has begun already


class Relief:
    """One for the box, asked at each look at the board."""

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._level = 0
        self._changed_s = self._rose_s = self._low_s = -math.inf
        self._calm_since_s: float | None = None
        self._waits = 1

    def look(self, now_s: float, strain: Strain) -> Ceiling:
        """What viewers may have at most, given how the board is at `now_s` (monotonic)."""
        if strain.low_voltage:
            self._low_s = now_s
        if _presses(strain):
            self._calm_since_s = None
            self._press(now_s)
        elif _warmth_c(strain) > -COOLER_C:
            self._calm_since_s = None
        else:
            self._ease(now_s)
        return Ceiling(self._level, self._why(now_s, strain)) if self._level else NONE

    def _press(self, now_s: float) -> None:
        if self._level == LOWEST or (self._level and now_s - self._changed_s < self._patience.deeper_s):
            return
        if now_s - self._rose_s < RELAPSE_S:
            self._waits, self._rose_s = min(2 * self._waits, LONGEST_WAITS), -math.inf
        self._level, self._changed_s = self._level + 1, now_s

    def _ease(self, now_s: float) -> None:
        if self._calm_since_s is None:
            self._calm_since_s = now_s
        if self._level == 0:
            if now_s - self._calm_since_s > RELAPSE_S:
                self._waits = 1
            return
        if now_s - max(self._calm_since_s, self._changed_s) >= self._waits * self._wait_s(now_s):
            self._level, self._changed_s, self._rose_s = self._level - 1, now_s, now_s

    def _wait_s(self, now_s: float) -> float:
        was_low = now_s - self._low_s < RELAPSE_S
        return self._patience.after_low_s if was_low else self._patience.back_s

    def _why(self, now_s: float, strain: Strain) -> str:
        """The reason that holds now, else the one that held last."""
        if strain.low_voltage:
            return "the supply voltage is too low"
        if strain.throttled:
            return "the board is throttled by its firmware"
        if strain.celsius is not None and _warmth_c(strain) > -COOLER_C:
            return f"the board is {strain.celsius:.0f} °C hot"
        if now_s - self._low_s < RELAPSE_S:
            return "the supply voltage was too low a moment ago"
        return "the board was too hot a moment ago"


def _presses(strain: Strain) -> bool:
    return _warmth_c(strain) >= 0 or strain.low_voltage or strain.throttled


def _warmth_c(strain: Strain) -> float:
    """Above its limit."""
    return -math.inf if strain.celsius is None else strain.celsius - strain.limit_c
