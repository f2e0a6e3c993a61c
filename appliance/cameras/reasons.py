"""Why a device gives no pictures, in words for people. Asked only after something failed, by ioctls of our own: OpenCV does not say.

Rule 1: what the kernel answers is told; what it does not say is not guessed.
"""

import errno
import struct
from typing import NamedTuple

from appliance.cameras import v4l2
from appliance.wire.hallway import Kind


class Refusal(NamedTuple):
    """Why a device cannot be opened, or does not start."""

    reason: str
    camera: bool = True  # False: it is something else
    kind: Kind = "other"


def refusal(path: str) -> Refusal | None:
    """Why can this device not be opened? None when it can."""
    try:
        found = v4l2.capability(path)
    except OSError as error:
        if error.errno == errno.ENOTTY:
            return _no_camera(path)
        words = _REFUSALS.get(error.errno or 0, "{path} cannot be used: {error}")
        reason = words.format(path=path, error=(error.strerror or "it does not say why").lower())
        return Refusal(reason, kind=_KINDS.get(error.errno or 0, "other"))
    return None if found else _no_camera(path)


def is_gone(path: str) -> bool:
    """Is there no such device (any more)?"""
    try:
        v4l2.capability(path)
    except OSError as error:
        return error.errno in _GONE
    return False


def start_refusal(path: str, mode: str) -> Refusal | None:
    """Why does this device, which we do not have open, not start to stream as it is set? None when it does. `mode`: for people.

    It is set to what it is set to already, started for a moment and stopped again; uvcvideo lets everybody open a camera and says
    only then that it is another program's. Takes as long as the kernel does.
    """
    try:
        with v4l2.opened(path) as fd:
            _start(fd)
    except OSError as error:
        words = _NOT_STARTED.get(error.errno or 0, "{path} does not start: {error}")
        reason = words.format(path=path, mode=mode, error=(error.strerror or "it does not say why").lower())
        return Refusal(reason, kind=_KINDS.get(error.errno or 0, "refused"))
    return None


_GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
_REFUSALS = dict.fromkeys(_GONE, "no such device: {path}") | {
    errno.EBUSY: "{path} is busy: another program uses it",
    errno.EACCES: "no permission to open {path}: add this user to the group video",
    errno.EPERM: "no permission to open {path}: this service may not use video devices",
}
_NOT_STARTED = _REFUSALS | {
    errno.ENOSPC: "the USB bus has no room left for {mode} of {path}: choose a smaller size or rate, or another port",
    errno.EIO: "{path} does not start: the camera refuses {mode}; pull it out and plug it in again",
    errno.EPIPE: "{path} does not start: the camera refuses {mode}; pull it out and plug it in again",
    errno.ETIMEDOUT: "{path} does not answer: pull it out and plug it in again",
}
_KINDS: dict[int, Kind] = {
    **dict.fromkeys(_GONE, "gone"),
    errno.EBUSY: "busy",
    errno.ENOSPC: "other",
    errno.EACCES: "permission",
    errno.EPERM: "permission",
}

_CAPTURE, _MMAP = 1, 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_MEMORY_MMAP
_FORMAT = struct.Struct(
    "I" + ("4x" if struct.calcsize("P") == 8 else "") + "200x"
)  # type, then a union with pointers in it
_REQUESTBUFFERS = struct.Struct("IIIII")  # count, type, memory, capabilities, flags
_INT = struct.Struct("i")
_G_FMT = v4l2.ioctl_number(v4l2.READ_WRITE, _FORMAT, 4)
_S_FMT = v4l2.ioctl_number(v4l2.READ_WRITE, _FORMAT, 5)
_REQBUFS = v4l2.ioctl_number(v4l2.READ_WRITE, _REQUESTBUFFERS, 8)
_STREAMON = v4l2.ioctl_number(v4l2.WRITE, _INT, 18)
_STREAMOFF = v4l2.ioctl_number(v4l2.WRITE, _INT, 19)


def _start(fd: int) -> None:
    v4l2.ask(fd, _S_FMT, v4l2.ask(fd, _G_FMT, _FORMAT.pack(_CAPTURE)))
    v4l2.ask(fd, _REQBUFS, _REQUESTBUFFERS.pack(2, _CAPTURE, _MMAP, 0, 0))
    try:
        v4l2.ask(fd, _STREAMON, _INT.pack(_CAPTURE))
        v4l2.ask(fd, _STREAMOFF, _INT.pack(_CAPTURE))
    finally:
        v4l2.ask(fd, _REQBUFS, _REQUESTBUFFERS.pack(0, _CAPTURE, _MMAP, 0, 0))


def _no_camera(path: str) -> Refusal:
    return Refusal(f"{path} is not a camera", camera=False)
