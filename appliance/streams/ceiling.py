"""Ceiling: the most that any viewer gets for now, whatever was chosen, because the board cannot go on like this. Pure arithmetic.

What costs is encoding, so each step takes away more of that:

    1   half the frames per second
    2   and nothing of more than 480 lines
    3   a quarter of the frames, and nothing of more than 320 lines

Rule 1: a camera's own JPEG passes through without being encoded. It comes less often, and is never exchanged for a smaller picture: that
        one would have to be made.
Rule 2: nobody gets more for being below a ceiling, and nobody gets nothing.
"""

from typing import NamedTuple

LEAST_FPS = (0.0, 10.0, 10.0, 5.0)  # by level: at least so many, of cameras and presets that have them
SHARES = (1.0, 0.5, 0.5, 0.25)
HEIGHTS: tuple[int | None, ...] = (None, None, 480, 320)
LOWEST = 3


class Ceiling(NamedTuple):
    """Level 0 is none."""

    level: int = 0
    why: str = ""  # half a sentence for people: "the board is 81 °C hot"

    def fps(self, fps: float) -> float:
        """Of a rendition of so many frames per second, the most."""
        return min(fps, max(LEAST_FPS[self.level], fps * SHARES[self.level]))

    def admits(self, height: int) -> bool:
        """May a picture of so many lines be made?"""
        most = HEIGHTS[self.level]
        return most is None or height <= most


NONE = Ceiling()
