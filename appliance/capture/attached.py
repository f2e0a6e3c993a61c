"""What is attached to this machine."""

import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import trio

from appliance.capture.errand import errand
from appliance.config import Camera

DEADLINE_S = 5.0
GOOD_FOR_S = 2.0  # whoever asks again so soon gets the same answer


class AttachedCameras:
    """Asks one question at a time, however many people want to know. `configured`: whose wishes decide on a device's mode."""

    def __init__(self, configured: Callable[[], Iterable[Camera]] = lambda: ()) -> None:
        self._configured = configured
        self._one_at_a_time = trio.Lock()
        self._answer: list[dict[str, Any]] = []
        self._answered_s = float("-inf")

    async def __call__(self) -> list[dict[str, Any]]:
        """Cameras with their formats and which of those is chosen; empty when nothing can be found out in time."""
        async with self._one_at_a_time:
            if time.monotonic() - self._answered_s > GOOD_FOR_S:
                self._answer = _read(await errand("list", *self._wishes(), deadline_s=DEADLINE_S))
                self._answered_s = time.monotonic()
            return self._answer

    def _wishes(self) -> list[str]:
        return [
            f"{camera.width}x{camera.height}@{camera.fps}={camera.source}"
            for camera in self._configured()
            if camera.parsed_source.kind in ("auto", "usb")
        ]


def _read(answer: bytes) -> list[dict[str, Any]]:
    try:
        cameras: list[dict[str, Any]] = msgspec.json.decode(answer, type=list[dict[str, Any]])
    except msgspec.DecodeError:
        return []
    return cameras
