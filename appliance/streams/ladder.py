"""Ladder: which of the shared renditions a viewer's link carries. Pure arithmetic on what `Flight` saw.

Down, at once: when frames were kept waiting for 0.18 s of the last second (so within 0.25 s of a link's collapse, while a Wi-Fi's
usual stalls of 0.15 s pass), to the best rung that the bandwidth measured since the first of those waits carries with some reserve.
If nothing at all has come through by then, half of what the oldest frame still allows is assumed. When all that was sent before the
switch has landed, the link has been measured in earnest, and an assumption is looked at again: a mere stall is undone, and for a
while stalls are given more time. Until then waiting is the old frames' fault, and only a bound that rules the new rung out counts.
Waits on a link that measurably carries its rung (a round trip longer than any window) cost nothing: fewer bytes would not end them.

Up, with patience: one rung after 3 s of clear air, then two, four per further second, never to a rung beyond what the present
frames' speed on the wire supports. Where that speed says no, a climb is still tried after 12 s, because it counts the page's drawing
and the kernel's delays as link. A climb fails if frames wait within 10 s: it goes back to where it came from, as long as that is
carried, and doubles the patience up to 24 s. That ends when the wire is clearly faster than before the failure, or a climb holds.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from appliance.streams.flight import Flight

CONGESTED_S = 0.18  # kept waiting, of the last second
LOOKS_BACK_S = 0.5  # to the first of the waits that the bandwidth is measured from
RESERVE = 0.85  # of the bandwidth is what a rung may take
CARRIES = 0.95  # of the bandwidth is what a rung that is already there may take
DOUBT = 0.5  # of an upper bound is what is assumed
PATIENCE_S = 3.0
BLIND_PATIENCE_S = 12.0
MOST_PATIENCE_S = 24.0
STALLED_S = 0.35  # instead of CONGESTED_S, and nothing has landed, on a link known to stall
STALLS_COUNT_FOR_S = 10.0
STRIDE_S = 1.0  # between the climbs of a run
FAILS_WITHIN_S = 10.0  # what a link only just does not carry takes seconds to show
SUPPORT = 0.85  # of a rung's rate is the speed on the wire that makes a climb to it look well: drawing takes its share
FASTER = 1 / 0.6
SPEED_OVER_S = 0.5


class _Fall(NamedTuple):
    since_s: float  # the trouble began
    rung: int  # fallen from
    back: int | None  # where the climb started that has failed
    assumed: bool  # no frame had landed, so little was known
    error: float  # of the rates we are told


class Ladder:
    """Chooses a viewer's rung: 0 is best. The caller switches to what `choose` returns before it asks again."""

    def __init__(self) -> None:
        self._rung, self._rungs = -1, 0
        self._step = 1  # rungs, of the next climb
        self._patience_s = PATIENCE_S
        self._waited_s = 0.0  # before the last climb
        self._clear_since_s = self._climbed_s = self._stalled_s = -math.inf
        self._climbed_from: int | None = None
        self._count_from_s = -math.inf  # waits before were another rung's
        self._unsettled_until: int | None = None  # so many frames have landed: those sent before the last drop
        self._fall = _Fall(0.0, 0, None, False, 1.0)
        self._speed = self._speed_at_climb = self._speed_at_failure = math.inf  # bytes/s on the wire
        self._mark_s, self._mark_bytes, self._mark_busy_s = 0.0, 0, 0.0

    def choose(self, now_s: float, rung: int, rates_bytes_per_s: Sequence[float], flight: Flight) -> int:
        """The rung to be on. To be asked after each landing and hold, every 10 ms while blocked, else every 100 ms."""
        if rung == 0 == self._rung and self._unsettled_until is None and not flight.blocked_lately:
            return 0
        if rung != self._rung or len(rates_bytes_per_s) != self._rungs:
            self._start(now_s, rung, len(rates_bytes_per_s))
        if self._unsettled_until is not None:
            return self._settle(now_s, rates_bytes_per_s, flight)
        if flight.blocked_lately and self._congested(now_s, flight):
            return self._drop(now_s, rates_bytes_per_s, flight)
        return self._climb(now_s, rates_bytes_per_s, flight) if rung else 0

    def _start(self, now_s: float, rung: int, rungs: int) -> None:
        """Somebody else chose, or there are other rungs now."""
        self._rung, self._rungs, self._step = rung, rungs, 1
        self._count_from_s = self._clear_since_s = now_s
        self._unsettled_until = self._climbed_from = None

    def _congested(self, now_s: float, flight: Flight) -> bool:
        return flight.blocked_within_s(max(now_s - 1.0, self._count_from_s), now_s) >= CONGESTED_S

    def _drop(self, now_s: float, rates: Sequence[float], flight: Flight) -> int:
        """Frames are kept waiting: go where the link carries them."""
        begin_s = flight.first_block_s(max(now_s - LOOKS_BACK_S, self._count_from_s)) or now_s
        since_s = flight.first_landing_s(begin_s)
        landed = since_s > begin_s
        if now_s - self._stalled_s > STALLS_COUNT_FOR_S:
            since_s = begin_s
        elif not landed and now_s - begin_s < STALLED_S:
            return self._rung
        link = flight.bandwidth(since_s, now_s)
        error = self._error(rates, flight)
        if rates[self._rung] * error <= CARRIES * link.bytes_per_s:
            return self._rung
        if self._rung == len(rates) - 1:
            if link.measured:
                self._clear_since_s = now_s
            return self._rung
        back = self._climbed_from if now_s - self._climbed_s <= FAILS_WITHIN_S else None
        self._fall = _Fall(since_s, self._rung, back, not landed, error)
        bytes_per_s = link.bytes_per_s * (1 if link.measured else DOUBT)
        return self._go(max(self._rung + 1, _carried(rates, bytes_per_s, self._fall)), flight)

    def _go(self, target: int, flight: Flight) -> int:
        self._unsettled_until, self._rung = flight.sent_frames, target
        return target

    def _settle(self, now_s: float, rates: Sequence[float], flight: Flight) -> int:
        """Frames of the rung before are still landing. What they show of the link is heeded, that they block it is not."""
        fall = self._fall
        link = flight.bandwidth(fall.since_s, now_s)
        carried = _carried(rates, link.bytes_per_s, fall)
        if carried > self._rung:
            return self._go(carried, flight)
        if self._unsettled_until is not None and flight.sent_frames - flight.in_flight < self._unsettled_until:
            return self._rung
        self._unsettled_until = None
        self._count_from_s = now_s
        if fall.assumed:
            # The first frame is late by the stall, if it was one.
            after = flight.bandwidth(flight.first_landing_s(fall.since_s), now_s)
            link = after if after.measured else link
            self._rung = min(self._rung, max(fall.rung, _carried(rates, link.bytes_per_s, fall)))
            if self._rung == fall.rung:
                self._stalled_s = now_s
                return self._rung  # it was but a stall, and says nothing else
        if fall.back is not None:
            self._patience_s = min(MOST_PATIENCE_S, 2 * max(self._patience_s, self._waited_s))
            self._speed_at_failure = self._speed_at_climb
        self._climbed_from, self._step, self._clear_since_s = None, 1, now_s
        self._speed = link.bytes_per_s
        self._mark(now_s, flight)
        return self._rung

    def _climb(self, now_s: float, rates: Sequence[float], flight: Flight) -> int:
        """The air is clear: go up when it has been for long enough."""
        if now_s - self._mark_s >= SPEED_OVER_S:
            self._measure_speed(now_s, flight)
        since_s = max(self._clear_since_s, self._climbed_s)
        if now_s - since_s < (STRIDE_S if self._step > 1 else PATIENCE_S):
            return self._rung
        if self._climbed_from is not None and now_s - self._climbed_s > FAILS_WITHIN_S:
            self._climbed_from, self._patience_s = None, PATIENCE_S  # that one holds
        error = self._error(rates, flight)
        lowest = max(0, self._rung - self._step)
        target = next(
            (each for each in range(lowest, self._rung) if rates[each] * error * SUPPORT <= self._speed), None
        )
        if target is None:
            target, wait_s = _next(rates, self._rung), max(BLIND_PATIENCE_S, self._patience_s)
        else:
            wait_s = STRIDE_S if self._step > 1 else self._patience_s
        if now_s - since_s < wait_s:
            return self._rung
        self._climbed_s, self._climbed_from, self._speed_at_climb = now_s, self._rung, self._speed
        self._waited_s, self._count_from_s = wait_s, now_s
        self._step *= 2
        self._rung = target
        return target

    def _measure_speed(self, now_s: float, flight: Flight) -> None:
        """Bytes/s the last frames made on the wire, each by itself: what the link could carry, or less."""
        landed_bytes, busy_s = flight.landed_bytes - self._mark_bytes, flight.busy_s - self._mark_busy_s
        if not landed_bytes:
            return
        self._speed = landed_bytes / max(busy_s, 1e-4)
        self._mark(now_s, flight)
        if self._speed > FASTER * self._speed_at_failure:
            self._patience_s, self._speed_at_failure = PATIENCE_S, math.inf

    def _mark(self, now_s: float, flight: Flight) -> None:
        self._mark_s, self._mark_bytes, self._mark_busy_s = now_s, flight.landed_bytes, flight.busy_s

    def _error(self, rates: Sequence[float], flight: Flight) -> float:
        """How far the rates we are told are off, by what the present rung's frames weigh; 0.5 to 2."""
        size_bytes = flight.mean_size_bytes(self._count_from_s)
        if size_bytes is None:
            return 1.0
        return min(2.0, max(0.5, size_bytes / flight.interval_s / rates[self._rung]))


def _carried(rates: Sequence[float], bytes_per_s: float, fall: _Fall) -> int:
    """The best rung that leaves some reserve, or where a failed climb came from if that can be; the last if none does."""
    true = [rate * fall.error for rate in rates]
    rung = next((rung for rung, rate in enumerate(true) if rate <= RESERVE * bytes_per_s), len(true) - 1)
    return min(rung, fall.back) if fall.back is not None and true[fall.back] <= bytes_per_s else rung


def _next(rates: Sequence[float], rung: int) -> int:
    """The next better rung, past those that take more than a still better one does."""
    target = rung - 1
    while target and rates[target - 1] <= rates[target]:
        target -= 1
    return target
