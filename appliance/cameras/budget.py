"""How heavy a rendition may be: the quality of its next frame, and whether there is room to send one at all.

Rule 1: quality gives way first, down to LEAST_QUALITY and back up slowly; only then frames are skipped, evenly.
Rule 2: in any WINDOW_S the frames that went weigh no more than the budget for that time, unless a single one does.
Rule 3: only capture times count; no clock is read here.
"""

import math
from collections import deque

LEAST_QUALITY = 50
WINDOW_S = 2.0  # the promise holds in every window of this length
BURST_S = 0.15  # the bucket holds so many seconds' worth: room for frames of uneven weight
FILL = 1 - BURST_S / WINDOW_S  # share of the budget that fills it: with a whole bucket on top a window just fits

AIM = 0.95  # of the room per frame that an average frame should take
RAISE_BELOW = 0.85  # between the two the quality rests, so that nothing pumps
RAISE_EVERY_S, LOWER_EVERY_S = 0.5, 0.1
PER_POINT = 0.025  # natural logarithm of a frame's weight per point of quality, about
LARGEST_STEP = 12  # points down at once; reached only while a stream finds its level
MEMORY_FRAMES = 8.0  # how many frames the average weight remembers

PASS_AFTER_S = 2.0  # how long the camera's own JPEGs must have been light before they go through again
PASS_BELOW = 0.85


def _bytes_per_s(max_kbytes_per_s: int | None) -> float:
    return math.inf if max_kbytes_per_s is None else max_kbytes_per_s * 1000.0


class Budget:
    """Token bucket and quality of one rendition. Without `max_kbytes_per_s` everything fits at the best quality."""

    def __init__(self, max_kbytes_per_s: int | None, best_quality: int) -> None:
        self._bytes_per_s = _bytes_per_s(max_kbytes_per_s)
        self._best = best_quality
        self.quality = best_quality
        self._capacity = self._tokens = self._bytes_per_s * BURST_S
        self._filled_s = -math.inf
        self._sent: deque[tuple[float, int]] = deque()  # when and how many bytes, in the window; as many as frames
        self._sent_bytes = 0
        self._weight = 0.0  # of an average frame, in bytes; 0: none was made yet
        self._lowered_s = self._raised_s = -math.inf

    def expects_to_send(self, captured_s: float) -> bool:
        """Would an average frame fit now? Asked before the work of making one."""
        return self._has_room(self._weight, captured_s)

    def admits(self, size: int, captured_s: float) -> bool:
        """May a frame of so many bytes go now? True counts it as sent."""
        if not self._has_room(size, captured_s):
            return False
        if self._bytes_per_s < math.inf:
            self._tokens -= size  # may go below zero for a frame larger than the bucket; that is paid back first
            self._sent.append((captured_s, size))
            self._sent_bytes += size
        return True

    def encoded(self, size: int, fps: float, captured_s: float) -> None:
        """Learn from a frame that was encoded at `quality`, and choose the next quality."""
        self._weight += (size - self._weight) / (MEMORY_FRAMES if self._weight else 1.0)
        load = self._weight * fps / (self._bytes_per_s * FILL)
        if load > AIM and captured_s - self._lowered_s >= LOWER_EVERY_S:
            self._lowered_s = self._raised_s = captured_s
            self._change_quality(-math.ceil(math.log(load / AIM) / PER_POINT))
        elif load < RAISE_BELOW and captured_s - self._raised_s >= RAISE_EVERY_S:
            self._raised_s = captured_s
            self._change_quality(1)

    def _change_quality(self, points: int) -> None:
        quality = min(max(self.quality + max(points, -LARGEST_STEP), LEAST_QUALITY), self._best)
        self._weight *= math.exp((quality - self.quality) * PER_POINT)  # what an average frame will weigh now
        self.quality = quality

    def _has_room(self, size: float, captured_s: float) -> bool:
        if self._bytes_per_s == math.inf:
            return True
        filled = (captured_s - self._filled_s) * self._bytes_per_s * FILL
        self._tokens, self._filled_s = min(self._capacity, self._tokens + filled), captured_s
        while self._sent and self._sent[0][0] <= captured_s - WINDOW_S:
            self._sent_bytes -= self._sent.popleft()[1]
        fits_window = not self._sent or self._sent_bytes + size <= self._bytes_per_s * WINDOW_S
        return fits_window and self._tokens >= min(size, self._capacity)


class Untouched:
    """Do the camera's own JPEGs fit a budget? With hysteresis, so that a stream does not flip back and forth."""

    def __init__(self, max_kbytes_per_s: int | None) -> None:
        self._bytes_per_s = _bytes_per_s(max_kbytes_per_s) * FILL
        self._weight = 0.0
        self._fits: bool | None = None
        self._heavy_s = -math.inf  # when they were last too heavy to begin with

    def fits(self, size: int, fps: float, captured_s: float) -> bool:
        """Does a camera that delivers frames like this one, at this rate, stay within the budget?"""
        self._weight += (size - self._weight) / (max(fps, 1.0) if self._weight else 1.0)  # remembers about a second
        load = self._weight * fps / self._bytes_per_s
        if load > PASS_BELOW:
            self._heavy_s = captured_s
        if load > 1.0:
            self._fits = False
        elif self._fits is None or captured_s - self._heavy_s >= PASS_AFTER_S:
            self._fits = True
        return self._fits
