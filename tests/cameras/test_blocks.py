"""What is written into the blocks can be read from any frame of the stream."""

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.cameras import blocks
from appliance.cameras.base import Image, Moment
from appliance.cameras.testcard import Card

CARD = Card(1280, 720, "Front door")
numbers = st.integers(0, 2**32 - 1)
times_ms = st.integers(0, 2**48 - 1)
sizes = st.sampled_from([(568, 320), (854, 480), (1280, 720), (426, 240), (640, 360)])


def through_jpeg(image: Image, quality: int = 50) -> Image:
    decoded: Image = simplejpeg.decode_jpeg(simplejpeg.encode_jpeg(image, quality, "BGR", "420"), "BGR")
    return decoded


@given(numbers, times_ms, sizes)
@settings(deadline=None)
def test_survive_scaling_and_the_least_quality(number: int, time_ms: int, size: tuple[int, int]) -> None:
    card = CARD.draw(number, Moment(time_ms * 1000, 0.0))
    scaled = cv2.resize(card, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    assert blocks.read(through_jpeg(scaled)) == (number, time_ms)


@given(numbers, times_ms, st.integers(320, 2000), st.integers(180, 1200))
@settings(deadline=None, max_examples=40)
def test_any_size_of_picture(number: int, time_ms: int, width: int, height: int) -> None:
    image = np.full((height, width, 3), 90, np.uint8)
    blocks.draw(image, number, time_ms)
    assert blocks.read(through_jpeg(image)) == (number, time_ms)


@given(numbers, times_ms)
@settings(deadline=None, max_examples=20)
def test_the_documented_layout(number: int, time_ms: int) -> None:
    """Another reader, from the docstring alone: one pixel per cell, no code of ours."""
    luma = cv2.cvtColor(CARD.draw(number, Moment(time_ms * 1000, 0.0)), cv2.COLOR_BGR2GRAY)
    cell = 1280 / 64
    bits = ""
    for row in range(3):
        for column in range(32):
            x, y = (16 + column + 0.5) * cell, 720 - (5 - row - 0.5) * cell
            bits += "1" if luma[int(y), int(x)] >= 128 else "0"
    check = 0xFFFF
    for bit in bits[:80]:
        check = (check << 1 ^ (0x1021 if (check >> 15) ^ int(bit) else 0)) & 0xFFFF
    assert (int(bits[:32], 2), int(bits[32:80], 2), int(bits[80:], 2)) == (number, time_ms, check)


def test_numbers_wrap() -> None:
    assert blocks.read(CARD.draw(2**32 + 5, Moment(1000, 0.0))) == (5, 1)


@pytest.mark.parametrize("shade", [0, 127, 255])
def test_a_picture_without_blocks_has_none(shade: int) -> None:
    assert blocks.read(np.full((720, 1280, 3), shade, np.uint8)) is None


@pytest.mark.parametrize("size", [(16, 16), (16, 8192), (8192, 16), (33, 21)])
def test_odd_sizes_are_survived(size: tuple[int, int]) -> None:
    width, height = size
    image = Card(width, height, "A title that is far too long for such a small picture").draw(1, Moment(0, 0.0))
    assert image.shape == (height, width, 3)
    blocks.read(image)


def test_the_card_moves() -> None:
    first = CARD.draw(1, Moment(1_000_000_000, 0.0)).copy()
    later = CARD.draw(2, Moment(1_000_500_000, 0.0))
    upper = slice(0, 500)
    assert np.count_nonzero(first[upper] != later[upper]) > 500
