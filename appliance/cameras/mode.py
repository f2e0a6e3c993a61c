"""Which of a camera's many modes is the best for what is wanted. Arithmetic only.

Rule 1: the camera's own JPEGs first: they cost no encoding. Then YUYV, as far as the bus carries it. Then whatever gives pictures.
Rule 2: near is better than large: a mode that is twice as large, or half as fast, costs as much as the other.

What USB carries of an uncompressed picture, in one isochronous endpoint, per microframe of 1/8000 s:
    480 Mbit/s: 3 packets of 1024 bytes (USB 2.0 specification, 5.6.3)           3 * 1024 * 8000     =  24.6 MB/s
    5000 Mbit/s: 3 bursts of 16 packets of 1024 bytes (USB 3.2 specification, 8.12.6)  48 * 1024 * 8000 = 393.2 MB/s
    12 Mbit/s: 1 packet of 1023 bytes each 1/1000 s (USB 2.0, 5.6.3)              1023 * 1000         =   1.0 MB/s
of which each packet gives 12 bytes to its header (USB Video Class 1.5, 2.4.3.3). So 1280x720 in YUYV, 1.84 MB a picture, comes at 13
pictures a second at most through USB 2, and 640x480 at 39.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

from appliance.cameras.quirks import NONE, Quirk
from appliance.cameras.v4l2 import MJPG, YUYV, Format

_HEADER = 1 - 12 / 1024
_CARRIED = ((5000, 48 * 1024 * 8000 * _HEADER), (480, 3 * 1024 * 8000 * _HEADER), (0, 1023 * 1000 * _HEADER))  # bytes/s

# What OpenCV makes pixels of, and how many bytes of each pixel travel.
_BYTES_PER_PIXEL = dict.fromkeys((YUYV, "UYVY", "Y16"), 2.0)
_BYTES_PER_PIXEL |= dict.fromkeys(("NV12", "NV21", "YU12", "YV12"), 1.5)
_BYTES_PER_PIXEL |= dict.fromkeys(("BGR3", "RGB3"), 3.0) | {"GREY": 1.0, "JPEG": 0.25}

_OTHER_SHAPE = 1.0  # as bad as twice the size
_SMALLER = 2.0  # what is missing counts twice: it cannot be scaled back
_NO_JPEG, _NO_YUYV = 1.5, 4.0
_SAME_SHAPE = 0.02
_SAME_RATE = 0.99  # 29.97 is 30
OPENCV_FPS = 30.0  # what it asks of every camera that it opens


class Wanted(NamedTuple):
    """What the camera shall deliver."""

    width: int = 1280
    height: int = 720
    fps: float = 30.0


class Mode(NamedTuple):
    """One way to run the camera."""

    pixel_format: str
    width: int
    height: int
    fps: float | None  # the rate to ask for; None: the camera names none
    why: str  # in words for people


def best(formats: Iterable[Format], wanted: Wanted, speed_mbit: int | None = None, quirk: Quirk = NONE) -> Mode | None:
    """The mode to run; None: nothing that gives pictures. `speed_mbit`: of the bus; None: no limit known."""
    found = [_judged(each, wanted, speed_mbit, quirk) for each in formats]
    ranked = sorted((each for each in found if each is not None), key=lambda each: each[0])
    return ranked[0][1] if ranked else None


def _judged(offer: Format, wanted: Wanted, speed_mbit: int | None, quirk: Quirk) -> tuple[float, Mode] | None:
    """How far it is from what is wanted, and the mode; None for one that gives no pictures, or does not fit the bus."""
    size = offer.width * offer.height
    if not size:
        return None
    if offer.pixel_format == MJPG:
        carried, cost = math.inf, 8.0 if quirk.no_jpeg else 0.0
    elif offer.pixel_format in _BYTES_PER_PIXEL:
        carried = _carried(speed_mbit) / (size * _BYTES_PER_PIXEL[offer.pixel_format])
        cost = _NO_JPEG if offer.pixel_format == YUYV else _NO_YUYV
    else:
        return None
    rate = _rate(offer.rates, OPENCV_FPS if quirk.own_rate else wanted.fps, carried)
    if rate == 0:
        return None
    return cost + _far(offer, wanted) + _short(rate, wanted.fps), _mode(offer, wanted, rate, carried)


def _rate(rates: tuple[float, ...], wanted_fps: float, carried: float) -> float | None:
    """The lowest that is enough, else the highest that there is; None: it names none. 0: none fits the bus."""
    if not rates:
        return None if carried >= 1 else 0
    fitting = [rate for rate in rates if rate <= carried]
    enough = [rate for rate in fitting if rate >= wanted_fps * _SAME_RATE]
    return min(enough) if enough else max(fitting, default=0)


def _far(offer: Format, wanted: Wanted) -> float:
    """In doublings of the picture's area."""
    far = abs(math.log2(offer.width * offer.height / (wanted.width * wanted.height)))
    if offer.height < wanted.height:
        far *= _SMALLER
    return far + (0 if _same_shape(offer, wanted) else _OTHER_SHAPE)


def _short(rate: float | None, wanted_fps: float) -> float:
    return max(0.0, math.log2(wanted_fps / rate)) if rate else 0.0


def _same_shape(offer: Format, wanted: Wanted) -> bool:
    return abs(offer.width * wanted.height / (offer.height * wanted.width) - 1) < _SAME_SHAPE


def _carried(speed_mbit: int | None) -> float:
    return math.inf if speed_mbit is None else next(carried for least, carried in _CARRIED if speed_mbit >= least)


def _mode(offer: Format, wanted: Wanted, rate: float | None, carried: float) -> Mode:
    why = [{MJPG: "the camera's own JPEGs", YUYV: "uncompressed"}.get(offer.pixel_format, "converted")]
    exact = (offer.width, offer.height) == (wanted.width, wanted.height)
    why.append("the wanted size" if exact else f"nearest to {wanted.width}x{wanted.height}")
    if rate is None:
        why.append("it names no rates")
    elif rate >= wanted.fps * _SAME_RATE:
        why.append("the wanted rate" if rate <= wanted.fps / _SAME_RATE else f"the next rate to {wanted.fps:g}")
    elif any(other > carried for other in offer.rates):
        why.append(f"as fast as its USB bus carries: {carried:.0f} pictures a second")
    else:
        why.append("as fast as it can")
    return Mode(offer.pixel_format, offer.width, offer.height, rate, ", ".join(why))
