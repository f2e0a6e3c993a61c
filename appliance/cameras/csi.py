"""Cameras on the ribbon cable, through picamera2: YUV in two sizes, both made by the camera's own image processor.

Rule 1: this thread is picamera2's event loop. None of its own threads runs our code, so an error is ours at once, no job is ever
        outstanding, and `stop` has nothing to wait for.
Rule 2: the newest frame counts; those behind it go back to the camera unseen.
Rule 3: a camera that stops is silent: libcamera only logs. So silence is a failure, and the server ends this process.

Seen with picamera2 0.3.38 and libcamera 0.4: a frozen or unplugged camera calls nothing back; frames whose return fails raise
RuntimeError in whoever gives them back; `capture_request` and `stop` in the usual way wait for ever.
"""

import contextlib
import functools
import select
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from appliance.cameras import csi_library
from appliance.cameras.base import SILENCE_S, CameraError, Grabbed, Picture
from appliance.cameras.csi_controls import CsiControls
from appliance.cameras.csi_frame import Lent
from appliance.cameras.csi_library import Found, Library, plainly
from appliance.cameras.csi_plan import FORMATS, Plan, captured_of, frame_us, is_upright, plan
from appliance.config import Camera
from appliance.geometry import Size
from appliance.wire.controls import Control, Value
from appliance.wire.hallway import Opened

START_S = 5.0  # until the first picture: the exposure settles first
BUFFERS = 5  # one is encoded, one may wait, and the camera wants three; each costs contiguous memory


