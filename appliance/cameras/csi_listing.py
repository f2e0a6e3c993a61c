"""Which cameras hang on the ribbon cable. libcamera is asked in a process of its own.

Rule 1: whatever libcamera does there, crash, hang or talk, whoever asks gets a list in time.
Rule 2: without picamera2, which is heavy to import; its order of the cameras is worked out here, and a test compares.
"""

import contextlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

DEADLINE_S = 5.0  # an emulated PC takes 4
KILL_DEADLINE_S = 0.3
_START = (sys.executable, "-P", "-m", "appliance.cameras", "list-csi")
_USB = re.compile(
    r"/usb|-[0-9a-f]{4}:[0-9a-f]{4}$"
)  # libcamera lists USB cameras too, by controller, port and vendor:product


def is_ribbon(camera_id: str) -> bool:
    """Is it no USB camera? Those are usb: here, or two drivers would fight for one device."""
    return not _USB.search(camera_id)


def possible() -> bool:
    """Is there a libcamera to ask? Costs nothing."""
    return importlib.util.find_spec("libcamera") is not None


class Question:
    """What `listed` says in a process of its own, for somebody who has other things to do meanwhile."""

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self.cameras: list[dict[str, object]] | None = (
            None  # None: no answer, which does not mean that there is no camera
        )
        self._due_s = time.monotonic() + deadline_s
        self._process: subprocess.Popen[bytes] | None = None
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                _START, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )

    def done(self, wait_s: float) -> bool:
        """Is there an answer, or will there be none? Waits at most so long."""
        if self._process is None:
            return True
        try:
            said, _ = self._process.communicate(timeout=wait_s)
            self.cameras = json.loads(said)
        except subprocess.TimeoutExpired:
            if time.monotonic() < self._due_s:
                return False
        except ValueError:
            pass  # it broke down
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the kernel: it is left behind
            self._process.wait(KILL_DEADLINE_S)
        self._process = None
        return True


def listed() -> list[dict[str, object]]:
    """All there are, with the sizes of their sensors, in the order of their numbers. May crash, hang or raise: see Rule 1."""
    if not possible():
        return []
    os.environ.setdefault("LIBCAMERA_LOG_LEVELS", "*:ERROR")
    import libcamera

    cameras = sorted(libcamera.CameraManager.singleton().cameras, key=lambda camera: str(camera.id), reverse=True)
    ribbon = [camera for camera in cameras if is_ribbon(camera.id)]
    return [
        {
            "source": f"csi:{place}",
            "name": f"{_model(camera)} ({camera.id})",
            "formats": list(_formats(libcamera, camera)),
        }
        for place, camera in enumerate(ribbon)
    ]


def _model(camera: Any) -> str:
    return next((str(value) for key, value in camera.properties.items() if key.name == "Model"), "camera")


def _formats(libcamera: Any, camera: Any) -> Iterator[dict[str, object]]:
    """What the sensor reads out; cameras without raw pictures say what they deliver."""
    for role in (libcamera.StreamRole.Raw, libcamera.StreamRole.Viewfinder):
        try:
            formats = camera.generate_configuration([role]).at(0).formats
            for pixel_format in formats.pixel_formats:
                for size in formats.sizes(pixel_format):
                    yield {"pixel_format": str(pixel_format), "width": size.width, "height": size.height}
        except (RuntimeError, AttributeError, LookupError):  # None where a role is not to be had
            continue
        return
