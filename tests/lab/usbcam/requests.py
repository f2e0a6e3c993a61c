"""Requests on endpoint 0: descriptors, the camera's controls, and what to stream. None is a STALL."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.lab.usbcam import descriptors
from tests.lab.usbcam.descriptors import CAMERA_TERMINAL, PROCESSING_UNIT, UNITS_PER_S, Make, Mode
from tests.lab.usbcam.faults import Faults

MAX_PAYLOAD = 16384
SET_CUR = 1
GET = {0x81: "cur", 0x82: "min", 0x83: "max", 0x84: "res", 0x85: "len", 0x86: "info", 0x87: "def"}
OUT_OF_RANGE, INVALID_CONTROL = 4, 6  # bRequestErrorCode
PROBE, COMMIT = 1, 2
_PROBE = struct.Struct("<HBBIHHHHHIIIBBBB")


@dataclass
class Control:
    """One control of the camera; its bounds are in the descriptors' own units."""

    name: str
    size: int
    least: int
    most: int
    step: int
    default: int
    current: int
    signed: bool = False

    def encoded(self, value: int) -> bytes:
        """As it travels."""
        return value.to_bytes(self.size, "little", signed=self.signed)


def controls() -> dict[tuple[int, int], Control]:
    """By (unit, selector)."""
    return {
        (PROCESSING_UNIT, 2): Control("brightness", 2, -64, 64, 1, 0, 0, signed=True),
        (PROCESSING_UNIT, 3): Control("contrast", 2, 0, 100, 1, 32, 32),
        (PROCESSING_UNIT, 7): Control("saturation", 2, 0, 100, 1, 64, 64),
        (PROCESSING_UNIT, 8): Control("sharpness", 2, 0, 6, 1, 3, 3),
        (PROCESSING_UNIT, 5): Control("power_line_frequency", 1, 0, 2, 1, 1, 1),
        (CAMERA_TERMINAL, 2): Control("auto_exposure", 1, 1, 8, 9, 8, 8),
        (CAMERA_TERMINAL, 4): Control("exposure_time", 4, 1, 5000, 1, 157, 157),
    }


class Requests:
    """What the host is answered. `start` and `stop` are told when it begins and ends to stream."""

    def __init__(
        self,
        make: Make,
        faults: Faults,
        start: Callable[[Mode, float], None],
        stop: Callable[[], None],
        note: Callable[[str], None],
    ) -> None:
        self._make, self._faults, self._start, self._stop, self._note = make, faults, start, stop, note
        self._device, self._configuration = descriptors.device(make), descriptors.configuration(make)
        self._modes = make.modes()
        self.controls = controls()
        self.replug()

    def replug(self) -> None:
        """A camera that is plugged in knows of nothing before; its controls are as it left the factory."""
        self._probe: bytes | None = None
        self._commit: bytes | None = None
        self._chosen = 0
        self._error = 0
        self.controls = controls()

    def answer(self, setup: bytes, data: bytes) -> bytes | None:
        """One request; None is a STALL."""
        kind, request, value, index, _ = struct.unpack("<BBHHH", setup)
        if kind & 0x60 == 0:
            return self._standard(kind, request, value)
        if kind & 0x60 != 0x20:
            return None
        if index & 0xFF == 1:
            return self._streaming(request, value >> 8, data)
        return self._unit(request, index >> 8, value >> 8, data)

    def _standard(self, kind: int, request: int, value: int) -> bytes | None:
        if request == 6:  # GET_DESCRIPTOR
            return self._descriptor(value >> 8, value & 0xFF)
        if request == 9:  # SET_CONFIGURATION
            self._chosen = value & 0xFF
        if request == 1 and kind == 2:  # CLEAR_FEATURE(HALT): how the kernel tells a bulk camera to stop
            self._stop()
        return {0: b"\0\0", 8: bytes([self._chosen]), 10: b"\0"}.get(request, b"")

    def _descriptor(self, kind: int, index: int) -> bytes | None:
        if kind == 3:
            if index == 0:
                return struct.pack("<BBH", 4, 3, 0x0409)
            text = self._make.strings.get(index)
            return None if text is None else descriptors.string(text)
        return {1: self._device, 2: self._configuration}.get(kind)

    def _streaming(self, request: int, selector: int, data: bytes) -> bytes | None:
        if selector == 6:
            return b"\0"
        if selector not in (PROBE, COMMIT):
            return None
        if request == SET_CUR:
            return self._choose(selector, data)
        match GET.get(request):
            case "len":
                return struct.pack("<H", _PROBE.size)
            case "info":
                return b"\3"
            case "cur":
                return self._commit if selector == COMMIT else self._probe or self._negotiated(bytes(_PROBE.size))
            case "min" | "max" | "def" if selector == PROBE:
                return self._negotiated((self._probe or bytes(4))[:4].ljust(_PROBE.size, b"\0"))
        return None

    def _choose(self, selector: int, data: bytes) -> bytes | None:
        if self._faults.takes("stall-probe" if selector == PROBE else "stall-start"):
            self._error = OUT_OF_RANGE
            return None
        self._probe = self._negotiated(data.ljust(_PROBE.size, b"\0"))
        if selector == COMMIT:
            self._commit = self._probe
            _, format_index, frame_index, interval = struct.unpack_from("<HBBI", self._commit)
            self._start(self._modes[format_index, frame_index], interval / UNITS_PER_S)
        return b""

    def _negotiated(self, asked: bytes) -> bytes:
        """The nearest that this camera has."""
        hint, format_index, frame_index, interval = struct.unpack_from("<HBBI", asked)
        if (format_index, frame_index) not in self._modes:
            format_index, frame_index = (format_index if (format_index, 1) in self._modes else 1), 1
        mode = self._modes[format_index, frame_index]
        interval = min(mode.intervals, key=lambda each: abs(each - interval)) if interval else mode.intervals[0]
        what = (hint, format_index, frame_index, interval, 0, 0, 0, 0, 0, mode.largest_bytes, MAX_PAYLOAD)
        return _PROBE.pack(*what, descriptors.CLOCK_HZ, 3, 0, 0, 0)

    def _unit(self, request: int, unit: int, selector: int, data: bytes) -> bytes | None:
        if unit == 0:
            return bytes([self._error]) if selector == 2 else None
        control = self.controls.get((unit, selector))
        if control is None:
            self._error = INVALID_CONTROL
            return None
        if request == SET_CUR:
            control.current = int.from_bytes(data[: control.size], "little", signed=control.signed)
            self._note(f"control {control.name}={control.current}")
            return b""
        what = GET.get(request, "")
        if what in ("len", "info"):
            return struct.pack("<H", control.size) if what == "len" else b"\3"
        numbers = {"min": control.least, "max": control.most, "res": control.step}
        numbers |= {"def": control.default, "cur": control.current}
        return control.encoded(numbers[what]) if what in numbers else None
