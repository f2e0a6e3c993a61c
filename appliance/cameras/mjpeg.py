"""An IP camera over HTTP: MJPEG, or single JPEGs that we ask for at the camera's rate.

Rule 1: what the camera delivers is passed on byte for byte.
Rule 2: the newest picture wins: what has come meanwhile is read to its end, and only the last whole picture is used.
"""

import time
from collections.abc import Callable

from appliance.cameras.arrivals import DRAIN_S, Arrivals
from appliance.cameras.base import CameraError, Grabbed
from appliance.cameras.exchange import Exchange
from appliance.cameras.login import Login
from appliance.cameras.parts import MAX_PART_BYTES, Parts, PartsError, boundary_of
from appliance.config import Camera
from appliance.config.address import Address

ASK_S = 1.0  # for one of many single pictures; the server gives up on a worker that is silent for 1.8 s


class HttpCamera:
    """One address."""

    def __init__(self, camera: Camera, address: Address, announce: Callable[[str], None]) -> None:
        self._address, self._announce = address, announce
        self._login = Login(address)
        self._arrivals = Arrivals(camera, address, "http")
        self._exchange: Exchange | None = None
        self._parts: Parts | None = None  # None: single pictures
        self._single = bytearray()
        self._interval_s = 1 / camera.fps
        self._due_s = 0.0

    def open(self) -> None:
        """Connect, and see what is there. Raises CameraError."""
        self._announce(self._address.shown)
        self._exchange = Exchange(self._address, self._login)
        kind = self._exchange.content_type.partition(";")[0].strip().lower()
        try:
            if kind.startswith("multipart/"):
                self._parts = Parts(boundary_of(self._exchange.content_type))
            elif kind != "image/jpeg":
                raise CameraError(f"{self._address.end}: not MJPEG: {kind[:60] or 'no content type'}")
        except PartsError as error:
            raise CameraError(f"{self._address.end}: not MJPEG: {error}") from error
        self._due_s = time.monotonic() + self._interval_s
        self._arrivals.begin()

    def grab(self, wait_s: float) -> Grabbed:
        """The newest picture."""
        held = self._arrivals.held()
        if held is not None:
            return held
        data = self._single_picture(wait_s) if self._parts is None else self._newest_part(self._parts, wait_s)
        if data is None:
            self._arrivals.look_at_silence()
            return None
        return self._arrivals.take_jpeg(data)

    def close(self) -> None:
        """Let the connection go."""
        if self._exchange is not None:
            self._exchange.close()
            self._exchange = None

    def _newest_part(self, parts: Parts, wait_s: float) -> bytes | None:
        assert self._exchange is not None, "open() comes first"
        newest: bytes | None = None
        deadline_s = time.monotonic() + wait_s
        while newest is None or time.monotonic() < deadline_s:
            data = self._exchange.body(0.0 if newest else max(deadline_s - time.monotonic(), 0.0))
            if data == b"":
                raise CameraError(f"{self._address.end} ended the stream")
            if data is None:
                break
            found = self._last_picture(parts, data)
            if found is not None and newest is None:
                deadline_s = time.monotonic() + DRAIN_S
            newest = found or newest
            if time.monotonic() >= deadline_s:
                break
        return newest

    def _last_picture(self, parts: Parts, data: bytes) -> bytes | None:
        newest: bytes | None = None
        parts.feed(data)
        try:
            while (part := parts.next()) is not None:
                if "x-placeholder" in part.headers:  # another box says why it has none; ours says it in its own words
                    self._arrivals.instead("has no picture of its camera itself")
                else:
                    newest = part.body
        except PartsError as error:
            raise CameraError(f"{self._address.end}: {error}") from error
        return newest

    def _single_picture(self, wait_s: float) -> bytes | None:
        """One step: ask when it is time, or read on."""
        if self._exchange is None:
            ahead_s = self._due_s - time.monotonic()
            if ahead_s > 0:
                time.sleep(min(ahead_s, wait_s))
            if ahead_s > wait_s:
                return None
            self._due_s = max(self._due_s, time.monotonic() - self._interval_s) + self._interval_s
            self._exchange = Exchange(self._address, self._login, ASK_S)
        data = self._exchange.body(wait_s)
        if data is None:
            return None
        self._single += data
        if len(self._single) > MAX_PART_BYTES:
            raise CameraError(f"{self._address.end}: a picture of more than {MAX_PART_BYTES} bytes")
        if data:
            return None
        self.close()
        whole, self._single = bytes(self._single), bytearray()
        return whole
