"""USB cameras, through OpenCV's V4L2 backend: the camera's own JPEGs where it makes some, else pixels.

Rule 1: what the camera delivers is passed on byte for byte (but see `wire.jpeg`); what is not a whole JPEG is rejected here.
Rule 2: every wait is short (`waitAny`), because OpenCV's own read would hold the loop for a whole second at least; only
        the first picture is waited for in there.
Rule 3: the path is handed to OpenCV as configured. What OpenCV cannot say is asked beside it (`v4l2`), and why something
        failed only after it did (`reasons`).

Seen with real devices (OpenCV 4.10 to 4.14): after an unplug every grab fails at once and for ever; `isOpened` stays true;
only a new capture recovers. A frozen camera just never gets ready. A stalled transfer fails a few times, then goes on.
A device that does not start to stream (STREAMON fails) opens all the same, and then fails at once and for ever.
"""

import functools
import time
from collections.abc import Callable

import cv2
import msgspec
import numpy as np
from cv2.typing import MatLike

from appliance.cameras import quirks, reasons, usb_device, v4l2
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
from appliance.cameras.negotiation import settle
from appliance.cameras.promise import Promise
from appliance.cameras.stamps import Stamps
from appliance.cameras.v4l2_controls import V4l2Controls
from appliance.cameras.whole import refuse_damaged
from appliance.config import Camera
from appliance.wire.controls import Control, Value
from appliance.wire.hallway import Opened
from appliance.wire.jpeg import JpegError, examine, with_tables

START_S = 4.0  # until the first picture: some cameras measure the light for seconds before they send one
REFUSAL_S = 0.5  # of nothing but failures at once; a stalled transfer fails a few times and goes on
PAUSE_S = 0.05  # after a grab that failed at once: a dead device must not become a busy loop
STALE_INTERVALS = 2.0  # a picture older than this many frame intervals has waited behind a newer one
LEAST_WAIT_S = 0.001  # OpenCV takes 0 for "for ever"


