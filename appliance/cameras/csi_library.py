"""picamera2 and libcamera: imported here, late, and with what is missing said in words.

Rule 1: they come with the system (apt), built for its Python; a box without them has all its other cameras.
Rule 2: what they raise becomes CameraError at the edge of this file's `plainly`, so that people read causes and not call stacks.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

from appliance.cameras.base import CameraError
from appliance.cameras.csi_listing import is_ribbon

INSTALL = "sudo apt install python3-picamera2"
REPAIR = "sudo apt install --reinstall python3-libcamera python3-picamera2"
_FAILURES = (RuntimeError, OSError, ValueError, LookupError)  # libcamera's own failures are RuntimeErrors


class Library(NamedTuple):
    """Both modules."""

    picamera2: Any
    libcamera: Any


class Found(NamedTuple):
    """A camera on the ribbon cable."""

    number: int  # picamera2's
    id: str  # libcamera's; stays the same as long as the cable stays where it is
    model: str  # the sensor, such as "imx219"


def load() -> Library:
    """Import both. Raises CameraError, which names the command that helps."""
    os.environ.setdefault("LIBCAMERA_LOG_LEVELS", "*:WARN")  # it reads this once; what it says goes into our log
    try:
        import libcamera
        import picamera2
    except ModuleNotFoundError as error:
        if error.name in ("picamera2", "libcamera"):
            raise CameraError(
                f"there is no {error.name} here, which cameras on the ribbon cable need: {INSTALL}; "
                "if that is done, camera-appliance doctor knows more"
            ) from error
        raise CameraError(f"picamera2 lacks {error.name}: {REPAIR}") from error
    except (ImportError, AttributeError, *_FAILURES) as error:  # ValueError: built for another numpy
        raise CameraError(f"picamera2 cannot be used: {_last_line(error)}: {REPAIR}") from error
    return Library(picamera2, libcamera)


def attached(picamera2: ModuleType) -> list[Found]:
    """Cameras on the ribbon cable, in picamera2's order, which is that of their numbers. Raises CameraError."""
    with plainly("the cameras on the ribbon cable cannot be listed"):
        infos: list[Mapping[str, Any]] = picamera2.Picamera2.global_camera_info()
    return [
        Found(number, info["Id"], info.get("Model", "camera"))
        for number, info in enumerate(infos)
        if is_ribbon(info["Id"])
    ]


def chosen(cameras: Sequence[Found], device: str) -> Found:
    """The camera that is meant by a number or an id. Raises CameraError."""
    if not cameras:
        raise CameraError(
            "no camera on the ribbon cable was found: with the power off, check that the cable sits straight at both ends"
        )
    for place, camera in enumerate(cameras):
        if device in (str(place), camera.id):
            return camera
    there = ", ".join(f"csi:{place} ({camera.model}, {camera.id})" for place, camera in enumerate(cameras))
    raise CameraError(f"there is no camera csi:{device}; there is {there}")


@contextmanager
def plainly(what: str) -> Iterator[None]:
    """Whatever fails inside is said as `what`, with the library's words or better ones. Raises CameraError."""
    try:
        yield
    except _FAILURES as error:
        raise CameraError(f"{what}: {_cause(error)}") from error


def _cause(error: BaseException) -> str:
    """picamera2 hides the cause behind an error of its own."""
    while error.__cause__ is not None:
        error = error.__cause__
    words = _last_line(error)
    if "busy" in words.lower():
        return "another program uses it"
    if isinstance(error, PermissionError):
        return f"no permission to use {error.filename or 'its devices'}: add this user to the group video"
    if isinstance(error, MemoryError) or "allocate" in words.lower():
        return f"too little contiguous memory (CMA) is free ({words}): a smaller size helps, or to start the box anew"
    return words


def _last_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
