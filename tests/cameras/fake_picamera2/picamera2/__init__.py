"""A stand-in for picamera2 0.3.38, written from its source: a camera that shows `scene`, through the same calls in the same order.

Kept as there: who acquires and releases a request and when its memory is the camera's again (here it is spoiled at once), the pipe that
wakes an event loop, callbacks under a lock, sizes made even, rows longer than the picture, controls refused that are not there.
Left out, because our driver has an event loop of its own: previews, jobs, encoders.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

import libcamera
import numpy as np
from numpy.typing import NDArray

from .scene import scene

Pixels = NDArray[np.uint8]
SENSOR = (3280, 2464)
CONTROLS: dict[str, tuple[Any, Any, Any]] = {
    "AeEnable": (False, True, True),
    "ExposureTime": (75, 11_766_829, 20_000),
    "AnalogueGain": (1.0, 10.666667, 1.0),
    "ExposureValue": (-8.0, 8.0, 0.0),
    "AwbEnable": (False, True, None),
    "AwbMode": (0, 7, 0),
    "ColourTemperature": (100, 100_000, None),
    "ColourGains": (0.0, 32.0, None),
    "AfMode": (0, 2, 0),
    "AfTrigger": (0, 1, 0),
    "LensPosition": (0.0, 32.0, 1.0),
    "Brightness": (-1.0, 1.0, 0.0),
    "NoiseReductionMode": (0, 4, 0),
    "HdrMode": (0, 4, 0),
    "FrameDurationLimits": (8_333, 11_767_556, 33_333),
    "ScalerCrop": ((0, 0, 128, 128), (0, 0, 3280, 2464), (0, 310, 3280, 1845)),
}


class CompletedRequest:
    """A filled set of buffers. What is not held by anybody goes back to the camera."""

    def __init__(self, picam2: "Picamera2", buffers: dict[str, Pixels], metadata: dict[str, object]) -> None:
        self.picam2, self.buffers, self._metadata = picam2, buffers, metadata
        self.config = picam2.camera_config
        self._uses = 1

    def acquire(self) -> None:
        if self._uses == 0:
            raise RuntimeError("CompletedRequest: acquiring lock with ref_count 0")
        self._uses += 1

    def release(self) -> None:
        self._uses -= 1
        if self._uses < 0:
            raise RuntimeError("CompletedRequest: lock now has negative ref_count")
        if self._uses == 0:
            for buffer in self.buffers.values():
                buffer[:] = np.uint8(0xE1)  # the camera writes there again
            if libcamera.state() == "lost":
                raise RuntimeError("Failed to queue request: No such device")
            self.picam2.applied |= self.picam2.controls
            self.picam2.controls = {}
            self.picam2.free.release()

    def get_metadata(self) -> dict[str, object]:
        return self._metadata


class MappedArray:
    def __init__(self, request: CompletedRequest, stream: str, reshape: bool = True, write: bool = True) -> None:
        self._request, self._stream = request, stream
        self.array: Pixels | None = None

    def __enter__(self) -> Self:
        stream = self._request.config[self._stream]
        height, stride = stream["size"][1], stream["stride"]
        self.array = self._request.buffers[self._stream].reshape(height * 3 // 2, stride)
        return self

    def __exit__(self, *of_error: object) -> None:
        self.array = None


class Picamera2:
    def __init__(self, camera_num: int = 0) -> None:
        self.notifyme_r, self.notifyme_w = os.pipe2(os.O_NONBLOCK)
        self.notifymeread = os.fdopen(self.notifyme_r, "rb")
        infos = self.global_camera_info()
        if camera_num >= len(infos):
            raise RuntimeError(f"No camera number {camera_num} found")
        if libcamera.state() == "busy":
            cause = RuntimeError("Failed to acquire camera: Device or resource busy")
            raise RuntimeError("Camera __init__ sequence did not complete.") from cause
        self.sensor_resolution = SENSOR
        self.post_callback: Callable[[CompletedRequest], None] | None = None
        self.camera_config: dict[str, Any] = {}
        self.controls: dict[str, object] = {}
        self.applied: dict[str, object] = {}
        self.started = False
        self._requests: list[CompletedRequest] = []
        self._lock = threading.Lock()
        self._requests_lock = threading.Lock()

    @staticmethod
    def global_camera_info() -> list[dict[str, object]]:
        cameras = enumerate(libcamera.CameraManager.singleton().cameras)
        infos: list[dict[str, object]] = [
            {**{key.name: value for key, value in camera.properties.items()}, "Id": camera.id, "Num": number}
            for number, camera in cameras
        ]
        return sorted(infos, key=lambda info: ("/usb" not in str(info["Id"]), str(info["Id"])), reverse=True)

    @property
    def camera_controls(self) -> dict[str, tuple[Any, Any, Any]]:
        return CONTROLS

    def create_video_configuration(
        self,
        main: Mapping[str, Any],
        lores: Mapping[str, Any] | None = None,
        raw: Mapping[str, Any] | None = None,
        transform: libcamera.Transform | None = None,
        colour_space: libcamera.ColorSpace | None = None,
        buffer_count: int = 6,
        display: str | None = "main",
        encode: str | None = "main",
        queue: bool = True,
    ) -> dict[str, Any]:
        controls = {"NoiseReductionMode": 1, "FrameDurationLimits": (33_333, 33_333)}
        config: dict[str, Any] = {"main": dict(main), "lores": dict(lores) if lores else None, "raw": raw}
        for stream in filter(None, (config["main"], config["lores"])):
            width, height = stream["size"]
            stream["size"] = (width - width % 2, height - height % 2)
        return {
            **config,
            "transform": transform or libcamera.Transform(),
            "colour_space": colour_space or libcamera.ColorSpace.Rec709(),
            "buffer_count": buffer_count,
            "display": display,
            "queue": queue,
            "controls": controls,
        }

    def configure(self, config: dict[str, Any]) -> None:
        if libcamera.state() == "no_memory":
            raise OSError(12, "Cannot allocate memory")
        if libcamera.state() == "stubborn":  # a pipeline that cannot turn pictures
            config["transform"] = libcamera.Transform()
        main, lores = config["main"], config["lores"]
        if lores and (lores["size"][0] > main["size"][0] or lores["size"][1] > main["size"][1]):
            raise RuntimeError("lores stream dimensions may not exceed main stream")
        for stream in filter(None, (main, lores)):
            stream["stride"] = -(-stream["size"][0] // 64) * 64
        self.camera_config = config
        self.controls = dict(config["controls"])

    def camera_configuration(self) -> dict[str, Any]:
        return self.camera_config

    def set_controls(self, controls: Mapping[str, object]) -> None:
        for name in controls:
            if name not in CONTROLS:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        self.controls |= controls

    def start(self, show_preview: bool | None = False) -> None:
        assert show_preview is None, "there is no event loop in this stand-in"
        self.applied, self.controls = self.controls, {}
        self.free = threading.Semaphore(self.camera_config["buffer_count"])
        self.started = True
        self._camera = threading.Thread(target=self._run, daemon=True)
        self._camera.start()

    def stop(self) -> None:
        self.started = False
        self._camera.join()

    def close(self) -> None:
        if self.started:
            self.stop()
        self.notifymeread.close()
        os.close(self.notifyme_w)

    def process_requests(self, display: object) -> None:
        with self._requests_lock:
            requests, self._requests = self._requests, []
        with self._lock:
            for request in requests:
                if self.post_callback:
                    self.post_callback(request)
                request.release()

    def _run(self) -> None:
        due_s = time.monotonic()
        while self.started:
            limits: Any = self.applied["FrameDurationLimits"]
            due_s = max(due_s + limits[0] / 1e6, time.monotonic() - 0.1)
            time.sleep(max(0.0, due_s - time.monotonic()))
            if libcamera.state() in ("freeze", "mute") or not self.free.acquire(blocking=False):
                continue
            buffers = {name: self._shot(name) for name in ("main", "lores") if self.camera_config[name]}
            metadata: dict[str, object] = {
                "SensorTimestamp": time.monotonic_ns() - 12_000_000,
                "ExposureTime": 9_000,
                "AnalogueGain": 2.5,
            }
            metadata |= {name: value for name, value in self.applied.items() if name in metadata}
            metadata["ScalerCrop"] = self.applied.get("ScalerCrop", CONTROLS["ScalerCrop"][2])
            with self._requests_lock:
                self._requests.append(CompletedRequest(self, buffers, metadata))
            os.write(self.notifyme_w, b"\0")

    def _shot(self, name: str) -> Pixels:
        config, turn = self.camera_config[name], self.camera_config["transform"]
        width, height = config["size"]
        return scene(width, height, config["stride"], turn.hflip, turn.vflip)
