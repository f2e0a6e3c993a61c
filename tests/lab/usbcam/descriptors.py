"""What the camera says it is: USB descriptors, and the formats that a host can commit to (USB Video Class 1.1)."""

import struct
from dataclasses import dataclass

YUY2_GUID = bytes.fromhex("5955593200001000800000aa00389b71")
CS_INTERFACE = 0x24
CLOCK_HZ = 48_000_000
UNITS_PER_S = 10_000_000  # frame intervals are in 100 ns

# Offsets of descriptor subtypes, and the unit numbers that the controls are addressed by
CAMERA_TERMINAL, PROCESSING_UNIT, OUTPUT_TERMINAL = 1, 2, 3
BULK_IN = 0x81


@dataclass(frozen=True)
class Mode:
    """One format at one size."""

    pixel_format: str  # "mjpeg" or "yuyv"
    width: int
    height: int
    intervals: tuple[int, ...]  # in 100 ns, the fastest first

    @property
    def largest_bytes(self) -> int:
        """dwMaxVideoFrameSize."""
        return self.width * self.height * 2


@dataclass(frozen=True)
class Make:
    """What a person chooses of a camera."""

    serial: str = "LAB0001"  # empty: it has none, as cheap ones do
    name: str = "Lab Camera"
    vendor: str = "Lab"
    vendor_id: int = 0x1D6B
    product_id: int = 0x0102
    sizes: tuple[tuple[int, int], ...] = ((640, 480), (1280, 720), (1920, 1080))
    fps: tuple[int, ...] = (30, 15)
    formats: tuple[str, ...] = ("mjpeg", "yuyv")

    @property
    def strings(self) -> dict[int, str]:
        """String descriptors by their index."""
        return {1: self.vendor, 2: self.name} | ({3: self.serial} if self.serial else {})

    def modes(self) -> dict[tuple[int, int], Mode]:
        """By (format index, frame index), as hosts name them."""
        intervals = tuple(UNITS_PER_S // fps for fps in self.fps)
        return {
            (format_index, frame_index): Mode(pixel_format, width, height, intervals)
            for format_index, pixel_format in enumerate(self.formats, 1)
            for frame_index, (width, height) in enumerate(self.sizes, 1)
        }


def device(make: Make) -> bytes:
    """The device descriptor: high speed, an interface association, one configuration."""
    serial_index = 3 if make.serial else 0
    ids = (make.vendor_id, make.product_id, 0x0100)
    return struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0xEF, 2, 1, 64, *ids, 1, 2, serial_index, 1)


def configuration(make: Make) -> bytes:
    """The configuration descriptor with everything below it."""
    association = struct.pack("<8B", 8, 11, 0, 2, 0x0E, 3, 0, 2)
    control_interface = struct.pack("<9B", 9, 4, 0, 0, 0, 0x0E, 1, 0, 2)
    streaming_interface = struct.pack("<9B", 9, 4, 1, 0, 1, 0x0E, 2, 0, 0)
    endpoint = struct.pack("<BBBBHB", 7, 5, BULK_IN, 2, 512, 0)
    interfaces = association + control_interface + _units() + streaming_interface + _formats(make) + endpoint
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(interfaces), 2, 1, 0, 0x80, 250) + interfaces


def string(text: str) -> bytes:
    """A string descriptor."""
    encoded = text.encode("utf-16le")
    return bytes([2 + len(encoded), 3]) + encoded


def _units() -> bytes:
    """The control interface: a lens with exposure, a processor of pictures with five controls, and the way out."""
    exposure = bytes([0x0A, 0, 0])  # auto-exposure mode, absolute exposure time
    lens = struct.pack("<BBBBHBBHHHB3s", 18, CS_INTERFACE, 2, CAMERA_TERMINAL, 0x0201, 0, 0, 0, 0, 0, 3, exposure)
    five = 0x041B  # brightness, contrast, saturation, sharpness, power line frequency
    processor = struct.pack("<BBBBBHBHBB", 12, CS_INTERFACE, 5, PROCESSING_UNIT, CAMERA_TERMINAL, 0, 2, five, 0, 0)
    way_out = struct.pack("<BBBBHBBB", 9, CS_INTERFACE, 3, OUTPUT_TERMINAL, 0x0101, 0, PROCESSING_UNIT, 0)
    units = lens + processor + way_out
    return struct.pack("<BBBHHIBB", 13, CS_INTERFACE, 1, 0x0110, 13 + len(units), CLOCK_HZ, 1, 1) + units


def _formats(make: Make) -> bytes:
    """The streaming interface's own descriptors."""
    body = b"".join(_format(make, index) for index in range(1, len(make.formats) + 1))
    count = len(make.formats)
    total = 13 + count + len(body)
    head = (13 + count, CS_INTERFACE, 1, count, total, BULK_IN, 0, OUTPUT_TERMINAL, 0, 0, 0, 1)
    return struct.pack("<BBBBHBBBBBBB", *head) + bytes(count) + body


def _format(make: Make, index: int) -> bytes:
    mjpeg = make.formats[index - 1] == "mjpeg"
    sizes = len(make.sizes)
    if mjpeg:
        head = struct.pack("<11B", 11, CS_INTERFACE, 6, index, sizes, 1, 1, 0, 0, 0, 0)
    else:
        head = struct.pack("<BBBBB16sBBBBBB", 27, CS_INTERFACE, 4, index, sizes, YUY2_GUID, 16, 1, 0, 0, 0, 0)
    modes = make.modes()
    frames = (_frame(7 if mjpeg else 5, number, modes[index, number]) for number in range(1, sizes + 1))
    colours = struct.pack("<6B", 6, CS_INTERFACE, 0x0D, 1, 1, 4)
    return head + b"".join(frames) + colours


def _frame(subtype: int, number: int, mode: Mode) -> bytes:
    count = len(mode.intervals)
    rates = [UNITS_PER_S // interval for interval in mode.intervals]
    bits = mode.largest_bytes * 8
    head = (26 + 4 * count, CS_INTERFACE, subtype, number, 0, mode.width, mode.height)
    rest = (bits * min(rates), bits * max(rates), mode.largest_bytes, mode.intervals[0], count)
    return struct.pack("<BBBBBHHIIIIB", *head, *rest) + struct.pack(f"<{count}I", *mode.intervals)
