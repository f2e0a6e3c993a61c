"""What every camera driver gives: pictures, one at a time, or the reason why there are none.

Rule 1: a driver translates its vendor's failures into CameraError, worded for the person who reads it in the picture.
Rule 2: a driver neither encodes nor sends, and never retries: one retry loop exists, and it is the server's.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from appliance.geometry import Size
from appliance.wire.controls import Control, Value
from appliance.wire.hallway import Kind, Opened

Image: TypeAlias = NDArray[np.uint8]  # height x width x 3, blue green red

Plane: TypeAlias = NDArray[np.uint8]  # height x width; its rows may be padded

SILENCE_S = 2.0  # a device without a whole picture for so long has failed
MOST_AGE_S = 2.0  # a picture's time stamp further back than this is of another clock than ours


class CameraError(Exception):
    """The camera cannot deliver. `str()` is the reason, for people; by `kind` the server decides what to do about it."""

    def __init__(self, reason: str, kind: Kind = "other") -> None:
        super().__init__(reason)
        self.kind = kind


class NotACameraError(CameraError):
    """This device is something else, such as the metadata node that many cameras have beside."""


class Moment(NamedTuple):
    """One instant on both clocks."""

    wall_us: int  # wall clock, µs since 1970
    monotonic_s: float  # CLOCK_MONOTONIC


def now() -> Moment:
    """This instant."""
    return Moment(time.time_ns() // 1000, time.monotonic())


def before(this: Moment, age_s: float) -> Moment | None:
    """The instant so long before this; None where no picture can be that old, or come from the future."""
    if not 0 <= age_s < MOST_AGE_S:
        return None
    return Moment(this.wall_us - round(age_s * 1e6), this.monotonic_s - age_s)


class Planes(NamedTuple):
    """Pixels as JPEG has them inside: luma, and two planes of colour with half the width and height, rounded up (YUV 4:2:0, full range)."""

    y: Plane
    u: Plane
    v: Plane


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One captured picture: the camera's own JPEG, or ways to get its pixels. What nobody wants is never painted or looked at.

    What the ways give is valid until the next picture is asked for.
    """

    width: int
    height: int
    captured: Moment
    jpeg: bytes | None = None
    paint: Callable[[int], Image] | None = None  # given the frame number
    planes: Mapping[Size, Callable[[], Planes]] = field(
        default_factory=dict
    )  # in its own size, and in those the camera scaled to
    upright: bool = False  # the camera itself has turned it as configured
    read_s: float = field(default_factory=time.monotonic)  # CLOCK_MONOTONIC: we have it, whatever it is made of


class Rejected(NamedTuple):
    """The device delivered something that is not a whole picture."""

    reason: str


Grabbed: TypeAlias = Picture | Opened | Rejected | None


class Driver(Protocol):
    """A camera. Used by one thread; `close` may follow any state, also a failed `open`."""

    def open(self) -> None:
        """Take the device. Raises CameraError."""

    def grab(self, wait_s: float) -> Grabbed:
        """What comes next, or None after about `wait_s`. Raises CameraError.

        Opened comes before the first picture, and again whenever the pictures to come are different ones, or what a person
        should know of them is: then the pictures go on, and only its `notice` is another.
        """

    def close(self) -> None:
        """Let the device go."""


@runtime_checkable
class Controllable(Protocol):
    """A driver whose camera can be adjusted while it runs. Used by the same thread as `grab`."""

    def controls(self) -> list[Control]:
        """All there is, with the values of now; [] before the camera is open."""

    def set_control(self, control_id: str, value: Value) -> None:
        """Set one. Raises ControlError for what cannot be, CameraError when the camera is gone."""
