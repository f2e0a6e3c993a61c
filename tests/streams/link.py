"""A simulated link, with a camera at one end and a viewer at the other: deterministic, and minutes of it run in a moment.

Bytes leave in the order they were sent, at the link's rate of that moment. What the router's queue does not hold waits in the sender's
kernel, which takes a frame whole, and the next one when there is less than its buffer again.
The page's end draws each frame and acknowledges it; the kernel's end is a count of bytes that is looked at every 8 ms.
"""

import heapq
import itertools
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from appliance.pace import Pace
from appliance.streams.flight import Flight

CAMERA_FPS = 30
MBIT = 1e6 / 8  # bytes/s
FRAME_OVERHEAD_BYTES = 60
SEND_BUFFER_BYTES = 150_000
POLL_S = 0.008
PING_S = 5.0


class Rung(NamedTuple):
    size_bytes: int
    fps: float

    @property
    def rate(self) -> float:
        """Bytes/s."""
        return self.size_bytes * self.fps


def rungs(top_bytes: int = 60_000, top_fps: float = 30) -> list[Rung]:
    """The ladder as it will be, below a top of this size."""
    high = [(top_bytes, top_fps), (top_bytes, 15), (int(0.7 * top_bytes), 15)]
    medium = [(32_000, 24), (32_000, 12), (22_400, 12)]
    low = [(14_000, 15), (10_000, 15), (10_000, 10), (6_000, 10)]
    return [Rung(*each) for each in high + [each for each in medium if each[0] <= top_bytes] + low]


class Link:
    """A queue that empties at the rate of `steps` (from when, bytes/s), then `one_way_s` of way; acks wait in no queue."""

    def __init__(self, steps: Sequence[tuple[float, float]], one_way_s: float, queue_s: float = 1.0) -> None:
        self.one_way_s = one_way_s
        self._queue_s = queue_s
        self._starts_s = [start_s for start_s, _ in steps]
        self._bytes_per_s = [rate for _, rate in steps]
        self._sent_bytes = [0.0]  # that could have gone by each start
        for (start_s, rate), (end_s, _) in itertools.pairwise(steps):
            self._sent_bytes.append(self._sent_bytes[-1] + rate * (end_s - start_s))
        self._free_at = 0.0  # in terms of the bytes that could have gone
        self._offset: list[tuple[float, float, int]] = []  # (begin, end) in those terms, bytes ever sent before

    def send(self, size_bytes: int, now_s: float) -> float:
        """Send so many bytes; when the last of them arrives."""
        begin = max(self._free_at, self.capacity(now_s))
        before = self._offset[-1][2] + round(self._offset[-1][1] - self._offset[-1][0]) if self._offset else 0
        self._free_at = begin + size_bytes
        self._offset.append((begin, self._free_at, before))
        return self._time(self._free_at) + self.one_way_s

    def full_for_s(self, now_s: float) -> float:
        """How long the sender's kernel will take nothing more; 0 if it does now."""
        kernel_at_s = self._time(max(0.0, self._free_at - SEND_BUFFER_BYTES))
        return max(0.0, kernel_at_s - now_s - self._queue_s)

    def acknowledged_bytes(self, now_s: float) -> int:
        """What the sender's kernel knows to have arrived."""
        gone = self.capacity(now_s - 2 * self.one_way_s)
        for begin, end, before in reversed(self._offset):
            if gone >= begin:
                return before + int(min(gone, end) - begin)
        return 0

    def capacity(self, now_s: float) -> float:
        """Bytes that could have gone by now."""
        if now_s <= 0:
            return 0.0
        at = bisect_right(self._starts_s, now_s) - 1
        return self._sent_bytes[at] + self._bytes_per_s[at] * (now_s - self._starts_s[at])

    def _time(self, capacity: float) -> float:
        at = max(0, bisect_right(self._sent_bytes, capacity) - 1)
        while not self._bytes_per_s[at]:
            at += 1
        return self._starts_s[at] + max(0.0, capacity - self._sent_bytes[at]) / self._bytes_per_s[at]


def stalling(rate: float, every_s: float, for_s: float, until_s: float) -> list[tuple[float, float]]:
    """A Wi-Fi that says nothing for a moment, now and then."""
    begins_s = [1.0 + n * every_s for n in range(int((until_s - 1) / every_s))]
    return [(0.0, rate), *itertools.chain.from_iterable(((begin, 0.0), (begin + for_s, rate)) for begin in begins_s)]


class Chooser(Protocol):
    def choose(
        self, now_s: float, rung: int, rates_bytes_per_s: Sequence[float], flight: Flight
    ) -> int: ...  # pragma: no cover


class Arrival(NamedTuple):
    captured_s: float
    at_s: float
    rung: int

    @property
    def age_s(self) -> float:
        return self.at_s - self.captured_s


