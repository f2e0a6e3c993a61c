"""What one viewer saw, picture by picture, and questions to ask of it. Pure."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

WINDOW_S = 1.0


class Seen(NamedTuple):
    """One picture."""

    at_s: float  # unix
    age_ms: float
    size: int  # bytes
    width: int  # 0: unknown, over MJPEG
    height: int
    number: int


class Trace:
    """All that one viewer saw between two times."""

    def __init__(self, seen: Sequence[Seen], begin_s: float, end_s: float) -> None:
        self.begin_s, self.end_s = begin_s, end_s
        self.seen = [each for each in seen if begin_s < each.at_s <= end_s]

    @classmethod
    def read(cls, path: Path, begin_s: float, end_s: float) -> "Trace":
        """From the file that `viewers` wrote."""
        rows = (line.split() for line in path.read_text().splitlines())
        return cls(
            [Seen(float(a), float(b), int(c), int(d), int(e), int(f)) for a, b, c, d, e, f in rows], begin_s, end_s
        )

    def between(self, begin_s: float, end_s: float) -> "Trace":
        """A part of it."""
        return Trace(self.seen, begin_s, end_s)

    @property
    def fps(self) -> float:
        """Pictures per second."""
        return len(self.seen) / (self.end_s - self.begin_s)

    @property
    def kbytes_per_s(self) -> float:
        """Of pictures, in 1000 bytes."""
        return sum(each.size for each in self.seen) / (self.end_s - self.begin_s) / 1000

    def age_ms(self, share: float) -> float:
        """The age that `share` of all pictures do not exceed. Without a picture: as old as the whole time."""
        ages = sorted(each.age_ms for each in self.seen)
        return ages[min(len(ages) - 1, int(len(ages) * share))] if ages else 1000 * (self.end_s - self.begin_s)

    @property
    def longest_gap_ms(self) -> float:
        """Between two pictures, or before the first, or after the last."""
        times = [self.begin_s, *(each.at_s for each in self.seen), self.end_s]
        return 1000 * max(after - before for before, after in pairwise(times))

    @property
    def width(self) -> int:
        """Of most pictures; 0 without any."""
        widths = [each.width for each in self.seen]
        return max(set(widths), key=widths.count) if widths else 0

    def full_after_s(self, width: int, fps: float) -> float | None:
        """How long after the begin a second begins in which all pictures are so wide and so many come; None: never."""
        starts = [each.at_s for each in self.seen if each.at_s + WINDOW_S <= self.end_s]
        for start_s in starts:
            second = self.between(start_s - 1e-6, start_s + WINDOW_S)
            if second.fps >= fps and all(each.width >= width for each in second.seen):
                return start_s - self.begin_s
        return None

    def summary(self) -> dict[str, object]:
        """For the JSON."""
        return {
            "fps": round(self.fps, 2),
            "kbytes_per_s": round(self.kbytes_per_s, 1),
            "width": self.width,
            "age_ms_p50": self.age_ms(0.5),
            "age_ms_p95": self.age_ms(0.95),
            "age_ms_max": self.age_ms(1),
            "longest_gap_ms": round(self.longest_gap_ms, 1),
        }
