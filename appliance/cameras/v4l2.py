"""What a video device says about itself: the few V4L2 questions that OpenCV cannot ask.

Rule 1: questions only, by ioctls that touch nothing; the device is opened by us and closed again each time.
Rule 2: numbers and layouts are those of <linux/videodev2.h>, the kernel's public interface, the same on 32 and 64 bit.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

MJPG, YUYV = "MJPG", "YUYV"

_CAPTURE = 0x00000001  # V4L2_CAP_VIDEO_CAPTURE and V4L2_BUF_TYPE_VIDEO_CAPTURE
_DEVICE_CAPS = 0x80000000
_DISCRETE = 1  # V4L2_FRMSIZE_TYPE_DISCRETE and V4L2_FRMIVAL_TYPE_DISCRETE

_CAPABILITY = struct.Struct("16s32s32sIII12x")  # driver, card, bus_info, version, capabilities, device_caps
_FMTDESC = struct.Struct("III32sI16x")  # index, type, flags, description, pixelformat
_FRMSIZE = struct.Struct("IIIII24x")  # index, pixelformat, type, then width and height or min, max, step of each
_FRMIVAL = struct.Struct(
    "IIIIIIIIIII8x"
)  # index, pixelformat, width, height, type, then one fraction of s or min, max, step
_STREAMPARM = struct.Struct("IIIII184x")  # type, then of its union: capability, mode, one fraction of s, …


def ioctl_number(direction: int, layout: struct.Struct, number: int) -> int:
    """A V4L2 request's code, as the _IOC macro of <asm-generic/ioctl.h> makes it. `direction`: WRITE, READ, READ_WRITE."""
    return direction << 30 | layout.size << 16 | ord("V") << 8 | number


WRITE, READ, READ_WRITE = 1, 2, 3
_QUERYCAP = ioctl_number(READ, _CAPABILITY, 0)
_ENUM_FMT = ioctl_number(READ_WRITE, _FMTDESC, 2)
_ENUM_FRAMESIZES = ioctl_number(READ_WRITE, _FRMSIZE, 74)
_ENUM_FRAMEINTERVALS = ioctl_number(READ_WRITE, _FRMIVAL, 75)
_G_PARM = ioctl_number(READ_WRITE, _STREAMPARM, 21)
_MOST_ANSWERS = 128  # a driver that never says "that was all" must not hold us
# Of devices that offer a whole range, these are named; a range would say nothing to people.
_USUAL_SIZES = ((320, 240), (640, 360), (640, 480), (800, 600), (1280, 720), (1280, 960), (1920, 1080), (3840, 2160))
_USUAL_RATES = (60.0, 50.0, 30.0, 25.0, 24.0, 20.0, 15.0, 10.0, 5.0, 1.0)


class Format(NamedTuple):
    """A pixel format and a size that the device offers."""

    pixel_format: str
    width: int
    height: int
    rates: tuple[float, ...] = ()  # frames per second, highest first; none: it does not say


class Device(NamedTuple):
    """Who the device says it is."""

    name: str
    bus: str  # "usb-0000:01:00.0-1.2" for USB cameras


def capability(path: str) -> Device | None:
    """Name and bus of a capture device, None for any other video device. Raises OSError."""
    with opened(path) as fd:
        _, card, bus, _, capabilities, device_caps = _CAPABILITY.unpack(ask(fd, _QUERYCAP, bytes(_CAPABILITY.size)))
    mine = device_caps if capabilities & _DEVICE_CAPS else capabilities
    return Device(_text(card), _text(bus)) if mine & _CAPTURE else None


def formats(path: str) -> list[Format]:
    """All pixel formats in all their sizes; of a range its largest one, its smallest, and the usual ones. Raises OSError."""
    with opened(path) as fd:
        return [
            Format(_fourcc(code), *size, tuple(_rates(fd, code, *size)))
            for code in _codes(fd)
            for size in _sizes(fd, code)
        ]


def rate(path: str) -> float | None:
    """What the device promises to deliver as it is set now, in frames per second; None: it does not say. Raises OSError.

    OpenCV's CAP_PROP_FPS is the denominator alone: it calls 2/15 s 15 fps.
    """
    with opened(path) as fd:
        try:
            answer = ask(fd, _G_PARM, _STREAMPARM.pack(_CAPTURE, 0, 0, 0, 0))
        except OSError:
            return None
    return _per_second(*_STREAMPARM.unpack(answer)[3:])


@contextmanager
def opened(path: str) -> Iterator[int]:
    """The device's descriptor, for questions. Raises OSError."""
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def ask(fd: int, number: int, content: bytes) -> bytes:
    """One ioctl; what the driver made of `content`. Raises OSError."""
    return fcntl.ioctl(fd, number, content)


def _codes(fd: int) -> Iterator[int]:
    for index in range(_MOST_ANSWERS):
        try:
            answer = ask(fd, _ENUM_FMT, _FMTDESC.pack(index, _CAPTURE, 0, b"", 0))
        except OSError:
            return  # EINVAL: that was the last
        yield _FMTDESC.unpack(answer)[4]


def _sizes(fd: int, code: int) -> Iterator[tuple[int, int]]:
    for index in range(_MOST_ANSWERS):
        try:
            answer = ask(fd, _ENUM_FRAMESIZES, struct.pack("II", index, code).ljust(_FRMSIZE.size, b"\0"))
        except OSError:
            return
        kind, *rest = struct.unpack_from("IIIIIII", answer, 8)
        if kind != _DISCRETE:
            yield from _within(range(rest[0], rest[1] + 1, rest[2] or 1), range(rest[3], rest[4] + 1, rest[5] or 1))
            return
        yield rest[0], rest[1]


def _within(widths: range, heights: range) -> list[tuple[int, int]]:
    """Largest first."""
    if not (widths and heights):
        return []
    usual = {size for size in _USUAL_SIZES if size[0] in widths and size[1] in heights}
    return sorted(usual | {(widths[-1], heights[-1]), (widths[0], heights[0])}, reverse=True)


def _rates(fd: int, code: int, width: int, height: int) -> list[float]:
    rates: set[float] = set()
    for index in range(_MOST_ANSWERS):
        asked = struct.pack("IIII", index, code, width, height).ljust(_FRMIVAL.size, b"\0")
        try:
            kind, *rest = struct.unpack_from("IIIII", ask(fd, _ENUM_FRAMEINTERVALS, asked), 16)
        except OSError:
            break  # EINVAL: that was the last
        fastest = _per_second(rest[0], rest[1])
        if fastest is not None:
            rates.add(fastest)
        if kind != _DISCRETE:
            slowest = _per_second(rest[2], rest[3]) or 0.0
            rates |= {slowest} | {rate for rate in _USUAL_RATES if fastest and slowest <= rate <= fastest}
            break
    return sorted(rates - {0.0}, reverse=True)


def _per_second(numerator: int, denominator: int) -> float | None:
    """Frames per second of an interval of so many seconds; None when it is none."""
    return round(denominator / numerator, 3) if numerator and denominator else None


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode(errors="replace")


def _fourcc(code: int) -> str:
    return (code & 0x7FFFFFFF).to_bytes(4, "little").decode("ascii", errors="replace").strip()
