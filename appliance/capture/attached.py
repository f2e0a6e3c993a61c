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
    """Asks once at a time, however many people want to know. `configured`: whose wishes decide on a device's mode."""

    def __init__(self, configured: Callable[[], Iterable[Camera]] = lambda: ()) -> None:
        self._configured = configured
        self._one_at_a_time = trio.Lock()
        self._answer: list[dict[str, Any]] = []
        self._answered_s = float("-inf")

    async def __call__(self) -> list[dict[str, Any]]:
        """Cameras with their formats and which is chosen, the test pattern last; left out: those of which nothing can be found out."""
        async with self._one_at_a_time:
            if time.monotonic() - self._answered_s > GOOD_FOR_S:
                self._answer = await _ask(self._wishes())
                self._answered_s = time.monotonic()
            return self._answer

    def _wishes(self) -> list[str]:
        return [
            f"{camera.width}x{camera.height}@{camera.fps}={camera.source}"
            for camera in self._configured()
            if camera.parsed_source.kind in ("auto", "usb")
        ]


async def _ask(wishes: list[str]) -> list[dict[str, Any]]:
    """USB, and by another process libcamera: that may crash or hang, and then the other cameras are listed all the same."""
    answers: dict[str, list[dict[str, Any]]] = {}

    async def ask(question: str, *words: str) -> None:
        answers[question] = _read(await errand(question, *words, deadline_s=DEADLINE_S))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, "list", *wishes)
        nursery.start_soon(ask, "list-csi")
    cameras = [*answers["list"], *answers["list-csi"]]
    return sorted(cameras, key=lambda camera: camera["source"] == "pattern")


def _read(answer: bytes) -> list[dict[str, Any]]:
    try:
        cameras: list[dict[str, Any]] = msgspec.json.decode(answer, type=list[dict[str, Any]])
    except msgspec.DecodeError:
        return []
    return cameras
