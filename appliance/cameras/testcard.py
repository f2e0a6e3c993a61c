"""The test pattern's picture: colour bars, a clock, the camera's title, a dot that runs around, machine-readable blocks.

Rule 1: what never changes is drawn once; per frame only the clock, the dot and the blocks are, in one canvas.
Rule 2: what a frame shows follows from its number and capture time alone.
"""

import math
import time

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.cameras import blocks, lettering
from appliance.cameras.base import Image, Moment

TURN_S = 4.0  # the dot's time for once around
_BARS = (
    (196, 198, 196),
    (84, 186, 200),
    (178, 170, 84),
    (102, 168, 92),
    (160, 100, 164),
    (88, 88, 184),
    (168, 104, 76),
)
_BASE, _DISC, _INK, _FAINT, _DOT = (36, 29, 25), (44, 35, 30), (244, 242, 240), (176, 166, 158), (70, 190, 255)  # BGR
_BARS_END, _RAMP_END = 0.72, 0.78  # shares of the height
_GLYPHS = "0123456789:."


class Card:
    """A canvas of one size. The image it returns is valid until the next one is drawn."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self._unit = min(width / 16, height / 9)  # everything on the card is measured in this
        self._radius = 2.5 * self._unit
        self._center = (round(width / 2), round(0.365 * height))
        self._background = _background(width, height)
        self._draw_still(lettering.plain(title))
        self._canvas = self._background.copy()
        self._dot = _Dot(max(round(0.32 * self._unit), 2))
        self._dirty = (slice(0), slice(0))
        self._glyphs = _glyphs(0.4 * self._unit)

    def draw(self, number: int, captured: Moment) -> Image:
        """The picture of that moment."""
        time_ms = captured.wall_us // 1000
        self._move_dot(2 * math.pi * time_ms / 1000 / TURN_S)
        self._write_clock(time_ms)
        blocks.draw(self._canvas, number, time_ms)
        return self._canvas

    def _draw_still(self, title: str) -> None:
        (x, y), unit, image = self._center, self._unit, self._background
        cv2.circle(image, (x, y), round(self._radius), _DISC, -1, cv2.LINE_AA)
        cv2.circle(image, (x, y), round(self._radius), _FAINT, max(1, round(unit / 32)), cv2.LINE_AA)
        for text, down, size, color in ((title, -0.95, 0.4, _INK), ("test pattern", 1.25, 0.25, _FAINT)):
            line = lettering.shortened(text, size * unit, round(1.6 * self._radius))
            left = x - lettering.width(line, size * unit) // 2
            lettering.write(image, line, (left, round(y + down * unit)), size * unit, color)

    def _move_dot(self, angle: float) -> None:
        self._canvas[self._dirty] = self._background[self._dirty]
        x = self._center[0] + self._radius * math.sin(angle)
        y = self._center[1] - self._radius * math.cos(angle)
        self._dirty = self._dot.put(self._canvas, x, y)

    def _write_clock(self, time_ms: int) -> None:
        text = f"{time.strftime('%H:%M:%S', time.localtime(time_ms // 1000))}.{time_ms % 1000:03d}"
        line = np.hstack([self._glyphs[character] for character in text])
        left = self._center[0] - line.shape[1] // 2
        top = self._center[1] - line.shape[0] // 2
        if left >= 0 and top >= 0:
            self._canvas[top : top + line.shape[0], left : left + line.shape[1]] = line


class _Dot:
    """A round dot with soft edges."""

    def __init__(self, radius: int) -> None:
        y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        cover = np.clip(radius - 0.5 - np.hypot(x, y), 0, 1)[:, :, np.newaxis]
        self._side = 2 * radius + 1
        self._light = (cover * np.array(_DOT)).astype(np.uint16)
        self._shade = ((1 - cover) * 256).astype(np.uint16)

    def put(self, image: Image, x: float, y: float) -> tuple[slice, slice]:
        """Draw it centred there; returns which part of the image that changed."""
        left, top = round(x - self._side / 2), round(y - self._side / 2)
        part = (slice(max(top, 0), top + self._side), slice(max(left, 0), left + self._side))
        under = image[part]
        if under.shape == self._light.shape:  # a tiny picture has no room for it
            under[:] = self._light + (under * self._shade >> 8)
        return part


def _background(width: int, height: int) -> Image:
    """Bars, a grey ramp below them, and a calm base for the blocks."""
    image = np.full((height, width, 3), _BASE, np.uint8)
    bars_end, ramp_end = round(height * _BARS_END), round(height * _RAMP_END)
    bars = np.array(_BARS, np.float32)[np.arange(width) * len(_BARS) // width]
    for y, light in enumerate(np.linspace(1.04, 0.72, bars_end)):  # by rows: floats of a whole 4K picture are 100 MB
        image[y] = bars * light
    image[bars_end:ramp_end] = np.linspace(16, 235, width)[:, np.newaxis]
    return image


def _glyphs(height: float) -> dict[str, NDArray[np.uint8]]:
    """Each character of the clock on the disc's colour; all digits equally wide, so that the clock stands still."""
    digit_width = max(lettering.width(digit, height) for digit in "0123456789")
    tall, glyphs = round(1.7 * height), {}
    for character in _GLYPHS:
        own = lettering.width(character, height)
        wide = digit_width if character.isdigit() else own
        glyph = np.full((tall, wide, 3), _DISC, np.uint8)
        lettering.write(glyph, character, ((wide - own) // 2, round(1.35 * height)), height, _INK)
        glyphs[character] = glyph
    return glyphs
