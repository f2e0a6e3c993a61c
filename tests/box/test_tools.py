"""What the scenarios measure with: the other host's packets, and how a viewer counts what it missed."""

import socket
import struct
from pathlib import Path

import pytest
import trio

from tests.box.audience import Sight, Viewer
from tests.box.network import IPV4, PTR, SRV, A, OtherHost

WHO = "camera-1a2b.local"
LIST = "_http._tcp.local"
BOX_HEAD = (
    bytes(12)
    + struct.pack(">H", IPV4)
    + b"\x45"
    + bytes(8)
    + b"\x11"
    + bytes(2)
    + bytes((10, 0, 2, 15, 224, 0, 0, 251))
)


def spelled(name: str) -> bytes:
    return b"".join(bytes([len(each)]) + each.encode() for each in name.split(".")) + b"\0"


def record(name: bytes, kind: int, value: bytes) -> bytes:
    return name + struct.pack(">2HIH", kind, 0x8001, 120, len(value)) + value


def frame(*records: bytes) -> bytes:
    answer = struct.pack(">6H", 0, 0x8400, 0, len(records), 0, 0) + b"".join(records)
    return BOX_HEAD + struct.pack(">4H", 5353, 5353, 8 + len(answer), 0) + answer


@pytest.fixture
def box_end(tmp_path: Path) -> socket.socket:
    """The wire's other end, as QEMU has it."""
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.bind(str(tmp_path / "box-end"))
    return end


def test_the_other_host_asks_and_understands(tmp_path: Path, box_end: socket.socket) -> None:
    instance = b"\x03Cam"
    with box_end, OtherHost(tmp_path) as other:
        box_end.sendto(frame(record(spelled(WHO), A, bytes((10, 0, 2, 15)))), str(tmp_path / "other-host"))
        [found] = other.ask(WHO.upper(), A, 1.0)
        assert found[1:] == (A, "10.0.2.15", "10.0.2.15")
        asked = box_end.recv(2048)
        assert sum(struct.unpack(">10H", asked[14:34])) % 0xFFFF == 0  # the checksum of its IP head
        assert asked[42:] == struct.pack(">6H", 0, 0, 1, 0, 0, 0) + spelled(WHO.upper()) + struct.pack(">2H", A, 1)
        pointed = record(spelled(LIST), PTR, instance + b"\xc0\x0c")  # names may point to what was named before
        where = record(instance + b"\xc0\x0c", SRV, struct.pack(">3H", 0, 0, 80) + spelled(WHO))
        box_end.sendto(frame(pointed, where), str(tmp_path / "other-host"))
        found_list = other.ask(LIST, PTR, 1.0)
        assert [each.value for each in found_list] == [f"Cam.{LIST}", f"{WHO}:80"]


def test_nobody_answers(tmp_path: Path, box_end: socket.socket) -> None:
    with box_end, OtherHost(tmp_path) as other:
        assert other.ask(WHO, A, 0.3) == []


async def test_a_gap_counts_from_the_picture_before(autojump_clock: object) -> None:
    viewer, began_s = Viewer("one", "/"), trio.current_time()
    for at_s in (0.0, 1.0, 5.0, 5.5):
        viewer.seen.append(Sight(began_s + at_s, at_s, (1, 1), 1))
    assert viewer.longest_gap_s(began_s + 2, began_s + 6) == pytest.approx(4.0)
    assert viewer.longest_gap_s(began_s + 5.2, began_s + 6) == pytest.approx(0.5)
    assert await viewer.picture_after(began_s + 2) == pytest.approx(3.0)
    assert await viewer.ending_after(began_s, 1.0) == "it went on"


async def test_a_picture_shown_again_is_none() -> None:
    viewer = Viewer("one", "/")
    for captured_s in (1.0, 1.0, 2.0):
        viewer.add(captured_s, b"")
    assert [sight.captured_s for sight in viewer.seen] == [1.0, 2.0]
