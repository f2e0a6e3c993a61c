"""Flight: what is on its way to one viewer, and what that tells of the link. Pure arithmetic on times it is given.

Frames under way are bounded, because whatever the kernel and the routers hold is picture that grows old there. The bound must not
cost a far viewer frames, so it covers the round trip of an *unloaded* link and one frame more. The next frame finds room as long as
frames take less time on the wire than lies between them; a full window therefore means that the link is late, never that it is long.

For the same reason the time a frame occupied the link is counted from when the frame before it had landed, or from when its own
first byte could have been answered, whichever is later: bytes/(landed - sent) would count the way as work, and starve distant viewers.
"""

import math
from collections import deque
from typing import NamedTuple

MOST_FRAMES = 10
FIRST_FRAMES = 2
PINGS_COUNT_FOR_S = 60.0
LANDINGS_KEPT = 64
BLOCKS_COUNT_FOR_S = 2.0
# A frame has landed when all but this is there: the kernel's count trails by what the peer's own TCP acknowledges late.
MISSING_SHARE = 0.02
MISSING_BYTES = 3000
STALL_S = 0.1  # bytes trickle even over the slowest link, so a count that stands still for this long measures nothing
SEGMENT_BYTES = 4096  # the peer's TCP may have this, and not have said so yet


class _Sent(NamedTuple):
    number: int
    size_bytes: int
    at_s: float
    ends_at_byte: int  # of all bytes ever given to the kernel


class _Landed(NamedTuple):
    at_s: float
    size_bytes: int
    busy_s: float  # how long it occupied the link


class Bandwidth(NamedTuple):
    """What the link can carry; not measured: nothing landed, so it is no more than an upper bound."""

    bytes_per_s: float
    measured: bool


