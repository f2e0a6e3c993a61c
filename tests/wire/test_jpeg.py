"""JPEG from outside: real pictures of many kinds, and everything that only looks like one."""

import random
import time
from collections.abc import Callable

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.geometry import Size
from appliance.wire.jpeg import MAX_MARKERS, MIN_BYTES, JpegError, examine, inspect, with_tables

exactly = settings(derandomize=True, deadline=None)
SOI, EOI = b"\xff\xd8", b"\xff\xd9"
LARGEST_MESSAGE_BYTES = 8 * 1024 * 1024

_rng = np.random.default_rng(7)
PICTURE = cv2.resize(_rng.integers(0, 255, (6, 8, 3), np.uint8), (97, 61), interpolation=cv2.INTER_CUBIC)


def encoded(*parameters: int) -> bytes:
    """PICTURE as OpenCV writes it."""
    return cv2.imencode(".jpg", PICTURE, parameters)[1].tobytes()


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (2 + len(content)).to_bytes(2, "big") + content


BASELINE: bytes = simplejpeg.encode_jpeg(PICTURE, 85, "BGR", "422")
SCAN_AT = BASELINE.index(b"\xff\xda")
KINDS = {
    "baseline": BASELINE,
    "4:2:0": simplejpeg.encode_jpeg(PICTURE, 50, "BGR", "420"),
    "grayscale": simplejpeg.encode_jpeg(np.ascontiguousarray(PICTURE[:, :, :1]), 85, "GRAY"),
    "progressive": encoded(cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "optimized": encoded(cv2.IMWRITE_JPEG_OPTIMIZE, 1),
    "restart markers": encoded(cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
    "thumbnail inside": SOI + segment(0xE1, b"Exif\0\0" + BASELINE) + BASELINE[2:],
    "comment and profile": SOI + segment(0xFE, b"a comment") + segment(0xE2, bytes(60_000)) + BASELINE[2:],
    "fill bytes": SOI + b"\xff\xff\xff" + BASELINE[2:],
}
every_kind = pytest.mark.parametrize("jpeg", KINDS.values(), ids=KINDS.keys())


@every_kind
def test_size_of_a_whole_picture(jpeg: bytes) -> None:
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)  # an independent opinion
    assert decoded is not None
    assert decoded.shape == (61, 97, 3)
    assert inspect(jpeg) == Size(97, 61)


@pytest.mark.parametrize("size", [Size(16, 16), Size(1, 1), Size(1920, 1080), Size(641, 359)])
def test_sizes(size: Size) -> None:
    assert inspect(simplejpeg.encode_jpeg(np.zeros((size.height, size.width, 3), np.uint8), 85, "BGR")) == size


@every_kind
def test_no_part_of_a_picture_is_a_picture(jpeg: bytes) -> None:
    step = 1 if len(jpeg) < 10_000 else 97
    for length in range(0, len(jpeg), step):
        with pytest.raises(JpegError):
            inspect(jpeg[:length])
    for length in range(len(jpeg) - 200, len(jpeg)):
        with pytest.raises(JpegError):
            inspect(jpeg[:length])


@every_kind
def test_padding_with_zeros_is_as_good(jpeg: bytes) -> None:
    for zeros in (1, 2, 30, 62):
        assert inspect(jpeg + bytes(zeros)) == Size(97, 61)
    with pytest.raises(JpegError, match="truncated"):
        inspect(jpeg + b"x")


@every_kind
def test_truncated_and_padded_is_truncated(jpeg: bytes) -> None:
    with pytest.raises(JpegError, match="truncated"):
        inspect(jpeg[:-2] + bytes(40))


def without_tables(jpeg: bytes) -> bytes:
    """As AVI files and many webcams have it."""
    at, parts = 2, [SOI]
    while (marker := jpeg[at + 1]) != 0xDA:
        behind = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        parts += [jpeg[at:behind]] * (marker != 0xC4)
        at = behind
    return b"".join([*parts, jpeg[at:]])


def decoded(jpeg: bytes) -> bytes:
    image = simplejpeg.decode_jpeg(jpeg, "BGR", strict=True)
    return bytes(image.tobytes())


@pytest.mark.parametrize("kind", ["baseline", "4:2:0", "grayscale", "restart markers", "thumbnail inside"])
def test_huffman_tables_that_are_missing_are_put_in(kind: str) -> None:
    jpeg = KINDS[kind]
    bare = without_tables(jpeg)
    assert len(bare) < len(jpeg)
    assert not examine(bare).has_tables
    whole = with_tables(bare, examine(bare))
    assert examine(whole).has_tables
    assert inspect(whole) == Size(97, 61)
    assert decoded(whole) == decoded(jpeg)
    assert whole.index(b"\xff\xc4") < whole.rindex(b"\xff\xda")
    assert without_tables(whole) == bare


@every_kind
def test_pictures_with_tables_stay_what_they_are(jpeg: bytes) -> None:
    assert with_tables(jpeg, examine(jpeg)) is jpeg


def test_tables_are_not_invented_for_other_kinds() -> None:
    progressive = without_tables(KINDS["progressive"])
    assert with_tables(progressive, examine(progressive)) is progressive


def without_size(jpeg: bytes) -> bytes:
    at = jpeg.index(b"\xff\xc0")
    return jpeg[: at + 5] + bytes(4) + jpeg[at + 9 :]


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda jpeg: b"", "only 0 bytes"),
        (lambda jpeg: jpeg[:100], "only 100 bytes"),
        (lambda jpeg: SOI + EOI, "only 4 bytes"),
        (lambda jpeg: b"\x89PNG" + jpeg, "does not start with a JPEG marker"),
        (lambda jpeg: jpeg[2:], "does not start with a JPEG marker"),
        (lambda jpeg: b"\0" + jpeg, "does not start with a JPEG marker"),
        (lambda jpeg: SOI + b"junk" + jpeg[2:], "no marker at byte 2"),
        (lambda jpeg: SOI + b"\xff\x00\x00\x10" + jpeg[2:], "marker 00 has no place at byte 2"),
        (lambda jpeg: SOI + jpeg, "marker D8 has no place at byte 2"),
        (lambda jpeg: SOI + EOI + jpeg, "marker D9 has no place at byte 2"),
        (lambda jpeg: SOI + b"\xff\xe0\x00\x00" + jpeg[2:], "no marker at byte 4"),
        (lambda jpeg: SOI + segment(0xE0, bytes(200)) + EOI, "truncated: no picture data"),
        (lambda jpeg: jpeg.replace(b"\xff\xc0", b"\xff\xef"), "no picture size"),
        (without_size, "no picture size"),
        (lambda jpeg: jpeg[:SCAN_AT] + EOI, "truncated: no picture data"),
        (lambda jpeg: jpeg[:SCAN_AT] + EOI + bytes(9), f"marker D9 has no place at byte {SCAN_AT}"),
        (lambda jpeg: jpeg[:-2], "truncated: no end marker"),
        (lambda jpeg: jpeg + bytes(200), "truncated: no end marker"),
    ],
)
def test_what_is_wrong_is_said(break_it: Callable[[bytes], bytes], reason: str) -> None:
    with pytest.raises(JpegError) as refused:
        inspect(break_it(BASELINE))
    assert str(refused.value) == reason


