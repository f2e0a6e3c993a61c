"""A stand-in for libcamera's Python binding: names, values and manners of 0.5, as far as our driver and picamera2's stand-in use them.

The environment says which cameras there are, and what is wrong: FAKE_CSI_CAMERAS (ids, by spaces), FAKE_CSI_STATE (a file with one word).
"""

import enum
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

RIBBON = "/base/soc/i2c0mux/i2c@1/imx219@10"
USB = "/base/scb/pcie@7d500000/pci@0,0/usb@0,0-1.2:1.0-046d:0825"


def state() -> str:
    """fine, none, freeze, mute, busy, lost, no_memory, stubborn, hang, crash, mismatch."""
    where = os.environ.get("FAKE_CSI_STATE")
    return Path(where).read_text().strip() if where else "fine"


if state() == "mismatch":
    raise ImportError("libcamera.so.0.5: cannot open shared object file: No such file or directory")


class Size(NamedTuple):
    width: int
    height: int


class PixelFormat(str):
    __slots__ = ()


class Transform:
    def __init__(self, hflip: int | bool = 0, vflip: int | bool = 0, transpose: int | bool = 0) -> None:
        self.hflip, self.vflip, self.transpose = bool(hflip), bool(vflip), bool(transpose)


class ColorSpace:
    def __init__(self, name: str) -> None:
        self.name = name

    @staticmethod
    def Sycc() -> "ColorSpace":  # noqa: N802 - libcamera's name
        return ColorSpace("sYCC")

    @staticmethod
    def Rec709() -> "ColorSpace":  # noqa: N802 - libcamera's name
        return ColorSpace("Rec709")


class StreamRole(enum.Enum):
    Raw = 0
    Viewfinder = 3


class _AwbModeEnum(enum.IntEnum):
    Auto, Incandescent, Tungsten, Fluorescent, Indoor, Daylight, Cloudy, Custom = range(8)


class _AfModeEnum(enum.IntEnum):
    Manual, Auto, Continuous = range(3)


class _NoiseReductionModeEnum(enum.IntEnum):
    Off, Fast, HighQuality, Minimal, ZSL = range(5)


class draft:  # noqa: N801 - libcamera's name
    NoiseReductionModeEnum = _NoiseReductionModeEnum


class controls:  # noqa: N801 - libcamera's name
    AwbModeEnum = _AwbModeEnum
    AfModeEnum = _AfModeEnum
    draft = draft


class _Name(NamedTuple):
    name: str


class _Formats:
    pixel_formats = (PixelFormat("SRGGB10_CSI2P"),)

    def sizes(self, pixel_format: PixelFormat) -> Iterator[Size]:
        yield from (Size(640, 480), Size(3280, 2464))


class _Stream:
    formats = _Formats()


class _Configuration:
    def at(self, index: int) -> _Stream:
        return (_Stream(),)[index]


class Camera:
    def __init__(self, camera_id: str) -> None:
        self.id = camera_id
        self.properties = {_Name("Model"): camera_id.rpartition("/")[2].partition("@")[0], _Name("Rotation"): 180}

    def generate_configuration(self, roles: list[StreamRole]) -> _Configuration | None:
        return _Configuration() if "usb" not in self.id else None


class CameraManager:
    @staticmethod
    def singleton() -> "CameraManager":
        if state() == "crash":
            os.abort()
        if state() == "hang":
            time.sleep(3600)
        return CameraManager()

    @property
    def cameras(self) -> list[Camera]:
        if state() == "none":
            return []
        return [Camera(each) for each in os.environ.get("FAKE_CSI_CAMERAS", f"{USB} {RIBBON}").split()]
