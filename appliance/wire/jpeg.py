"""What the outside of a JPEG says: is it whole, and how large is its picture. Nothing is decoded.

Rule 1: a picture that fails here is dropped and counted, never forwarded.
Rule 2: bytes are looked at, never changed: what a camera made reaches its viewers as it is.
Marker layout: ITU-T T.81, annex B.
"""

from appliance.geometry import Size

MIN_BYTES = 128  # nothing smaller is a picture; cameras send such stubs after a glitch
MAX_MARKERS = 1000  # before the picture data. A picture has a dozen, one with a large colour profile some 300
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_START_OF_SCAN = 0xDA
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0..15 without DHT, JPG and DAC
_ALONE = frozenset(range(0xD0, 0xD8)) | {0x01}  # RSTn and TEM carry no length
_ENDS = (0xD8, 0xD9)  # a picture that begins or ends before its data: two of them run together


class JpegError(ValueError):
    """These bytes are not one whole JPEG picture; `str()` says what is wrong."""


def inspect(data: bytes) -> Size:
    """The picture's size. Raises JpegError when `data` does not start, continue and end like one JPEG."""
    if len(data) < MIN_BYTES:
        raise JpegError(f"only {len(data)} bytes")
    if data[:2] != _SOI:
        raise JpegError("does not start with a JPEG marker")
    size = _size_before_scan(data)
    if not data[-64:].rstrip(b"\x00").endswith(_EOI):  # some cameras pad with zeros
        raise JpegError("truncated: no end marker")
    return size


def _size_before_scan(data: bytes) -> Size:
    """Walk the segments up to the first scan; the size stands in the frame header among them."""
    size, at = None, 2
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
            size = Size(int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big"))
        elif marker < 0xC0 or marker in _ENDS:
            raise JpegError(f"marker {marker:02X} has no place at byte {at}")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    else:
        raise JpegError(f"no picture data behind {MAX_MARKERS} markers")
    if size is None or not (size.width and size.height):
        raise JpegError("no picture size")
    return size
