"""What the outside of a JPEG says: is it whole, and how large is its picture. Nothing is decoded.

Rule 1: a picture that fails here is dropped and counted, never forwarded.
Rule 2: what a camera made reaches its viewers as it is, byte for byte; only a picture that came without Huffman tables gets
        the standard ones (`with_tables`), because it is no whole JPEG without, and Safari paints nothing.
Marker layout: ITU-T T.81, annex B.
"""

from typing import NamedTuple

from appliance.geometry import Size
from appliance.wire.huffman import STANDARD_TABLES

MIN_BYTES = 128  # nothing smaller is a picture; cameras send such stubs after a glitch
MAX_MARKERS = 1000  # before the picture data. A picture has a dozen, one with a large colour profile some 300
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_START_OF_SCAN = 0xDA
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0..15 without DHT, JPG and DAC
_ALONE = frozenset(range(0xD0, 0xD8)) | {0x01}  # RSTn and TEM carry no length
_ENDS = (0xD8, 0xD9)  # a picture that begins or ends before its data: two of them run together
_HUFFMAN_TABLES = 0xC4
_BASELINE = (0xC0, 0xC1)  # SOF0 and SOF1: what the standard tables are for


class JpegError(ValueError):
    """These bytes are not one whole JPEG picture; `str()` says what is wrong."""


class Outside(NamedTuple):
    """What is known of a picture without looking at its data."""

    size: Size
    scan_at: int  # where the header of its (first) scan begins, behind all thumbnails
    has_tables: bool  # False: it wants the standard Huffman tables


def inspect(data: bytes) -> Size:
    """The picture's size. Raises JpegError when `data` does not start, continue and end like one JPEG."""
    return examine(data).size


def examine(data: bytes) -> Outside:
    """The same, with more of what was seen on the way. Raises JpegError."""
    if len(data) < MIN_BYTES:
        raise JpegError(f"only {len(data)} bytes")
    if data[:2] != _SOI:
        raise JpegError("does not start with a JPEG marker")
    outside = _before_scan(data)
    if not data[-64:].rstrip(b"\x00").endswith(_EOI):  # some cameras pad with zeros
        raise JpegError("truncated: no end marker")
    return outside


def with_tables(data: bytes, outside: Outside) -> bytes:
    """The picture as every viewer can show it: itself, or with the standard tables put in front of its scan."""
    if outside.has_tables:
        return data
    return b"".join((data[: outside.scan_at], STANDARD_TABLES, data[outside.scan_at :]))


def _before_scan(data: bytes) -> Outside:
    """Walk the segments up to the first scan; the size stands in the frame header among them."""
    size, frame, tables, at = None, 0, False, 2
    for _ in range(MAX_MARKERS):
        if at + 4 > len(data):
            raise JpegError("truncated: no picture data")
        if data[at] != 0xFF:
            raise JpegError(f"no marker at byte {at}")
        marker = data[at + 1]
        if marker == _START_OF_SCAN:
            break
        if marker == 0xFF or marker in _ALONE:  # fill byte, or a marker without content
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAME_HEADERS:
            frame, size = marker, _size_at(data, at)
        elif marker < 0xC0 or marker in _ENDS:
            raise JpegError(f"marker {marker:02X} has no place at byte {at}")
        tables = tables or marker == _HUFFMAN_TABLES
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    else:
        raise JpegError(f"no picture data behind {MAX_MARKERS} markers")
    if size is None or not (size.width and size.height):
        raise JpegError("no picture size")
    return Outside(size, at, tables or frame not in _BASELINE)


def _size_at(data: bytes, at: int) -> Size:
    """What the frame header at `at` says."""
    return Size(int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big"))
