"""A camera worker's life: driver → renditions → outbox, until the camera fails or the server goes.

Rule 1: this loop is the only place where the parts meet. It waits in one place: the driver's `grab`.
Rule 2: a failed camera ends the process, with its reason said first. Starting again is the server's work.
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import cv2

from appliance.cameras.adjustment import Adjustment
from appliance.cameras.auto import AutoCamera
from appliance.cameras.base import CameraError, Controllable, Driver, Grabbed, Picture, Rejected
from appliance.cameras.commands import Commands
from appliance.cameras.csi import CsiCamera
from appliance.cameras.outbox import Outbox
from appliance.cameras.pattern import PatternCamera
from appliance.cameras.pixels import UndecodableError
from appliance.cameras.published import PublishedCamera
from appliance.cameras.renditions import Renditions
from appliance.cameras.usb import UsbCamera
from appliance.config import Camera
from appliance.config.address import Address
from appliance.wire.hallway import Beat, Failed, Open, Opened, Opening, Rendition

BEAT_S = 0.4  # the hallway promises one every 0.5 s
LAST_WORD_S = 0.5  # how long a failing worker waits until the server has heard why
RETRY_SEND_S = 0.005  # how soon to try again while the server has not taken everything


def run(fd: int, devices: Path) -> int:
    """Work for the server at the other end of `fd`. Returns the exit status."""
    cv2.setNumThreads(1)  # the box has other cameras and a server to run
    hallway = socket.socket(fileno=fd)
    hallway.setblocking(True)
    commands = Commands(hallway)
    order = commands.first()
    _name_process(f"cam-{order.camera.id}")
    commands.listen()
    outbox = Outbox(hallway)
    driver = driver_for(order, commands, outbox, devices)
    try:
        Worker(order, driver, commands, outbox).work()
    except CameraError as error:
        outbox.say(Failed(str(error), error.kind))
        outbox.drain(LAST_WORD_S)
        os._exit(1)  # not by way of OpenCV's release, which can hang for seconds on a device that failed
    except (BrokenPipeError, ConnectionResetError):
        return 0  # the server is gone
    return 0


def driver_for(order: Open, commands: Commands, outbox: Outbox, devices: Path) -> Driver:
    """The driver for a camera's source."""
    camera = order.camera

    def announce(device: str) -> None:
        outbox.say(Opening(device))

    source = camera.parsed_source
    match source.kind:
        case "pattern":
            return PatternCamera(camera)
        case "published":
            return PublishedCamera(camera, commands.pushed)
        case "usb":
            return UsbCamera(camera, source.device, announce)
        case "csi":
            return CsiCamera(camera, source.device, order.heights, announce)
        case "auto":
            return AutoCamera(order, devices, announce)
        case "http" | "rtsp" | "ws":
            return _driver_for_address(camera, announce)


def _driver_for_address(camera: Camera, announce: Callable[[str], None]) -> Driver:
    """The driver for an address on the network; imported here, so that other cameras do not pay for its protocols."""
    address = Address.parse(camera.parsed_source.device)
    match camera.parsed_source.kind:
        case "http":
            from appliance.cameras.mjpeg import HttpCamera

            return HttpCamera(camera, address, announce)
        case "rtsp":
            from appliance.cameras.rtsp import RtspCamera

            return RtspCamera(camera, address, announce)
    from appliance.cameras.other_box import OtherBoxCamera

    return OtherBoxCamera(camera, address, announce)


class Worker:
    """The loop and what it counts."""

    def __init__(self, order: Open, driver: Driver, commands: Commands, outbox: Outbox) -> None:
        self._driver, self._commands, self._outbox = driver, commands, outbox
        self._renditions = Renditions(order.camera)
        self._adjustment = Adjustment(driver, order.kept, outbox.say) if isinstance(driver, Controllable) else None
        self._wanted: list[Rendition] = []
        self._number = order.first_number
        self._captured = self._rejected = 0
        self._last_captured_s = 0.0
        self._beat_due_s = 0.0

    def work(self) -> None:
        """Deliver until the camera fails (CameraError) or the server is gone (OSError)."""
        self._beat()
        try:
            self._driver.open()
            while True:
                self._deliver(self._driver.grab(self._patience_s()))
                self._look_at_adjustments()
                self._outbox.flush()
                if time.monotonic() >= self._beat_due_s:
                    self._beat()
        except CameraError:
            self._beat()  # what was counted since the last one
            raise

    def _patience_s(self) -> float:
        if self._outbox.waiting:
            return RETRY_SEND_S
        return max(self._beat_due_s - time.monotonic(), 0.001)

    def _deliver(self, grabbed: Grabbed) -> None:
        match grabbed:
            case Picture():
                self._render(grabbed)
            case Opened():
                self._outbox.say(grabbed)
                if self._adjustment is not None:
                    self._adjustment.opened(grabbed)
            case Rejected():
                self._rejected += 1

    def _render(self, picture: Picture) -> None:
        self._look_at_wishes()
        try:
            for slot, frame in self._renditions.make(picture, self._number):
                self._outbox.put(slot, frame)
        except UndecodableError:
            self._rejected += 1
        else:
            self._captured += 1
            self._last_captured_s = picture.captured.monotonic_s
        self._number += 1

    def _look_at_wishes(self) -> None:
        wanted = self._commands.wanted()
        if wanted is not self._wanted:
            self._wanted = wanted
            for slot in self._renditions.want(wanted):
                self._outbox.forget(slot)

    def _look_at_adjustments(self) -> None:
        order = self._commands.adjust()
        if order is not None and self._adjustment is not None:
            self._adjustment.adjust(order)

    def _beat(self) -> None:
        self._beat_due_s = time.monotonic() + BEAT_S
        self._outbox.say(Beat(self._captured, self._rejected, self._outbox.unsent, self._last_captured_s))


def _name_process(name: str) -> None:
    """So that `ps` and `top` say which camera this is."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name)