def test_many_segments_of_a_real_picture() -> None:
    profile = segment(0xE2, bytes(8)) * 900
    assert inspect(SOI + profile + BASELINE[2:]) == Size(97, 61)


@pytest.mark.parametrize(
    "unit", [b"\xff", b"\xff\xd0", b"\xff\xe0\x00\x02", b"\xff\xc0\x00\x02", b"\xff\xfe\x00\x03\x00"]
)
def test_largest_message_full_of_markers_takes_no_time(unit: bytes) -> None:
    data = SOI + unit * (LARGEST_MESSAGE_BYTES // len(unit)) + EOI
    started_s = time.perf_counter()
    with pytest.raises(JpegError, match=f"behind {MAX_MARKERS} markers"):
        inspect(data)
    assert time.perf_counter() - started_s < 0.5  # it takes 0.2 ms


@pytest.mark.parametrize("fill", [b"\0", b"\xd9", b"\xff\x00"])
def test_largest_message_full_of_picture_data_takes_no_time(fill: bytes) -> None:
    data = BASELINE[:-2] + fill * (LARGEST_MESSAGE_BYTES // len(fill))
    started_s = time.perf_counter()
    with pytest.raises(JpegError, match="no end marker"):
        inspect(data)
    assert time.perf_counter() - started_s < 0.5


def size_or_reason(data: bytes) -> None:
    try:
        size = inspect(data)
    except JpegError:
        return
    assert 1 <= size.width <= 0xFFFF
    assert 1 <= size.height <= 0xFFFF


@exactly
@given(st.binary(max_size=MIN_BYTES * 4), st.binary(max_size=64))
def test_any_bytes(data: bytes, tail: bytes) -> None:
    size_or_reason(data)
    size_or_reason(SOI + data + tail + EOI)


@exactly
@given(st.lists(st.tuples(st.integers(0, len(BASELINE) - 1), st.integers(0, 255)), max_size=8))
def test_bytes_that_flipped(flips: list[tuple[int, int]]) -> None:
    broken = bytearray(BASELINE)
    for at, value in flips:
        broken[at] = value
    size_or_reason(bytes(broken))


def test_noise_of_64_kib() -> None:
    rng = random.Random(7)
    for _ in range(200):
        noise = rng.randbytes(64 * 1024)
        with pytest.raises(JpegError):
            inspect(noise)
        size_or_reason(SOI + noise + EOI)
        size_or_reason(SOI + b"".join(b"\xff" + noise[n : n + 7] for n in range(0, 4096, 7)) + EOI)