class Flight:
    """What is on its way to one viewer, and when the next frame may go.

    `interval_s` is the time between frames of what the viewer gets now. Frames land by the page's acks (`acknowledged`) or by the
    kernel's count of acknowledged bytes (`delivered`), whichever the viewer has. All times are of one monotonic clock.
    """

    def __init__(self, interval_s: float) -> None:
        self._in_flight: deque[_Sent] = deque()
        self._landings: deque[_Landed] = deque(maxlen=LANDINGS_KEPT)
        self._landed_s = -math.inf
        self._proven = False  # something has landed since the viewer came or woke
        self._given_bytes = 0
        self._delivered_bytes: int | None = None  # None: this viewer is not watched through the kernel
        self._moved_s = -math.inf  # when the kernel last counted more
        self._pings: deque[tuple[float, float]] = deque()  # (time, RTT), RTTs rising: the first is the least
        self._block_since_s: float | None = None
        self._blocks: deque[tuple[float, float]] = deque()  # (begin, end), of late
        self.sent_frames = 0  # since the beginning,
        self.landed_bytes = 0
        self.busy_s = 0.0  # and how long the link was occupied by them
        self.interval_s = interval_s

    @property
    def interval_s(self) -> float:
        """Time between the frames the viewer gets; set anew when that changes."""
        return self._interval_s

    @interval_s.setter
    def interval_s(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._measure_window()

    @property
    def base_rtt_s(self) -> float:
        """Round trip of the unloaded link; one interval as long as nobody knows."""
        return self._base_rtt_s

    @property
    def window(self) -> int:
        """How many frames may be in flight."""
        return self._window

    @property
    def in_flight(self) -> int:
        """How many frames are."""
        return len(self._in_flight)

    @property
    def room(self) -> bool:
        """Whether another frame may go. Until one has landed that is two: a long link may be a thin one, too."""
        return len(self._in_flight) < (self._window if self._proven else FIRST_FRAMES)

    @property
    def oldest_sent_s(self) -> float | None:
        """When the oldest frame in flight was sent."""
        return self._in_flight[0].at_s if self._in_flight else None

    @property
    def blocked_lately(self) -> bool:
        """Whether there was any block within about two seconds: a quick question before the exact ones."""
        return self._block_since_s is not None or bool(self._blocks)

    def sent(self, number: int, size_bytes: int, now_s: float) -> None:
        """A frame was given to the connection."""
        if self._block_since_s is not None and self.room:
            self._blocks.append((self._block_since_s, now_s))
            self._block_since_s = None
        if self._blocks and self._blocks[0][1] < now_s - BLOCKS_COUNT_FOR_S:
            self._blocks.popleft()
        self._given_bytes += size_bytes
        self._in_flight.append(_Sent(number, size_bytes, now_s, self._given_bytes))
        self.sent_frames += 1

    def acknowledged(self, number: int, now_s: float) -> float | None:
        """The page has this frame, and what was sent before it. Seconds since it was sent; None if it is not in flight."""
        self._delivered_bytes = None  # from now on the page is believed, and the kernel no longer asked
        for sent in self._in_flight:
            if sent.number == number:
                break
        else:
            return None
        while self._land(now_s) != number:
            pass
        return now_s - sent.at_s

    def delivered(self, total_bytes: int, now_s: float) -> list[int]:
        """So many of all bytes ever given to `sent` have been acknowledged by the peer's kernel. Numbers that landed now."""
        if total_bytes != self._delivered_bytes:
            self._delivered_bytes, self._moved_s = total_bytes, now_s
        numbers = []
        while self._in_flight:
            oldest = self._in_flight[0]
            if total_bytes < oldest.ends_at_byte - min(MISSING_SHARE * oldest.size_bytes, MISSING_BYTES):
                break
            numbers.append(self._land(now_s))
        return numbers

    def pinged(self, rtt_s: float, now_s: float) -> None:
        """A ping was answered while nothing was in flight."""
        pings = self._pings
        while pings and pings[-1][1] >= rtt_s:
            pings.pop()
        pings.append((now_s, rtt_s))
        while pings[0][0] < now_s - PINGS_COUNT_FOR_S:
            pings.popleft()
        self._measure_window()

    def hold(self, now_s: float) -> None:
        """A frame is ready, and there is no room for it, or the connection still has some of the last one to take."""
        if self._block_since_s is None:
            self._block_since_s = now_s

    def blocked_for_s(self, now_s: float) -> float:
        """How long the present block lasts; 0 when there is none."""
        return 0.0 if self._block_since_s is None else now_s - self._block_since_s

    def blocked_within_s(self, since_s: float, now_s: float) -> float:
        """How much of the time since then was spent blocked."""
        total_s = 0.0 if self._block_since_s is None else now_s - max(self._block_since_s, since_s)
        return total_s + sum(end_s - max(begin_s, since_s) for begin_s, end_s in self._blocks if end_s > since_s)

    def first_block_s(self, since_s: float) -> float | None:
        """When the first block began that was not over by then."""
        return next((begin_s for begin_s, end_s in self._blocks if end_s > since_s), self._block_since_s)

    def bandwidth(self, since_s: float, now_s: float) -> Bandwidth:
        """What the link carried of all that landed since then; what has not landed counts against it."""
        landed_bytes, busy_s = 0.0, 0.0
        for landed in reversed(self._landings):
            if landed.at_s <= since_s:
                break
            landed_bytes += landed.size_bytes
            busy_s += landed.busy_s
        bytes_per_s = landed_bytes / busy_s if busy_s else math.inf
        measured = landed_bytes > 0 or self._moved_s > max(since_s, now_s - STALL_S)
        if self._in_flight:
            oldest = self._in_flight[0]
            waited_s = now_s - max(self._landed_s, oldest.at_s + self._base_rtt_s)
            most_bytes = oldest.size_bytes
            if self._delivered_bytes is not None:
                there_bytes = self._delivered_bytes - oldest.ends_at_byte + oldest.size_bytes
                most_bytes = min(most_bytes, max(0, there_bytes) + SEGMENT_BYTES)
            if waited_s > 0:
                bytes_per_s = min(bytes_per_s, (landed_bytes + most_bytes) / (busy_s + waited_s))
        return Bandwidth(bytes_per_s, measured)

    def first_landing_s(self, since_s: float) -> float:
        """When the first frame landed since then; then, if none did."""
        return next((landed.at_s for landed in self._landings if landed.at_s > since_s), since_s)

    def mean_size_bytes(self, since_s: float) -> float | None:
        """Mean size of the last frames that landed since then; None when those are too few to tell."""
        sizes_bytes = [landed.size_bytes for landed in self._landings if landed.at_s >= since_s][-8:]
        return sum(sizes_bytes) / len(sizes_bytes) if len(sizes_bytes) >= 3 else None

    def forget(self) -> None:
        """The viewer was silent: what is in flight is lost, and says nothing about the link."""
        self._in_flight.clear()
        self._proven = False
        self._blocks.clear()
        self._block_since_s = None

    def _land(self, now_s: float) -> int:
        """The oldest frame has landed."""
        number, size_bytes, at_s, _ = self._in_flight.popleft()
        if now_s - at_s < self._base_rtt_s:
            self.pinged(
                now_s - at_s, now_s
            )  # nothing lands sooner than it could: the round trip is shorter than we thought
        busy_s = now_s - max(self._landed_s, at_s + self._base_rtt_s)
        self._landings.append(_Landed(now_s, size_bytes, busy_s))
        self.landed_bytes += size_bytes
        self.busy_s += busy_s
        self._landed_s = now_s
        self._proven = True
        return number

    def _measure_window(self) -> None:
        self._base_rtt_s = self._pings[0][1] if self._pings else self._interval_s
        self._window = min(MOST_FRAMES, max(1, math.ceil(self._base_rtt_s / self._interval_s)) + 1)
