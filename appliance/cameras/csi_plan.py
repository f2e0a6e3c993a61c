"""What to ask of a camera on the ribbon cable, and what its answers mean. Pure arithmetic.

Rule 1: asked once, when the camera is opened. To ask for other sizes at each viewer would restart the camera and, on a Pi, break up
        the contiguous memory that its buffers need.
Rule 2: sides are even, because colour has half the resolution.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from appliance.cameras.base import Image, Moment, Planes, before, now
from appliance.config import Camera
from appliance.geometry import Size, fitted, turned

FORMATS = ("YUV420", "NV12")  # those we can take apart


class Plan(NamedTuple):
    """What to ask for."""

    main: Size
    lores: (
        Size | None
    )  # a second, smaller size that the camera makes of each picture; None: viewers want no smaller one
    hflip: bool
    vflip: bool


def plan(camera: Camera, sensor: Size, heights: Sequence[int]) -> Plan:
    """`sensor`: the largest picture there is. `heights`: what viewers may want, likeliest first, in pixels as they see them."""
    width, height = min(camera.width, sensor.width), min(camera.height, sensor.height)
    main = Size(max(2, width - width % 2), max(2, height - height % 2))
    return Plan(main, _lores(main, camera, heights), *_flips(camera))


def _lores(main: Size, camera: Camera, heights: Sequence[int]) -> Size | None:
    """The likeliest size below the main one, rounded up: what is scaled down from it must not be larger."""
    seen = turned(main, camera.rotation)
    height = next((height for height in heights if height < seen.height), None)
    if height is None:
        return None
    size = turned(fitted(seen, height), camera.rotation)
    return Size(size.width + size.width % 2, size.height + size.height % 2)


def _flips(camera: Camera) -> tuple[bool, bool]:
    """Horizontal and vertical, which cost nothing in the camera. A quarter turn it cannot make: then all is left to us."""
    if camera.rotation in (90, 270):
        return False, False
    half = camera.rotation == 180
    return half ^ (camera.flip in ("horizontal", "both")), half ^ (camera.flip in ("vertical", "both"))


def is_upright(camera: Camera, hflip: bool, vflip: bool) -> bool:
    """Is nothing left to turn, given what the camera really does?"""
    return camera.rotation in (0, 180) and (hflip, vflip) == _flips(camera)


def frame_us(fps: int, limits: tuple[int, int]) -> int:
    """How long a frame takes, in µs, as near to `fps` as the camera can."""
    least, most = limits
    return max(least, min(round(1e6 / fps), most))


def captured_of(stamp_ns: object) -> Moment:
    """When the sensor says it was; now, where its clock is not ours.

    libcamera documents CLOCK_BOOTTIME, drivers pass on CLOCK_MONOTONIC; they differ on machines that slept.
    """
    this = now()
    if not isinstance(stamp_ns, int):
        return this
    clocks_ns = (time.monotonic_ns(), time.clock_gettime_ns(time.CLOCK_BOOTTIME))
    moments = (before(this, (clock_ns - stamp_ns) / 1e9) for clock_ns in clocks_ns)
    return next((moment for moment in moments if moment), this)


def planes_of(array: Image, pixel_format: str, size: Size) -> Planes:
    """A buffer's rows as picamera2 shows them, taken apart without a copy where possible. Rows may be longer than the picture."""
    width, height = size
    if pixel_format == "NV12":
        colours = array[height : height + height // 2]
        u, v = (np.ascontiguousarray(colours[:, first:width:2]) for first in (0, 1))
        return Planes(array[:height, :width], u, v)
    halves = array.reshape(2 * array.shape[0], array.shape[1] // 2)
    u, v = (halves[first : first + height // 2, : width // 2] for first in (2 * height, 2 * height + height // 2))
    return Planes(array[:height, :width], u, v)
