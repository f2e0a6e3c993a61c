"""Rung: one step of what a viewer may get, and what it costs the link. Pure arithmetic."""

import math
from typing import NamedTuple

from appliance.geometry import Size

# How the bytes of a JPEG follow its size and quality, fitted to camera pictures: close enough to choose a rung nobody is on yet.
PIXELS_POWER, PER_QUALITY = 0.8, 0.025


class Rung(NamedTuple):
    """A rendition, and how many of its frames."""

    rendition: str
    preset: str  # what people chose, or would have to choose to get it
    fps: float | None  # None: all of them
    name: str  # for people


def bytes_ratio(size: Size, quality: int, known_size: Size, known_quality: int) -> float:
    """How much bigger a frame of the one kind is than one of the other, which was measured."""
    pixels, known_pixels = size.width * size.height, known_size.width * known_size.height
    ratio: float = (pixels / known_pixels) ** PIXELS_POWER * math.exp(PER_QUALITY * (quality - known_quality))
    return ratio
