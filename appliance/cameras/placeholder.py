"""The picture that stands in for a camera's: a dark card that says what is missing and why.

Rule 1: it is drawn by a process that lives for one set of words; the server keeps the result and has no codec of its own.
Rule 2: it carries no time: the server shows one picture again whenever the same thing is missing.
Rule 3: every text and every size gives a picture. Without words left to fit, the card stays dark.
"""

import math

import cv2
import numpy as np
import simplejpeg

from appliance.cameras import lettering
from appliance.cameras.base import Image

LEAST_PIXELS, MOST_PIXELS = 16, 8192  # a side; as in the configuration
JPEG_QUALITY = 85
_TOP, _BOTTOM = (44, 36, 31), (26, 21, 18)  # blue, green, red
_MARK, _TITLE, _REASON = (108, 96, 88), (242, 240, 238), (190, 182, 175)
_REASON_LINES = 3


def draw(width: int, height: int, title: str, reason: str) -> bytes:
    """The placeholder as JPEG."""
    width, height = (min(max(side, LEAST_PIXELS), MOST_PIXELS) for side in (width, height))
    image = _background(width, height)
    unit = min(width / 16, height / 9)
    _mark(image, width // 2, round(height / 2 - 1.75 * unit), 0.8 * unit)
    base_line = height / 2 + 0.15 * unit
    base_line = _write(image, [_one_line(title, 0.52 * unit, width)], base_line, 0.52 * unit, _TITLE)
    lines = lettering.wrapped(lettering.plain(reason), 0.3 * unit, round(0.84 * width), _REASON_LINES)
    _write(image, lines, base_line + 0.1 * unit, 0.3 * unit, _REASON)
    data: bytes = simplejpeg.encode_jpeg(image, JPEG_QUALITY, "BGR", "420")
    return data


def _one_line(text: str, height: float, width: int) -> str:
    return lettering.shortened(lettering.plain(text), height, round(0.84 * width))


def _write(image: Image, lines: list[str], base_line: float, height: float, color: lettering.Color) -> float:
    """Centred lines from this base line on. Returns the base line below them."""
    for line in lines:
        base_line += height
        left = (image.shape[1] - lettering.width(line, height)) // 2
        lettering.write(image, line, (left, round(base_line)), height, color)
        base_line += 0.85 * height
    return base_line


def _mark(image: Image, x: int, y: int, radius: float) -> None:
    """A camera, crossed out."""
    stroke = max(1, round(radius / 9))
    body = (round(1.0 * radius), round(0.62 * radius))
    cv2.rectangle(image, (x - body[0], y - body[1]), (x + body[0], y + body[1]), _MARK, stroke, cv2.LINE_AA)
    cv2.circle(image, (x, y), round(0.34 * radius), _MARK, stroke, cv2.LINE_AA)
    reach = round(1.12 * radius * math.sqrt(0.5) * 1.25)
    ends = (x - reach, y + round(0.85 * reach)), (x + reach, y - round(0.85 * reach))
    ground = tuple(int(value) for value in image[max(y, 0), 0])
    cv2.line(image, *ends, ground, 3 * stroke, cv2.LINE_AA)
    cv2.line(image, *ends, _MARK, stroke, cv2.LINE_AA)


def _background(width: int, height: int) -> Image:
    """From dark to darker."""
    share = np.linspace(0, 1, height)[:, np.newaxis, np.newaxis]
    column = np.array(_TOP) * (1 - share) + np.array(_BOTTOM) * share
    return np.repeat(column.round().astype(np.uint8), width, axis=1)
