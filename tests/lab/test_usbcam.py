"""The lab's camera, as far as it can be looked at without a kernel: what it says of itself, answers, and spoils."""

import struct

import pytest

from tests.lab.usbcam import descriptors, jpegs
from tests.lab.usbcam.descriptors import Make, Mode
from tests.lab.usbcam.faults import Faults, stamped
from tests.lab.usbcam.requests import Requests
from tests.lab.usbcam.streaming import Streaming

SMALL = Make(sizes=((320, 240), (640, 480)), fps=(30, 15))
GET_CUR, GET_DESCRIPTOR = 0x81, 6
PROBE, COMMIT = 1, 2


@pytest.fixture(scope="module")
def picture() -> bytes:
    """A JPEG of 320x240."""
    return next(jpegs.make(320, 240, 1))


class Told:
    """A host's requests, and what came of them."""

    def __init__(self) -> None:
        self.started: list[tuple[Mode, float]] = []
        self.stops = 0
        self.faults = Faults()
        self.requests = Requests(
            SMALL, self.faults, lambda *what: self.started.append(what), self._stop, lambda _: None
        )

    def _stop(self) -> None:
        self.stops += 1

    def choose(self, selector: int, format_index: int, frame_index: int, interval: int) -> bytes | None:
        """SET_CUR of probe or commit."""
        data = struct.pack("<HBBI", 1, format_index, frame_index, interval)
        return self.requests.answer(struct.pack("<BBHHH", 0x21, 1, selector << 8, 1, len(data)), data)

    def ask(self, selector: int) -> bytes | None:
        """GET_CUR of probe or commit."""
        return self.requests.answer(struct.pack("<BBHHH", 0xA1, GET_CUR, selector << 8, 1, 34), b"")


def test_descriptors_are_as_long_as_they_say() -> None:
    whole = descriptors.configuration(SMALL)
    assert struct.unpack_from("<H", whole, 2)[0] == len(whole)
    at = 0
    while at < len(whole):
        assert whole[at] > 1
        at += whole[at]
    assert at == len(whole)


@pytest.mark.parametrize(("serial", "index"), [("SN1", 3), ("", 0)])
def test_a_serial_number_or_none(serial: str, index: int) -> None:
    assert descriptors.device(Make(serial=serial))[16] == index
    assert (3 in Make(serial=serial).strings) == bool(serial)


def test_what_is_committed_is_streamed_at_the_nearest_rate() -> None:
    told = Told()
    assert told.choose(PROBE, 1, 2, 500_000) == b""
    assert told.choose(COMMIT, 1, 2, 500_000) == b""
    ((mode, interval_s),) = told.started
    assert (mode.pixel_format, mode.width, mode.height) == ("mjpeg", 640, 480)
    assert interval_s == pytest.approx(1 / 15, rel=1e-3)
    assert told.ask(COMMIT) == told.ask(PROBE)


def test_faults_of_a_start() -> None:
    told = Told()
    told.faults.set_count("stall-start", ["1"])
    told.faults.set_count("stall-probe", ["on"])
    assert told.choose(PROBE, 1, 1, 0) is None
    assert told.choose(COMMIT, 1, 1, 0) is None
    assert told.choose(COMMIT, 1, 1, 0) == b""
    assert told.choose(PROBE, 1, 1, 0) is None


def test_a_control_is_set_and_forgotten_with_the_plug() -> None:
    told = Told()
    brightness = struct.pack("<BBHHH", 0x21, 1, 2 << 8, 2 << 8, 2)
    assert told.requests.answer(brightness, struct.pack("<h", -21)) == b""
    read = struct.pack("<BBHHH", 0xA1, GET_CUR, 2 << 8, 2 << 8, 2)
    assert told.requests.answer(read, b"") == struct.pack("<h", -21)
    told.requests.replug()
    assert told.requests.answer(read, b"") == struct.pack("<h", 0)


def test_spoiled_pictures(picture: bytes) -> None:
    mode, faults = SMALL.modes()[1, 1], Faults()
    assert jpegs.size_of(picture) == (320, 240)
    faults.set_count("truncate", ["1", "0.25"])
    assert faults.spoil(picture, mode) == (picture[: len(picture) // 4], "truncate")
    faults.set_count("corrupt", ["1"])
    corrupt, _ = faults.spoil(picture, mode)
    start = jpegs.scan_start(picture)
    assert corrupt[:start] == picture[:start]
    assert corrupt != picture
    assert len(corrupt) == len(picture)
    assert faults.spoil(picture, mode) == (picture, "")
    marked = stamped(picture, 7, 1.5)
    assert b"LABCAM 7 1.500000" in marked
    assert jpegs.size_of(marked) == (320, 240)


def test_frames_are_cut_into_payloads() -> None:
    streaming = Streaming(None, Faults(), lambda _: None, stamp=False, first_s=0)
    mode = SMALL.modes()[2, 1]
    streaming.start(mode, 1 / 30)
    assert streaming.due_s is not None
    streaming.tick(streaming.due_s)
    payloads = list(streaming.payloads)
    assert b"".join(each[6:] for each in payloads) == jpegs.bars(320, 240)[0]
    assert [bool(each[1] & 2) for each in payloads] == [False] * (len(payloads) - 1) + [True]