class UsbCamera:
    """One V4L2 device."""

    def __init__(self, camera: Camera, device: str, announce: Callable[[str], None]) -> None:
        self._camera, self._device, self._announce = camera, device, announce
        self._capture: cv2.VideoCapture | None = None
        self._controls = V4l2Controls(device)
        self._mode = Opened("usb", device, "", camera.width, camera.height, float(camera.fps))
        self._untold = False  # is `_mode` still to be told?
        self._promise: Promise | None = None
        self._to_skip = 0  # pictures
        self._stamps = Stamps()
        self._captured = now()  # when the grabbed picture was
        self._waiting = False  # since the last picture: did we look and find none?
        self._whole_s = 0.0  # when the last whole picture came
        self._broken = ""  # what was wrong with the last one that was not whole; empty: none since
        self._started = False  # did anything come?
        self._ever = False  # did any whole picture come?
        self._refuses_since_s: float | None = None  # since when has every grab failed at once?

    def open(self) -> None:
        """Open the device and set it up. May hang in the kernel, so it is announced first."""
        self._announce(self._device)
        capture = cv2.VideoCapture(self._device, cv2.CAP_V4L2)
        if not capture.isOpened():
            raise _refusal(self._device)
        self._capture = capture
        usb = usb_device.behind(self._device)
        quirk = quirks.of(usb.ids)
        mode = settle(capture, self._device, self._camera, quirk, usb.speed_mbit)
        model = self._controls.model()
        self._mode = Opened("usb", self._device, mode.pixel_format, mode.width, mode.height, mode.fps, model=model)
        self._untold, self._to_skip = True, quirk.skipped
        self._promise = Promise(mode.fps) if mode.promised else None
        self._whole_s = time.monotonic()

    def grab(self, wait_s: float) -> Grabbed:
        """The newest picture of the device."""
        assert self._capture is not None, "open() comes first"
        if self._untold:
            self._untold = False
            return self._mode
        if not self._ready(self._capture, wait_s):
            self._look_at_silence()
            return None
        grabbed = self._retrieve(self._capture)
        if self._to_skip:
            self._to_skip -= 1
            return None
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

    def controls(self) -> list[Control]:
        """What can be set on it."""
        return self._controls.all() if self._capture is not None else []

    def set_control(self, control_id: str, value: Value) -> None:
        """Set it while it streams."""
        self._controls.set(control_id, value)

    def _ready(self, capture: cv2.VideoCapture, wait_s: float) -> bool:
        """Is a picture there, and grabbed? Raises CameraError when the device is gone."""
        started_s = time.monotonic()
        try:
            in_time, ready = cv2.VideoCapture.waitAny([capture], int(max(wait_s, LEAST_WAIT_S) * 1e9))
            if not in_time:
                self._waiting = True
                return False
            waited = self._waiting or time.monotonic() - started_s > LEAST_WAIT_S
            if len(ready) and capture.grab():
                self._note_grabbed(capture, waited)
                return True
        except cv2.error:
            pass  # OpenCV's way to say that the device was ready, but gave no picture
        self._look_at_refusal(capture, started_s)
        time.sleep(max(0.0, min(PAUSE_S, wait_s) - (time.monotonic() - started_s)))
        return False

    def _note_grabbed(self, capture: cv2.VideoCapture, waited: bool) -> None:
        self._refuses_since_s, self._waiting, self._started = None, False, True
        self._captured = self._stamps.of(capture)
        if self._promise is not None and self._promise.picture(self._captured.monotonic_s, waited=waited):
            self._mode, self._untold = msgspec.structs.replace(self._mode, notice=self._promise.notice), True

    def _look_at_refusal(self, capture: cv2.VideoCapture, now_s: float) -> None:
        """A device that is ready and gives nothing: a stalled transfer is over soon, a dead one stays so for ever."""
        if reasons.is_gone(self._device):
            raise CameraError(f"the camera was unplugged ({self._device})", "gone")
        if self._refuses_since_s is None:
            self._refuses_since_s = now_s
        if now_s - self._refuses_since_s <= REFUSAL_S:
            return
        if self._started:
            raise CameraError("the camera was lost; it may have been unplugged and be back", "refused")
        capture.release()  # or the device would be busy, with us
        why = reasons.start_refusal(self._device, f"{self._mode.width}x{self._mode.height} {self._mode.pixel_format}")
        raise _error(why) if why else CameraError(f"{self._device} did not start to send pictures", "refused")

    def _retrieve(self, capture: cv2.VideoCapture) -> Grabbed:
        """The picture that was grabbed, or the next one where this has waited behind it."""
        stale_s = STALE_INTERVALS / self._mode.fps
        if time.monotonic() - self._captured.monotonic_s > stale_s:
            self._ready(capture, LEAST_WAIT_S)
        try:
            got, image = capture.retrieve()
        except cv2.error as error:
            return Rejected(str(error))
        if not got or np.size(image) <= 1:  # None, although its types promise an array: of a transfer that was halted
            return Rejected("an empty picture")
        if self._mode.pixel_format == v4l2.MJPG:
            return _jpeg(image.tobytes(), self._captured)
        paint = functools.partial(self._paint, image)
        return Picture(image.shape[1], image.shape[0], self._captured, paint=paint)

    def _paint(self, image: MatLike, number: int) -> Image:  # a real camera shows no number
        if self._mode.pixel_format == v4l2.YUYV:
            return cv2.cvtColor(image, cv2.COLOR_YUV2BGR_YUY2).astype(np.uint8, copy=False)
        return image.astype(np.uint8, copy=False)

    def _look_at_silence(self) -> None:
        if time.monotonic() - self._whole_s < (SILENCE_S if self._ever else START_S):
            return
        if self._broken:
            raise CameraError(f"the camera sends only broken pictures ({self._broken})", "broken")
        if self._ever:
            raise CameraError("the camera stopped delivering pictures", "silent")
        raise CameraError(
            f"{self._device} delivers no picture; where cameras share a USB port, a smaller size or another port helps",
            "silent",
        )


def _refusal(device: str) -> CameraError:
    refusal = reasons.refusal(device) or reasons.start_refusal(device, "every mode")
    return _error(refusal) if refusal else CameraError(f"{device} does not answer as a camera does", "refused")


def _error(refusal: reasons.Refusal) -> CameraError:
    error = CameraError if refusal.camera else NotACameraError
    return error(refusal.reason, refusal.kind)


def _jpeg(data: bytes, captured: Moment) -> Grabbed:
    try:
        outside = examine(data)
        refuse_damaged(data, outside.scan_at)
    except JpegError as error:
        return Rejected(str(error))
    return Picture(*outside.size, captured, jpeg=with_tables(data, outside))
