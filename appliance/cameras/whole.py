"""Is a JPEG one picture, and is all of it there? `wire.jpeg` looks at its outside, this looks further.

Rule 1: looking for a second picture costs 0.1 ms at 720p and is for every camera; decoding costs 1 ms (7 ms when it is progressive)
        and is for what strangers push. It finds what is missing; damage in the middle that still means pixels, nobody can tell.
Rule 2: only for bytes that `wire.jpeg.inspect` has passed.
"""

import re

import simplejpeg

from appliance.wire.jpeg import JpegError

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_START_OF_SCAN = 0xDA
_FILL = 0xFF
_ALONE = frozenset(range(0xD0, 0xD8)) | {0x01}  # markers without content
_STRAY = re.compile(r"(\d+) extraneous bytes before marker 0xd9")  # libjpeg's first warning, when it is this one
MOST_STRAY_BYTES = 8


def refuse_two(data: bytes) -> None:
    """Raise JpegError when a second picture begins where the first one ends."""
    if data.find(_EOI + _SOI, _scan_at(data)) >= 0:
        raise JpegError("two pictures run together")


def refuse_parts(data: bytes) -> None:
    """Raise JpegError unless `data` is one picture that decodes without a complaint, and nothing else."""
    end = data.find(_EOI, _scan_at(data))  # what it means stands nowhere else in picture data
    if data[end:].strip(b"\x00" + _EOI):  # some cameras pad with zeros, or say the end twice
        raise JpegError("something follows the end of the picture")
    complaint = _complaint(data)
    stray = _STRAY.search(complaint)
    if stray and int(stray[1]) <= MOST_STRAY_BYTES:  # many cameras leave some; whole is what is so without them
        complaint = _complaint(data[: end - int(stray[1])] + _EOI)
    if complaint:
        raise JpegError(complaint)


def _scan_at(data: bytes) -> int:
    """Where picture data begins, behind all thumbnails; `inspect` has been this way and found it."""
    at = 2
    while (marker := data[at + 1]) != _START_OF_SCAN:
        if marker == _FILL or marker in _ALONE:
            at += 1 if marker == _FILL else 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at


def _complaint(data: bytes) -> str:
    """What the decoder says at the smallest size, where reading the data is nearly all of the work. Empty: nothing."""
    try:
        simplejpeg.decode_jpeg(
            data, "GRAY", fastdct=True, fastupsample=True, min_width=1, min_height=1, min_factor=8, strict=True
        )
    except ValueError as error:
        return str(error)
    return ""