class CsiCamera:
    """One camera on the ribbon cable."""

    def __init__(self, camera: Camera, device: str, heights: Sequence[int], announce: Callable[[str], None]) -> None:
        self._camera, self._device, self._heights, self._announce = camera, device, heights, announce
        self._picam2: Any = None
        self._library: Library | None = None
        self._opened: Opened | None = None  # still to be told
        self._controls: CsiControls | None = None
        self._streams: dict[str, tuple[str, Size]] = {}  # pixel format and size of "main" and "lores"
        self._upright = False
        self._newest: Any = None  # the request that came last, acquired, and not looked at yet
        self._lent: Lent | None = None  # the frame of the picture that was grabbed last
        self._metadata: Mapping[str, object] = {}
        self._wakes = select.poll()
        self._last_s = 0.0  # when a frame came last
        self._ever = False

    def open(self) -> None:
        """Take the camera and start it. May hang in libcamera, so it is announced first; twice, as slow boards import for seconds."""
        self._announce(f"csi:{self._device}")
        self._library = library = csi_library.load()
        self._announce(f"csi:{self._device}")
        found = csi_library.chosen(csi_library.attached(library.picamera2), self._device)
        with plainly(f"{found.model} ({found.id}) cannot be opened"):
            self._picam2 = library.picamera2.Picamera2(found.number)
        with plainly(f"{found.model} cannot deliver {self._camera.width}x{self._camera.height}"):
            self._configure(library, plan(self._camera, Size(*self._picam2.sensor_resolution), self._heights))
        fps = self._set_rate()
        with plainly(f"{found.model} does not start"):
            self._picam2.post_callback = self._take
            self._picam2.start(show_preview=None)
        self._wakes.register(self._picam2.notifyme_r, select.POLLIN)
        self._last_s = time.monotonic()
        self._opened = self._promise(found, fps)

    def grab(self, wait_s: float) -> Grabbed:
        """The newest picture of the camera."""
        assert self._picam2 is not None, "open() comes first"
        if self._opened is not None:
            opened, self._opened = self._opened, None
            return opened
        with plainly("the camera was lost; check its cable and the power supply"):
            self._give_back()
            if self._wakes.poll(wait_s * 1000):
                self._picam2.notifymeread.read()
                self._picam2.process_requests(None)  # calls _take
        if self._newest is None:
            self._look_at_silence()
            return None
        return self._picture()

    def controls(self) -> list[Control]:
        """All there is, with the values of now; [] before the camera is open."""
        return self._controls.listed(self._metadata) if self._controls else []

    def set_control(self, control_id: str, value: Value) -> None:
        """Set one, from the next frames on. Raises ControlError for what cannot be, CameraError when the camera is gone."""
        if self._controls is None:
            raise CameraError("the camera is not open")
        settings = self._controls.wish(control_id, value)
        with plainly(f"{control_id} cannot be set"):
            self._picam2.set_controls(settings)

    def close(self) -> None:
        """Let the camera go; one that fails even at that is lost already."""
        picam2, self._picam2, self._controls = self._picam2, None, None
        if picam2 is not None:
            with contextlib.suppress(CameraError), plainly("the camera cannot be closed"):
                self._give_back()
                picam2.close()

    def _configure(self, library: Library, wanted: Plan) -> None:
        """Sizes, colours and what the camera turns by itself. It may answer with its nearest."""
        picam2, libcamera = self._picam2, library.libcamera
        picam2.configure(
            picam2.create_video_configuration(
                main={"size": tuple(wanted.main), "format": "YUV420"},
                lores={"size": tuple(wanted.lores), "format": "YUV420"} if wanted.lores else None,
                raw=None,  # nobody looks at it, and it is the largest
                transform=libcamera.Transform(hflip=wanted.hflip, vflip=wanted.vflip),
                colour_space=libcamera.ColorSpace.Sycc(),  # JPEG's; picamera2's own choice, Rec. 709, would look pale
                buffer_count=BUFFERS,
                queue=False,  # who keeps the last frame is us
                display=None,
                encode=None,
            )
        )
        answer = picam2.camera_configuration()
        streams = {name: answer[name] for name in ("main", "lores") if answer.get(name)}
        self._streams = {name: (stream["format"], Size(*stream["size"])) for name, stream in streams.items()}
        if self._streams["main"][0] not in FORMATS:
            raise CameraError(f"the camera delivers {self._streams['main'][0]}, which this program cannot use")
        turned = answer["transform"]
        self._upright = is_upright(self._camera, bool(turned.hflip), bool(turned.vflip))

    def _set_rate(self) -> float:
        """Ask for the configured rate. Returns what comes, in frames per second; and the controls are known from here on."""
        ranges, asked_us = self._picam2.camera_controls, round(1e6 / self._camera.fps)
        if limits := ranges.get("FrameDurationLimits"):
            asked_us = frame_us(self._camera.fps, limits[:2])
            self._picam2.set_controls({"FrameDurationLimits": (asked_us, asked_us)})
        configured = self._picam2.camera_configuration().get("controls") or {}
        self._controls = CsiControls(ranges, self._labels, configured, asked_us, self._streams["main"][1])
        near = abs(asked_us * self._camera.fps - 1e6) < self._camera.fps  # the same, but for whole µs
        return float(self._camera.fps) if near else 1e6 / asked_us

    def _labels(self, control_id: str) -> Mapping[str, int]:
        assert self._library is not None
        known = self._library.libcamera.controls
        for place in (known, getattr(known, "draft", None)):
            enumeration = getattr(place, f"{control_id}Enum", None)
            if enumeration is not None:
                return {label: int(member) for label, member in enumeration.__members__.items()}
        return {}

    def _promise(self, found: Found, fps: float) -> Opened:
        pixel_format, size = self._streams["main"]
        return Opened("csi", found.id, pixel_format, size.width, size.height, fps, model=found.model)

    def _take(self, request: Any) -> None:
        """Called by picamera2 for each frame, oldest first, in this thread."""
        if self._newest is not None:
            self._newest.release()
        request.acquire()
        self._newest = request

    def _give_back(self) -> None:
        """The frame whose picture was grabbed last."""
        if self._lent is not None:
            lent, self._lent = self._lent, None
            lent.give_back()

    def _picture(self) -> Picture:
        assert self._library is not None
        self._lent = Lent(self._newest, self._library.picamera2.MappedArray)
        self._newest = None
        self._last_s, self._ever = time.monotonic(), True
        self._metadata = self._lent.metadata
        looks = {
            size: functools.partial(self._lent.planes, name, pixel_format, size)
            for name, (pixel_format, size) in reversed(
                self._streams.items()
            )  # main last: it wins where both are of one size
            if pixel_format in FORMATS
        }
        captured = captured_of(self._metadata.get("SensorTimestamp"))
        return Picture(*self._streams["main"][1], captured, planes=looks, upright=self._upright)

    def _look_at_silence(self) -> None:
        if time.monotonic() - self._last_s < (SILENCE_S if self._ever else START_S):
            return
        if self._ever:
            raise CameraError("the camera stopped delivering pictures; check its cable and the power supply", "silent")
        raise CameraError(
            "the camera delivers no picture: with the power off, check that its cable sits straight", "silent"
        )
