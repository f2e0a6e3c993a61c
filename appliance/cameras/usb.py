"""USB cameras, through OpenCV's V4L2 backend: the camera's own JPEGs where it makes some, else pixels.

Rule 1: what the camera delivers is passed on byte for byte; what is not a whole JPEG is rejected here.
Rule 2: every wait is short (`waitAny`), because OpenCV's own read would hold the loop for a whole second at least; only
        the first picture is waited for in there.
Rule 3: the path is handed to OpenCV as configured; questions about it are asked only after something failed.

Seen with real devices (OpenCV 4.10 to 4.14): after an unplug every grab fails at once and for ever; `isOpened` stays true;
only a new capture recovers. A frozen camera just never gets ready. A stalled transfer fails a few times, then goes on.
"""

import functools
import time
from collections.abc import Callable
from typing import Protocol

import cv2
import numpy as np
from cv2.typing import MatLike

from appliance.cameras import v4l2
from appliance.cameras.base import (
    SILENCE_S,
    CameraError,
    Grabbed,
    Image,
    Moment,
    NotACameraError,
    Picture,
    Rejected,
    now,
)
from appliance.cameras.whole import refuse_damaged
from appliance.config import Camera
from appliance.wire.hallway import Opened
from appliance.wire.jpeg import JpegError, examine, with_tables

START_S = 4.0  # until the first picture: some cameras measure the light for seconds before they send one
REFUSAL_S = 0.5  # of nothing but failures at once; a stalled transfer fails a few times and goes on
PAUSE_S = 0.05  # after a grab that failed at once: a dead device must not become a busy loop
STALE_INTERVALS = 2.0  # a picture older than this many frame intervals has waited behind a newer one
MOST_AGE_S = 2.0  # a time stamp further back is of another clock
LEAST_WAIT_S = 0.001  # OpenCV takes 0 for "for ever"


