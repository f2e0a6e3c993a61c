"""JPEGs for a camera to send: read from a folder, or made."""

import struct
from collections.abc import Iterator
from pathlib import Path

SOF_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
SOS = 0xDA


def size_of(jpeg: bytes) -> tuple[int, int] | None:
    """Width and height, as its header says."""
    for marker, start, _ in _segments(jpeg):
        if marker in SOF_MARKERS:
            height, width = struct.unpack_from(">HH", jpeg, start + 1)
            return width, height
    return None


def scan_start(jpeg: bytes) -> int:
    """Where the entropy-coded data begins: what is damaged behind it stays a JPEG to every header reader."""
    for marker, _, end in _segments(jpeg):
        if marker == SOS:
            return end
    return min(len(jpeg), 600)


def read(folder: Path, width: int, height: int) -> list[bytes]:
    """The folder's JPEGs of this size, in name order."""
    candidates = (path.read_bytes() for path in sorted(folder.rglob("*.jpg")))
    return [jpeg for jpeg in candidates if size_of(jpeg) == (width, height)]


def write(folder: Path, sizes: list[tuple[int, int]], count: int, quality: int = 85) -> None:
    """Make test pictures, so many of each size. Slow in an emulator: make them outside, once."""
    folder.mkdir(parents=True, exist_ok=True)
    for width, height in sizes:
        for number, jpeg in enumerate(make(width, height, count, quality)):
            (folder / f"{width}x{height}-{number:03d}.jpg").write_bytes(jpeg)


def make(width: int, height: int, count: int, quality: int = 85) -> Iterator[bytes]:
    """A ball that crosses a rainbow, with the picture's number on it."""
    import cv2
    import numpy as np

    y, x = np.mgrid[0:height, 0:width]
    rainbow = np.dstack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)]).astype(np.uint8)
    for number in range(count):
        picture = np.roll(rainbow, number * width // count, axis=1).copy()
        ball = (int(width * (0.1 + 0.8 * number / count)), height // 2)
        cv2.circle(picture, ball, height // 8, (255, 255, 255), -1)
        words, scale = f"{width}x{height} #{number:03d}", max(0.6, height / 480)
        place = (width // 20, height // 6)
        cv2.putText(picture, words, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), max(1, int(2 * scale)))
        yield cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def bars(width: int, height: int, count: int = 8) -> list[bytes]:
    """YUYV pictures: a ramp of grey that moves."""
    return [_ramp(width, 16 * number) * height for number in range(count)]


def _ramp(width: int, offset: int) -> bytes:
    pairs = (16 + (x + offset) % 220 for x in range(0, width, 2))
    return b"".join(bytes((grey, 128 + offset // 2 % 64, grey, 90)) for grey in pairs)


def _segments(jpeg: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start of its content and end, of each segment up to the scan."""
    at = 2
    while at + 4 < len(jpeg) and jpeg[at] == 0xFF:
        marker, (length,) = jpeg[at + 1], struct.unpack_from(">H", jpeg, at + 2)
        yield marker, at + 4, at + 2 + length
        if marker == SOS:
            return
        at += 2 + length
