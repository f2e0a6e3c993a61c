"""Machine-readable blocks in the test pattern: which frame is this, and when was it captured. For tests and latency.

Layout, for a picture W pixels wide and H high (readers in other languages: this is all there is to know):

    One cell is a square of c = W / 64 pixels (not rounded). 3 rows of 32 cells stand at the bottom centre:
    the cell in row r (0..2), column k (0..31) has its centre at
        x = (16 + k + 0.5) * c        y = H - (5 - r - 0.5) * c
    so that the blocks cover x from 16 c to 48 c and y from H - 5 c to H - 2 c.
    A cell is black for 0 and white for 1. To read one: the mean of the luma of the pixels within c / 4 of the centre,
    at least one pixel; 1 when it is 128 or more. The single pixel floor(x), floor(y) will do where JPEG quality is good.
    Row by row, left to right, the 96 cells are 96 bits, the most significant bit of each field first:
        32 bits frame number (modulo 2**32) | 48 bits capture time in ms since 1970 | 16 bits check
    The check is CRC-16/CCITT-FALSE (polynomial 0x1021, initial value 0xFFFF, nothing reflected, no final xor) over the
    10 bytes of number and time, big endian. A wrong check means: no blocks here.

Rule 1: position and size follow from the picture's width and height alone, so a scaled picture reads the same way.
Rule 2: they survive JPEG quality 50 from 320 pixels of width on; below that nobody promises anything.
"""

import binascii

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.cameras.base import Image

COLUMNS, ROWS = 32, 3
CELLS_PER_WIDTH = 64
LEFT_CELLS, TOP_CELLS = 16, 5  # from the left edge; from the bottom edge up
_NUMBER_BITS, _TIME_BITS, _CHECK_BYTES = 32, 48, 2


def area(width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the blocks in pixels."""
    cell = width / CELLS_PER_WIDTH
    left, right = round(LEFT_CELLS * cell), round((LEFT_CELLS + COLUMNS) * cell)
    return left, max(round(height - TOP_CELLS * cell), 0), right, max(round(height - (TOP_CELLS - ROWS) * cell), 0)


def draw(image: Image, number: int, time_ms: int) -> None:
    """Put the blocks into `image`. A picture too small for them stays as it is."""
    left, top, right, bottom = area(image.shape[1], image.shape[0])
    if right - left < COLUMNS or bottom - top < ROWS:
        return
    bits = np.unpackbits(np.frombuffer(_pack(number, time_ms), np.uint8)).reshape(ROWS, COLUMNS)
    cells = cv2.resize(bits * np.uint8(255), (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
    image[top:bottom, left:right] = cells[:, :, np.newaxis]


def read(image: Image) -> tuple[int, int] | None:
    """Frame number and capture time in ms, or None where no blocks can be read."""
    height, width = image.shape[:2]
    cell = width / CELLS_PER_WIDTH
    if height < TOP_CELLS * cell:
        return None
    luma = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    bits = [
        _mean(luma, (LEFT_CELLS + column + 0.5) * cell, height - (TOP_CELLS - row - 0.5) * cell, cell / 4) >= 128
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]
    packed = np.packbits(np.array(bits)).tobytes()
    number, time_ms = int.from_bytes(packed[:4], "big"), int.from_bytes(packed[4:10], "big")
    return (number, time_ms) if packed == _pack(number, time_ms) else None


def _pack(number: int, time_ms: int) -> bytes:
    content: bytes = ((number % 2**_NUMBER_BITS << _TIME_BITS) + time_ms % 2**_TIME_BITS).to_bytes(10, "big")
    return content + binascii.crc_hqx(content, 0xFFFF).to_bytes(_CHECK_BYTES, "big")


def _mean(luma: NDArray[np.generic], x: float, y: float, reach: float) -> float:
    """Of the pixels whose centres lie within `reach` of the point, and of the one that holds it in any case."""
    top, left = min(int(y), round(y - reach)), min(int(x), round(x - reach))
    bottom, right = max(int(y) + 1, round(y + reach)), max(int(x) + 1, round(x + reach))
    return float(luma[top:bottom, left:right].mean())