@dataclass
class Run:
    """One viewer, watched for a while."""

    link: Link
    ladder: Chooser | None
    rungs: Sequence[Rung]
    flight: Flight
    kernel: bool = False  # watched through the kernel's count, not by acks
    draw_s: float = 0.008
    rates_off_by: float = 1.0  # what choose() is told, over what is true
    rung: int = 0
    arrivals: list[Arrival] = field(default_factory=list)
    changes: list[tuple[float, int]] = field(default_factory=list)
    blocks_s: list[float] = field(default_factory=list)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._order = itertools.count()
        self._now_s = self._drawn_s = self._pinged_s = 0.0
        self._pending: tuple[float, int] | None = None  # captured, rung
        self._number = 0
        self._rng = random.Random(7)
        self._pace = Pace(self.rungs[self.rung].fps)
        self._rates = [rung.rate * self.rates_off_by for rung in self.rungs]

    def until(self, end_s: float) -> "Run":
        """Watch so long."""
        for _ in range(3):
            self.flight.pinged(2 * self.link.one_way_s + 0.001, 0.0)
        self._at(1 / CAMERA_FPS, self._capture)
        self._at(0.1, self._tick)
        if self.kernel:
            self._at(POLL_S, self._poll)
        while self._events[0][0] < end_s:
            self._now_s, _, event = heapq.heappop(self._events)
            event()
        return self

    def ages_s(self, since_s: float, until_s: float = math.inf) -> list[float]:
        """Ages on arrival, least first, of what was captured in this time."""
        return sorted(each.age_s for each in self.arrivals if since_s <= each.captured_s < until_s)

    def p(self, share: float, since_s: float, until_s: float = math.inf) -> float:
        """A quantile of the age."""
        ages_s = self.ages_s(since_s, until_s)
        return ages_s[min(len(ages_s) - 1, int(share * len(ages_s)))]

    def fps(self, since_s: float, until_s: float) -> float:
        return sum(since_s <= each.at_s < until_s for each in self.arrivals) / (until_s - since_s)

    def rung_at(self, time_s: float) -> int:
        return next((rung for at_s, rung in reversed(self.changes) if at_s <= time_s), 0)

    def changes_between(self, since_s: float, until_s: float) -> int:
        return sum(since_s <= at_s < until_s for at_s, _ in self.changes)

    def _at(self, time_s: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time_s, next(self._order), event))

    def _capture(self) -> None:
        self._at(self._now_s + 1 / CAMERA_FPS, self._capture)
        if self._pace.lets_through(self._now_s):
            self._pending = self._now_s, self.rung
            self._send()

    def _send(self) -> None:
        """Send what is there, if it may go."""
        if self._pending is None:
            return
        full_for_s = self.link.full_for_s(self._now_s)
        if full_for_s:
            self._at(self._now_s + full_for_s + 0.001, self._send)
        if full_for_s or not self.flight.room:
            self._hold()
            return
        (captured_s, rung), self._pending = self._pending, None
        size_bytes = int(self.rungs[rung].size_bytes * self._rng.uniform(0.85, 1.15)) + FRAME_OVERHEAD_BYTES
        self._number += 1
        self.flight.sent(self._number, size_bytes, self._now_s)
        arrives_s = self.link.send(size_bytes, self._now_s)
        self.arrivals.append(Arrival(captured_s, arrives_s, rung))
        if not self.kernel:
            number = self._number
            self._drawn_s = max(arrives_s, self._drawn_s) + self.draw_s
            self._at(self._drawn_s + self.link.one_way_s, lambda: self._acknowledged(number))

    def _hold(self) -> None:
        if not self.flight.blocked_for_s(self._now_s):
            self.blocks_s.append(self._now_s)
            self._at(self._now_s + 0.01, self._blocked)
        self.flight.hold(self._now_s)
        self._choose()

    def _acknowledged(self, number: int) -> None:
        if self.flight.acknowledged(number, self._now_s) is not None:
            self._landed()

    def _poll(self) -> None:
        self._at(self._now_s + POLL_S, self._poll)
        if self.flight.delivered(self.link.acknowledged_bytes(self._now_s), self._now_s):
            self._landed()

    def _landed(self) -> None:
        self._choose()
        self._send()
        if not self.flight.in_flight and self._now_s - self._pinged_s >= PING_S:
            self._pinged_s = self._now_s
            rtt_s, asked_of = 2 * self.link.one_way_s + self._rng.uniform(0.001, 0.004), self._number
            self._at(self._now_s + rtt_s, lambda: self._ponged(rtt_s, asked_of))

    def _ponged(self, rtt_s: float, number: int) -> None:
        if self._number == number:  # unloaded from question to answer
            self.flight.pinged(rtt_s, self._now_s)

    def _tick(self) -> None:
        self._at(self._now_s + 0.1, self._tick)
        self._choose()

    def _blocked(self) -> None:
        if self.flight.blocked_for_s(self._now_s):
            self._at(self._now_s + 0.01, self._blocked)
            self._choose()

    def _choose(self) -> None:
        if self.ladder is None:
            return
        rung = self.ladder.choose(self._now_s, self.rung, self._rates, self.flight)
        if rung != self.rung:
            self.rung = rung
            self.changes.append((self._now_s, rung))
            self._pace = Pace(self.rungs[rung].fps)
            self.flight.interval_s = 1 / self.rungs[rung].fps