class UsbCamera:
    """One V4L2 device."""

    def __init__(self, camera: Camera, device: str, announce: Callable[[str], None]) -> None:
        self._camera, self._device, self._announce = camera, device, announce
        self._capture: cv2.VideoCapture | None = None
        self._opened: Opened | None = None  # still to be told
        self._pixel_format = ""
        self._interval_s = 1 / camera.fps
        self._whole_s = 0.0  # when the last whole picture came
        self._broken = ""  # what was wrong with the last one that was not whole; empty: none since
        self._ever = False  # did any picture come?
        self._refuses_since_s: float | None = None  # since when has every grab failed at once?

    def open(self) -> None:
        """Open the device and set it up. May hang in the kernel, so it is announced first."""
        self._announce(self._device)
        capture = cv2.VideoCapture(self._device, cv2.CAP_V4L2)
        if not capture.isOpened():
            raise _refusal(self._device)
        self._capture = capture
        self._opened = self._set_up(capture)
        self._interval_s = 1 / self._opened.fps
        self._whole_s = time.monotonic()

    def grab(self, wait_s: float) -> Grabbed:
        """The newest picture of the device."""
        assert self._capture is not None, "open() comes first"
        if self._opened is not None:
            opened, self._opened = self._opened, None
            return opened
        if not self._ready(self._capture, wait_s):
            self._look_at_silence()
            return None
        grabbed = self._retrieve(self._capture)
        if isinstance(grabbed, Picture):
            self._whole_s, self._broken, self._ever = time.monotonic(), "", True
        elif isinstance(grabbed, Rejected):
            self._broken = grabbed.reason
            self._look_at_silence()
        return grabbed

    def close(self) -> None:
        """Release the device."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _set_up(self, capture: cv2.VideoCapture) -> Opened:
        camera = self._camera
        for wanted in (v4l2.MJPG, v4l2.YUYV):
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*wanted))
            pixel_format = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").decode("ascii", "replace")
            if pixel_format == wanted:
                break
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, camera.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, camera.height)
        capture.set(cv2.CAP_PROP_FPS, camera.fps)
        self._pixel_format = pixel_format
        ours = pixel_format in (v4l2.MJPG, v4l2.YUYV)  # else OpenCV makes pixels of whatever it is
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 0.0 if ours else 1.0)
        width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        fps = capture.get(cv2.CAP_PROP_FPS)
        return Opened("usb", self._device, pixel_format, width, height, fps if fps > 0 else float(camera.fps))

    def _ready(self, capture: cv2.VideoCapture, wait_s: float) -> bool:
        """Is a picture there, and grabbed? Raises CameraError when the device is gone."""
        started_s = time.monotonic()
        try:
            in_time, ready = cv2.VideoCapture.waitAny([capture], int(max(wait_s, LEAST_WAIT_S) * 1e9))
            if not in_time:
                return False
            if len(ready) and capture.grab():
                self._refuses_since_s = None
                return True
        except cv2.error:
            pass  # OpenCV's way to say that the device was ready, but gave no picture
        self._look_at_refusal(started_s)
        time.sleep(max(0.0, min(PAUSE_S, wait_s) - (time.monotonic() - started_s)))
        return False

    def _look_at_refusal(self, now_s: float) -> None:
        """A device that is ready and gives nothing: a stalled transfer is over soon, a dead one stays so for ever."""
        if v4l2.is_gone(self._device):
            raise CameraError(f"the camera was unplugged ({self._device})")
        if self._refuses_since_s is None:
            self._refuses_since_s = now_s
        if now_s - self._refuses_since_s > REFUSAL_S:
            raise CameraError("the camera was lost; it may have been unplugged and be back")

    def _retrieve(self, capture: cv2.VideoCapture) -> Grabbed:
        """The picture that was grabbed, or the next one where this has waited behind it."""
        captured = captured_of(capture)
        if time.monotonic() - captured.monotonic_s > STALE_INTERVALS * self._interval_s and self._ready(
            capture, LEAST_WAIT_S
        ):
            captured = captured_of(capture)
        try:
            got, image = capture.retrieve()
        except cv2.error as error:
            return Rejected(str(error))
        if not got or image.size == 0:
            return Rejected("an empty picture")
        if self._pixel_format == v4l2.MJPG:
            return _jpeg(image.tobytes(), captured)
        return Picture(image.shape[1], image.shape[0], captured, paint=functools.partial(self._paint, image))

    def _paint(self, image: MatLike, number: int) -> Image:  # a real camera shows no number
        if self._pixel_format == v4l2.YUYV:
            return cv2.cvtColor(image, cv2.COLOR_YUV2BGR_YUY2).astype(np.uint8, copy=False)
        return image.astype(np.uint8, copy=False)

    def _look_at_silence(self) -> None:
        if time.monotonic() - self._whole_s < (SILENCE_S if self._ever else START_S):
            return
        if self._broken:
            raise CameraError(f"the camera sends only broken pictures ({self._broken})")
        if self._ever:
            raise CameraError("the camera stopped delivering pictures")
        raise CameraError(
            f"{self._device} delivers no picture; where cameras share a USB port, a smaller size or another port helps"
        )


def _refusal(device: str) -> CameraError:
    refusal = v4l2.refusal(device)
    if refusal is None:
        return CameraError(f"{device} does not answer as a camera does")
    return CameraError(refusal.reason) if refusal.camera else NotACameraError(refusal.reason)


def _jpeg(data: bytes, captured: Moment) -> Grabbed:
    try:
        outside = examine(data)
        refuse_damaged(data, outside.scan_at)
    except JpegError as error:
        return Rejected(str(error))
    return Picture(*outside.size, captured, jpeg=with_tables(data, outside))


class Stamped(Protocol):
    """What OpenCV's capture knows of the picture it grabbed."""

    def get(self, prop: int, /) -> float:
        """A property; CAP_PROP_POS_MSEC: the driver's time stamp, of CLOCK_MONOTONIC with most."""


def captured_of(capture: Stamped) -> Moment:
    """When the driver says it was captured; now, where its clock is not ours."""
    this = now()
    age_s = this.monotonic_s - capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
    if not 0 <= age_s < MOST_AGE_S:
        return this
    return Moment(this.wall_us - round(age_s * 1e6), this.monotonic_s - age_s)
