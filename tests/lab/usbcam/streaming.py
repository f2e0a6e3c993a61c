"""The stream: frames at their time, cut into payloads for the bulk endpoint."""

import struct
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from tests.lab.usbcam import jpegs
from tests.lab.usbcam.descriptors import CLOCK_HZ, Mode
from tests.lab.usbcam.faults import Faults, stamped
from tests.lab.usbcam.requests import MAX_PAYLOAD

HEADER_BYTES = 6
END_OF_HEADER, ERROR, HAS_TIME, END_OF_FRAME = 0x80, 0x40, 0x04, 0x02


class Streaming:
    """What is sent, and when."""

    def __init__(
        self, folder: Path | None, faults: Faults, note: Callable[[str], None], *, stamp: bool, first_s: float
    ) -> None:
        """`stamp`: say in each JPEG which one it is. `first_s`: from the start to the first frame."""
        self._folder, self._faults, self._note = folder, faults, note
        self._stamp, self._first_s = stamp, first_s
        self._cache: dict[Mode, list[bytes]] = {}
        self.mode: Mode | None = None
        self.interval_s = 0.0
        self.due_s: float | None = None  # when the next frame is due; None: it does not stream
        self.sent = self.skipped = 0
        self._frames: list[bytes] = []
        self._index = self._frame_id = 0
        self.payloads: deque[bytes] = deque()  # of the frame that is being sent

    def start(self, mode: Mode, interval_s: float) -> None:
        """The host committed to this."""
        self.mode, self.interval_s = mode, interval_s
        self._frames, self._index = self._frames_of(mode), 0
        self.payloads.clear()
        self.due_s = time.monotonic() + self._first_s
        self._note(f"start {mode.pixel_format} {mode.width}x{mode.height} {1 / interval_s:.0f} fps")

    def stop(self) -> None:
        """The host wants no more."""
        if self.due_s is not None:
            self._note("stop")
        self.due_s = None
        self.payloads.clear()

    def status(self) -> dict[str, object]:
        """What it does now."""
        mode = self.mode
        return {
            "streaming": self.due_s is not None,
            "mode": mode and f"{mode.pixel_format} {mode.width}x{mode.height}",
            "interval_s": self.interval_s,
            "sent": self.sent,
            "skipped": self.skipped,
        }

    def tick(self, now_s: float) -> None:
        """Prepare a frame when one is due."""
        if self.due_s is None or now_s < self.due_s:
            return
        faults = self._faults
        interval_s = self.interval_s * faults.slower
        self.due_s += interval_s + faults.chance.random() * faults.jitter_s
        if self.due_s < now_s:  # fell behind: no burst
            self.due_s = now_s + interval_s
        if faults.frozen:
            return
        frame = self._frames[self._index % len(self._frames)]
        self._index += 1
        if self.payloads:  # the host has not taken the last one yet
            self.skipped += 1
        elif faults.takes("drop"):
            self._note("drop")
        else:
            self._prepare(frame, now_s)

    def _prepare(self, frame: bytes, now_s: float) -> None:
        assert self.mode is not None
        frame, done = self._faults.spoil(frame, self.mode)
        if self._stamp:
            frame = stamped(frame, self.sent, now_s)
        error = ERROR if self._faults.takes("err") else 0
        self._frame_id ^= 1
        self.sent += 1
        self._note(f"frame {self.sent} {len(frame)} {done}{' err' if error else ''}".rstrip())
        time_stamp = int(now_s * CLOCK_HZ) & 0xFFFFFFFF
        step = MAX_PAYLOAD - HEADER_BYTES
        starts = range(0, max(1, len(frame)), step)
        for start in starts:
            last = END_OF_FRAME if start == starts[-1] else 0
            flags = END_OF_HEADER | HAS_TIME | self._frame_id | error | last
            header = struct.pack("<BBI", HEADER_BYTES, flags, time_stamp)
            self.payloads.append(header + frame[start : start + step])

    def _frames_of(self, mode: Mode) -> list[bytes]:
        if mode not in self._cache:
            self._cache[mode] = self._load(mode)
        return self._cache[mode]

    def _load(self, mode: Mode) -> list[bytes]:
        if mode.pixel_format == "yuyv":
            return jpegs.bars(mode.width, mode.height)
        found = jpegs.read(self._folder, mode.width, mode.height) if self._folder else []
        return found or list(jpegs.make(mode.width, mode.height, 10))
