"""picamera2 0.3.38 on libcamera 0.4's `virtual` pipeline. What is changed, and why (seen on Debian 13):

1. Picamera2() asks for the Raw role, which `virtual` refuses: the viewfinder role's sizes stand in.
2. Picamera2() opens /dev/dma_heap, which a PC lacks, and its one-plane buffers are not what `virtual` writes to: libcamera's own
   allocator is used, mapped by plane lengths (0.4.0 leaves bytes_used 0).
3. `virtual` gives NV12 only: where YUV420 was asked for, that is what the configuration says and what buffers hold.
4. `virtual` 0.4.0 completes requests at once: they are paced at the FrameDurationLimits asked for, or 30 a second.

While /run/lab-virtual-faults/frozen exists, no request completes; while refuse-start exists, start() fails.
"""

import os
import time
from pathlib import Path

import picamera2.picamera2 as whole
from libcamera import StreamRole
from picamera2 import Picamera2
from picamera2.allocators import LibcameraAllocator
from picamera2.dma_heap import heapNames

from tests.lab.libcam.buffers import NoHeap, VirtualAllocator
from tests.lab.libcam.virtual import FROZEN, REFUSE_START

FRAME_S = 1 / 30
GLANCE_S = 0.02
LONGEST_PAUSE_S = 10


def is_virtual(camera) -> bool:
    """Is it one of ours?"""
    return camera is not None and camera.id.startswith("Virtual")


def install() -> None:
    """Change picamera2 in place."""
    no_heap = not any(Path(heap).exists() for heap in heapNames)
    if no_heap:
        whole.DmaAllocator = NoHeap
    _with_an_allocator(no_heap)
    _without_raw()
    _in_yuv420()
    _paced()


def _with_an_allocator(no_heap: bool) -> None:
    original = Picamera2.__init__

    def init(self, camera_num=0, *rest, allocator=None, **options):
        original(self, camera_num, *rest, allocator=allocator, **options)
        self.lab_due_s = 0.0
        if allocator is None and is_virtual(self.camera):
            self.allocator = VirtualAllocator(self)
        elif allocator is None and no_heap:
            self.allocator = LibcameraAllocator(self.camera)

    Picamera2.__init__ = init


def _without_raw() -> None:
    original = Picamera2._get_raw_modes

    def raw_modes(self):
        if not is_virtual(self.camera):
            return original(self)
        formats = self.camera.generate_configuration([StreamRole.Viewfinder]).at(0).formats
        modes = [
            {"format": str(each), "size": (size.width, size.height)}
            for each in formats.pixel_formats
            for size in formats.sizes(each)
        ]
        largest = ((each, formats.range(each).max) for each in formats.pixel_formats)
        return modes or [{"format": str(each), "size": (size.width, size.height)} for each, size in largest]

    Picamera2._get_raw_modes = raw_modes


def _in_yuv420() -> None:
    original = Picamera2._update_stream_config

    def update(self, stream_config, libcamera_config):
        wanted = stream_config["format"]
        original(self, stream_config, libcamera_config)
        if is_virtual(self.camera) and wanted == "YUV420" and stream_config["format"] == "NV12":
            stream_config["format"] = "YUV420"

    Picamera2._update_stream_config = update


def _paced() -> None:
    start, process = Picamera2.start_, Picamera2.process_requests

    def refusing_start(self):
        if REFUSE_START.exists():
            raise RuntimeError("Camera did not start properly.")
        return start(self)

    def paced_process(self, display):
        if not is_virtual(self.camera):
            return process(self, display)
        if FROZEN.exists():  # nothing completes, and nobody waits in here: whoever asked looks again soon
            time.sleep(GLANCE_S)
            os.write(self.notifyme_w, b"\0")
            return None
        _wait_for_turn(self)
        return process(self, display)

    Picamera2.start_ = refusing_start
    Picamera2.process_requests = paced_process


def _wait_for_turn(camera) -> None:
    limits = camera.controls.make_dict().get("FrameDurationLimits")
    limits = limits or (camera.camera_config.get("controls") or {}).get("FrameDurationLimits")
    frame_s = limits[0] / 1e6 if limits else FRAME_S
    now_s = time.monotonic()
    camera.lab_due_s = max(camera.lab_due_s + frame_s, now_s - frame_s)
    time.sleep(max(0.0, min(camera.lab_due_s - now_s, LONGEST_PAUSE_S)))
