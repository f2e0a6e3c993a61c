"""A device is set to its best mode: what it offers is asked, the best is chosen (`mode`), OpenCV asks for it, the answer is believed.

Rule 1: what the device says it delivers counts, not what was asked for.
Rule 2: a device that does not let itself be asked is still a camera: then OpenCV tries MJPG and YUYV in turn.
"""

from typing import NamedTuple

import cv2

from appliance.cameras import v4l2
from appliance.cameras.mode import Mode, Wanted, best
from appliance.cameras.quirks import Quirk
from appliance.config import Camera

_MOST_TRUSTED_FPS = 1000.0


class Settled(NamedTuple):
    """What the device says it delivers."""

    pixel_format: str
    width: int
    height: int
    fps: float
    promised: bool  # the rate is the device's word; else it is only our wish


def settle(capture: cv2.VideoCapture, device: str, camera: Camera, quirk: Quirk, speed_mbit: int | None) -> Settled:
    """Set an open device up for `camera`."""
    mode = _chosen(device, Wanted(camera.width, camera.height, float(camera.fps)), quirk, speed_mbit)
    for pixel_format in (mode.pixel_format,) if mode else (v4l2.MJPG, v4l2.YUYV):
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*pixel_format.ljust(4)))
        if _pixel_format(capture) == pixel_format:
            break
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, mode.width if mode else camera.width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, mode.height if mode else camera.height)
    fps = round((mode and mode.fps) or camera.fps)  # OpenCV knows whole numbers; the driver takes the nearest it has
    if not quirk.own_rate:
        capture.set(cv2.CAP_PROP_FPS, fps)
    settled = _pixel_format(capture)
    ours = settled in (v4l2.MJPG, v4l2.YUYV)  # else OpenCV makes pixels of whatever it is
    capture.set(cv2.CAP_PROP_CONVERT_RGB, 0.0 if ours else 1.0)
    width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    promised = _promised(capture, device)
    return Settled(settled, width, height, promised or float(camera.fps), promised is not None)


def _chosen(device: str, wanted: Wanted, quirk: Quirk, speed_mbit: int | None) -> Mode | None:
    try:
        formats = v4l2.formats(device)
    except OSError:
        return None
    return best(formats, wanted, speed_mbit, quirk)


def _pixel_format(capture: cv2.VideoCapture) -> str:
    return int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").decode("ascii", "replace").strip()


def _promised(capture: cv2.VideoCapture, device: str) -> float | None:
    """The rate as the device gives it, in fractions; OpenCV's word where the device cannot be asked again."""
    try:
        fps = v4l2.rate(device)
    except OSError:
        fps = capture.get(cv2.CAP_PROP_FPS)
    return fps if fps is not None and 0 < fps < _MOST_TRUSTED_FPS else None
