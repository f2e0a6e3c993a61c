"""What a video device says about itself: the few V4L2 questions that OpenCV cannot ask.

Rule 1: questions only, by ioctls that touch nothing; the device is opened by us and closed again each time.
Rule 2: numbers and layouts are those of <linux/videodev2.h>, the kernel's public interface, the same on 32 and 64 bit.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

MJPG, YUYV = "MJPG", "YUYV"

_CAPTURE = 0x00000001  # V4L2_CAP_VIDEO_CAPTURE and V4L2_BUF_TYPE_VIDEO_CAPTURE
_DEVICE_CAPS = 0x80000000
_DISCRETE = 1  # V4L2_FRMSIZE_TYPE_DISCRETE

_CAPABILITY = struct.Struct("16s32s32sIII12x")  # driver, card, bus_info, version, capabilities, device_caps
_FMTDESC = struct.Struct("III32sI16x")  # index, type, flags, description, pixelformat
_FRMSIZE = struct.Struct("IIIII24x")  # index, pixelformat, type, then width and height or min, max, step of each


def ioctl_number(direction: int, layout: struct.Struct, number: int) -> int:
    """A V4L2 request's code, as the _IOC macro of <asm-generic/ioctl.h> makes it. `direction`: READ, READ_WRITE."""
    return direction << 30 | layout.size << 16 | ord("V") << 8 | number


READ, READ_WRITE = 2, 3
_QUERYCAP = ioctl_number(READ, _CAPABILITY, 0)
_ENUM_FMT = ioctl_number(READ_WRITE, _FMTDESC, 2)
_ENUM_FRAMESIZES = ioctl_number(READ_WRITE, _FRMSIZE, 74)
_MOST_ANSWERS = 128  # a driver that never says "that was all" must not hold us


class Format(NamedTuple):
    """A pixel format and a size that the device offers."""

    pixel_format: str
    width: int
    height: int


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
    """All pixel formats in all their discrete sizes; of a stepwise range the largest. Raises OSError."""
    with opened(path) as fd:
        return [Format(_fourcc(code), *size) for code in _codes(fd) for size in _sizes(fd, code)]


class Refusal(NamedTuple):
    """Why a device cannot be opened."""

    reason: str  # in words for people
    camera: bool = True  # False: it is something else


def refusal(path: str) -> Refusal | None:
    """Why can this device not be opened? None when it can."""
    try:
        found = capability(path)
    except OSError as error:
        if error.errno == errno.ENOTTY:
            return _no_camera(path)
        words = _REFUSALS.get(error.errno or 0, "{path} cannot be used: {error}")
        return Refusal(words.format(path=path, error=(error.strerror or "it does not say why").lower()))
    return None if found else _no_camera(path)


def _no_camera(path: str) -> Refusal:
    return Refusal(f"{path} is not a camera", camera=False)


def is_gone(path: str) -> bool:
    """Is there no such device (any more)?"""
    try:
        capability(path)
    except OSError as error:
        return error.errno in _GONE
    return False


_GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
_REFUSALS = dict.fromkeys(_GONE, "no such device: {path}") | {
    errno.EBUSY: "{path} is busy: another program uses it",
    errno.EACCES: "no permission to open {path}: add this user to the group video",
    errno.EPERM: "no permission to open {path}: this service may not use video devices",
}


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
            yield rest[1], rest[4]  # max_width, max_height
            return
        yield rest[0], rest[1]


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode(errors="replace")


def _fourcc(code: int) -> str:
    return (code & 0x7FFFFFFF).to_bytes(4, "little").decode("ascii", errors="replace").strip()
