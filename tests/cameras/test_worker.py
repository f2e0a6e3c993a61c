"""The worker as its server sees it: a process at the other end of a socket pair."""

import os
import signal
import socket
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from appliance.cameras import blocks
from appliance.cameras.base import Picture
from appliance.cameras.pattern import PatternCamera
from appliance.config import Camera
from appliance.frame import Frame
from appliance.wire import hallway
from appliance.wire.hallway import Beat, Failed, Opened, Opening, Rendition, Want
from tests.cameras.conftest import FakeCamera
from tests.cameras.server_end import NATIVE, EndedError, ServerEnd

PATTERN = Camera(id="front", name="Front door", source="pattern")
PUBLISHED = Camera(id="garden", source="published")
SMALL = Rendition(slot=2, height=320, fps=15, jpeg_quality=50, max_kbytes_per_s=500)


def read_blocks(frame: Frame) -> tuple[int, int] | None:
    return blocks.read(simplejpeg.decode_jpeg(frame.data, "BGR"))


def claiming(jpeg: bytes, side: int) -> bytes:
    """The JPEG with another size in its header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + 2 * side.to_bytes(2, "big") + jpeg[at + 4 :]


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_blocks_hold_number_and_capture_time() -> None:
    with ServerEnd(PATTERN, first_number=1000) as worker:
        worker.want(NATIVE, SMALL)
        for slot in (0, 2):
            for frame in worker.frames(3, slot):
                assert read_blocks(frame) == (frame.number, frame.captured_us // 1000)
                assert frame.number >= 1000


def test_rates_sizes_and_qualities() -> None:
    with ServerEnd(PATTERN) as worker:
        worker.want(NATIVE, Rendition(1, 480, 24, 80, 1000), SMALL)
        worker.opened()
        frames: dict[int, list[Frame]] = {0: [], 1: [], 2: []}
        while not frames[0] or frames[0][-1].captured_s - frames[0][0].captured_s < 1.5:
            slot, frame = worker.frame()
            frames[slot].append(frame)
    first, last = frames[0][0].number, frames[0][-1].number
    captured = last - first + 1
    assert [frame.number for frame in frames[0]] == list(range(first, last + 1))  # nothing left out
    assert abs(len(frames[1]) - captured * 24 / 30) <= 3
    assert abs(len(frames[2]) - captured * 15 / 30) <= 3
    assert {(frame.width, frame.height) for slot in frames for frame in frames[slot]} == {
        (1280, 720),
        (854, 480),
        (568, 320),
    }


def test_the_cadence_does_not_drift() -> None:
    camera = PatternCamera(Camera(id="front", source="pattern", fps=100))
    camera.open()
    grabbed = [camera.grab(1) for _ in range(61)]
    ticks = [picture.captured.monotonic_s * 100 for picture in grabbed if isinstance(picture, Picture)]
    late = [(tick - ticks[0] + 0.1) % 1 for tick in ticks]
    assert (
        min(late[-20:]) < 0.4
    )  # still on the grid of the first one; the best of 20, for a busy machine is late at times
    assert all(after > before for before, after in pairwise(ticks))


def test_a_process_with_a_name() -> None:
    with ServerEnd(PATTERN) as worker:
        worker.opened()
        assert Path(f"/proc/{worker.process.pid}/comm").read_text() == "cam-front\n"


def test_a_server_that_does_not_read_costs_frames_and_nothing_else() -> None:
    with ServerEnd(PATTERN) as worker:
        worker.want(NATIVE)
        first = worker.frame()[1]
        time.sleep(1)  # the fault itself: nobody reads
        woken_s = time.monotonic()
        numbers = [first.number]
        unsent = -1
        while True:
            message = worker.receive()
            if isinstance(message, tuple):
                numbers.append(message[1].number)
            elif isinstance(message, Beat) and message.last_captured_s > woken_s:
                if message.unsent == unsent:
                    break
                unsent = message.unsent
        newest = worker.frame(lambda _, frame: frame.captured_s > woken_s)[1]
        assert time.monotonic() - newest.captured_s < 1
        assert unsent > 10
        assert unsent == sum(after - before - 1 for before, after in pairwise(numbers))  # each loss counted once


def test_a_server_that_reads_a_little_at_a_time_gets_whole_messages() -> None:
    with ServerEnd(PATTERN) as worker:
        worker.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        worker.want(NATIVE)
        for frame in worker.frames(5):
            assert read_blocks(frame) == (frame.number, frame.captured_us // 1000)


def test_a_stopped_worker_harms_no_other() -> None:
    with ServerEnd(PATTERN) as stopped, ServerEnd(PATTERN) as other:
        stopped.want(SMALL)
        other.want(SMALL)
        stopped.frames(1, slot=2)
        stopped.process.send_signal(signal.SIGSTOP)
        frames = other.frames(15, slot=2)
        assert frames[-1].captured_s - frames[0].captured_s < 2
        stopped.process.kill()
        assert stopped.ended(within_s=1) == -signal.SIGKILL


def test_a_worker_that_was_stopped_goes_on() -> None:
    with ServerEnd(PATTERN) as worker:
        worker.want(SMALL)
        before = worker.frames(1, slot=2)[0]
        worker.process.send_signal(signal.SIGSTOP)
        time.sleep(0.5)  # the fault itself
        worker.process.send_signal(signal.SIGCONT)
        woken_s = time.monotonic()
        after = [worker.frame(lambda _, frame: frame.captured_s > woken_s)[1] for _ in range(8)]
        assert after[0].number > before.number
        gaps = [late.captured_s - early.captured_s for early, late in pairwise(after)]
        assert sum(gaps) > 0.3  # missed ticks do not come out as a burst


def test_it_ends_while_the_main_thread_hangs(fake_camera: FakeCamera) -> None:
    fake_camera.be("hang")
    with ServerEnd(Camera(id="front", source=f"usb:{fake_camera.path}"), env=fake_camera.env) as worker:
        worker.until(Opening)
        with pytest.raises(TimeoutError):
            worker.receive(within_s=0.7)  # it does hang: not even a beat
        worker.socket.close()
        assert worker.ended(within_s=1) == 0


def test_garbage_is_rejected_and_a_picture_gets_through(photos: list[bytes]) -> None:
    with ServerEnd(PUBLISHED) as worker:
        worker.want(NATIVE)
        assert worker.opened().notice == ""
        for n, garbage in enumerate((b"", photos[0][: len(photos[0]) // 2], claiming(photos[0], 65_535))):
            worker.push(garbage)
            worker.until(Beat, lambda beat, n=n: beat.rejected == n + 1)  # type: ignore[misc]
        worker.push(photos[1], captured_us=123_456)
        frame = worker.frame()[1]
        assert frame.data == photos[1]
        assert (frame.captured_us, frame.width, frame.height, frame.jpeg_quality) == (123_456, 640, 360, 0)
        assert worker.until(Beat, lambda beat: beat.captured == 1).rejected == 3


def test_pixels_that_cannot_be_decoded_are_rejected(photos: list[bytes]) -> None:
    at = photos[0].index(b"\xff\xdb")
    length = 2 + int.from_bytes(photos[0][at + 2 : at + 4], "big")
    with ServerEnd(PUBLISHED) as worker:
        worker.want(SMALL)
        worker.push(photos[0][:at] + photos[0][at + length :])
        worker.until(Beat, lambda beat: beat.rejected == 1)
        worker.push(photos[0])
        worker.frames(1, slot=2)


def test_the_newest_pushed_picture_wins(photos: list[bytes]) -> None:
    with ServerEnd(PUBLISHED) as worker:
        worker.want(NATIVE)
        worker.opened()
        worker.process.send_signal(signal.SIGSTOP)
        for data in photos[:4]:
            worker.push(data)
        worker.process.send_signal(signal.SIGCONT)
        assert worker.frame(lambda _, frame: frame.data == photos[3])[1].number <= 3


def test_pushed_pictures_of_another_size_are_announced(photos: list[bytes]) -> None:
    small: bytes = simplejpeg.encode_jpeg(np.full((48, 64, 3), 99, np.uint8))
    with ServerEnd(PUBLISHED) as worker:
        worker.push(photos[0])
        worker.until(Opened, lambda opened: opened.width == 640)
        worker.push(small)
        assert worker.until(Opened).width == 64


@pytest.mark.parametrize(
    "nonsense",
    [b"\xff" * 100, hallway.encode(Want([])), hallway.PREFIX.pack(5, ord("J")) + b"null", hallway.PREFIX.pack(1, 0)],
)
def test_a_server_that_speaks_nonsense_ends_the_worker(nonsense: bytes) -> None:
    camera = Camera(id="front", source="published")
    with ServerEnd(camera) as worker:
        if nonsense == hallway.encode(Want([])):
            nonsense = hallway.encode(hallway.Open(camera))  # fine as the first message, not as the second
        worker.socket.sendall(nonsense)
        assert worker.ended() == 2


def test_an_unwanted_slot_changes_hands_cleanly() -> None:
    with ServerEnd(PATTERN) as worker:
        worker.want(Rendition(0, 480, 30, 80, None))
        worker.frames(3)
        worker.want(Rendition(0, 320, 30, 80, None))
        worker.frame(lambda _, frame: frame.height == 320)
        assert {frame.height for frame in worker.frames(10)} == {320}


def test_idle_costs_nothing() -> None:
    with ServerEnd(PATTERN) as worker:
        start = worker.until(Beat, lambda beat: beat.captured > 0)
        before_s = cpu_s(worker.process.pid)
        worker.until(Beat, lambda beat: beat.captured >= start.captured + 30)  # 1 s of the camera's time
        assert cpu_s(worker.process.pid) - before_s <= 0.05


def test_a_camera_that_cannot_be_opened_says_why_and_ends() -> None:
    with ServerEnd(Camera(id="front", source="usb:/dev/v4l/by-id/usb-not-there")) as worker:
        assert worker.until(Opening).device == "/dev/v4l/by-id/usb-not-there"
        assert worker.until(Failed) == Failed("no such device: /dev/v4l/by-id/usb-not-there", "gone")
        with pytest.raises(EndedError):
            worker.receive()
        assert worker.ended() == 1


def test_a_file_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "video0").write_text("no")
    with ServerEnd(Camera(id="front", source=f"usb:{tmp_path}/video0")) as worker:
        assert worker.until(Failed).reason == f"{tmp_path}/video0 is not a camera"
