"""The camera of a box that was told nothing: the first USB camera that really delivers, else the first on the ribbon cable, else the
test pattern.

Rule 1: a device is chosen by its first picture, not by its promise to be a camera.
Rule 2: the test pattern goes on while a device is tried; people see a picture or the reason, not a gap.
Rule 3: a chosen camera stays chosen. When it fails, this worker fails, and the next one chooses again.
Rule 4: USB first, because to look there costs nothing. libcamera is asked only when no USB camera is left, in a process of its own.
"""

import time
from collections.abc import Callable
from pathlib import Path

from appliance.cameras import board, csi_listing, listing
from appliance.cameras.base import CameraError, Driver, Grabbed, NotACameraError, Picture
from appliance.cameras.csi import CsiCamera
from appliance.cameras.csi_library import INSTALL
from appliance.cameras.pattern import PatternCamera
from appliance.cameras.usb import UsbCamera
from appliance.wire.controls import Control, ControlError, Value
from appliance.wire.hallway import Open, Opened

LOOK_EVERY_S = 1.0  # at the list of devices, which is cheap
TRY_AGAIN_S = 30.0  # devices that were there and gave no picture; another program may have let go
GLANCE_S = 0.001  # how long the pattern waits for a device on trial
NOTHING_FOUND = "no USB camera found"
NOTHING_ON_EITHER = "no camera found, neither on USB nor on the ribbon cable"
NOT_ASKED = f"{NOTHING_FOUND}; one on the ribbon cable needs picamera2: {INSTALL}"
RIBBON = "csi:0"  # candidates are paths of USB cameras, and this


class AutoCamera:
    """Looks for a camera, and is it once found."""

    def __init__(self, order: Open, devices: Path, announce: Callable[[str], None]) -> None:
        self._order, self._camera, self._devices, self._announce = order, order.camera, devices, announce
        self._avoid = frozenset(order.avoid)
        self._libcamera = csi_listing.possible()
        self._ribbon = self._libcamera  # may there be a camera on it? They do not come while the box runs
        self._question: csi_listing.Question | None = None
        self._chosen: UsbCamera | CsiCamera | None = None
        self._first: Picture | None = None  # of the chosen one, to be given after its Opened
        self._trial: UsbCamera | CsiCamera | None = None
        self._promise: Opened | None = None  # of the one on trial
        self._untried: list[str] = []
        self._seen: list[str] = []
        self._reasons: list[str] = []
        self._fallback: PatternCamera | None = None
        self._look_due_s = self._again_due_s = 0.0

    def open(self) -> None:
        """Look around; devices are tried while pictures are grabbed."""
        self._begin_round(self._candidates())

    def grab(self, wait_s: float) -> Grabbed:
        """A picture of the camera, or of the pattern while there is none."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        if self._chosen is not None:
            return self._chosen.grab(wait_s)
        if self._fallback is not None and not self._searching:
            self._look_around()
        if self._searching:
            found = self._search(GLANCE_S if self._fallback else wait_s)
            if found is not None or self._fallback is None:
                return found
        return self._pattern().grab(wait_s)

    def close(self) -> None:
        """Let go of whatever is open."""
        for driver in (self._trial, self._chosen, self._fallback):
            if driver is not None:
                driver.close()

    def controls(self) -> list[Control]:
        """Those of the camera it is."""
        return self._chosen.controls() if self._chosen is not None else []

    def set_control(self, control_id: str, value: Value) -> None:
        """Set it on the camera it is."""
        if self._chosen is None:
            raise ControlError(f"{control_id}: there is no camera to set it on")
        self._chosen.set_control(control_id, value)

    @property
    def _searching(self) -> bool:
        return self._trial is not None or bool(self._untried)

    def _candidates(self) -> list[str]:
        return [*listing.candidates(self._devices), *([RIBBON] if self._ribbon else [])]

    def _begin_round(self, seen: list[str]) -> None:
        self._seen = seen
        self._again_due_s = time.monotonic() + TRY_AGAIN_S
        self._reasons = [f"{device} hung when it was opened" for device in seen if device in self._avoid]
        self._untried = [device for device in seen if device not in self._avoid]

    def _look_around(self) -> None:
        """Begin a new round when other devices are there than before, or after a long time."""
        now_s = time.monotonic()
        if now_s < self._look_due_s:
            return
        self._look_due_s = now_s + LOOK_EVERY_S
        seen = self._candidates()
        if seen != self._seen or (seen and now_s >= self._again_due_s):
            self._avoid &= frozenset(seen)  # what was pulled out gets another chance
            self._begin_round(seen)

    def _search(self, wait_s: float) -> Opened | None:
        """One step: begin the next trial, or see whether the one that runs has got its first picture."""
        try:
            if self._trial is None:
                self._trial = self._next(wait_s)
                if self._trial is None:
                    return None
                self._trial.open()
            grabbed = self._trial.grab(wait_s)
        except CameraError as error:
            self._reject(error)
            return None
        if isinstance(grabbed, Opened):
            self._promise = grabbed
        if not isinstance(grabbed, Picture):
            return None
        self._chosen, self._trial, self._first, self._fallback = self._trial, None, grabbed, None
        return self._promise

    def _next(self, wait_s: float) -> UsbCamera | CsiCamera | None:
        """The next to be tried; None while libcamera is asked, which takes seconds. Raises CameraError."""
        if self._untried[0] != RIBBON:
            return UsbCamera(self._camera, self._untried.pop(0), self._announce)
        if self._question is None:
            self._question = csi_listing.Question()
        if not self._question.done(wait_s):
            return None
        there, self._question = self._question.cameras, None
        device = self._untried.pop(0).removeprefix("csi:")
        if there is None:
            raise CameraError("libcamera, asked for cameras on the ribbon cable, gave no answer")
        if not there:
            self._ribbon = False
            self._seen = [seen for seen in self._seen if seen != RIBBON]
            raise NotACameraError("no camera on the ribbon cable")
        return CsiCamera(self._camera, device, self._order.heights, self._announce)

    def _reject(self, error: CameraError) -> None:
        if not isinstance(error, NotACameraError):
            self._reasons.append(str(error))
        if self._trial is not None:
            self._trial.close()
            self._trial = None

    def _pattern(self) -> Driver:
        """The fallback, saying why it is there."""
        notice = f"{'; '.join(self._reasons) or self._nothing()}: showing the test pattern"
        if self._fallback is None:
            self._fallback = PatternCamera(self._camera)
            self._fallback.open()
        if not self._searching:
            self._fallback.say(notice)
        return self._fallback

    def _nothing(self) -> str:
        if self._libcamera:
            return NOTHING_ON_EITHER
        return NOT_ASKED if board.has_ribbon_connector(board.model()) else NOTHING_FOUND
