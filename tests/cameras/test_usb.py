"""USB cameras, with their faults, through OpenCV's own V4L2 code: only the kernel is played by bench/fakev4l.c."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise

import cv2
import numpy as np
import pytest
import simplejpeg

from appliance.cameras.base import MOST_AGE_S
from appliance.cameras.stamps import Stamps, captured_of
from appliance.config import Camera
from appliance.frame import Frame
from appliance.geometry import Size
from appliance.wire.hallway import Beat, Failed, Opening, Rendition
from tests.cameras.conftest import FakeCamera, photo
from tests.cameras.server_end import NATIVE, ServerEnd
from tests.cameras.test_worker import cpu_s

SMALL = Rendition(slot=1, height=180, fps=120, jpeg_quality=80, max_kbytes_per_s=None)


def start(fake_camera: FakeCamera) -> ServerEnd:
    camera = Camera(id="front", source=f"usb:{fake_camera.path}", width=640, height=360)
    return ServerEnd(camera, env=fake_camera.env)


@pytest.fixture
def worker(fake_camera: FakeCamera) -> Iterator[ServerEnd]:
    with start(fake_camera) as worker:
        worker.want(NATIVE)
        yield worker


def test_what_it_is(worker: ServerEnd, fake_camera: FakeCamera) -> None:
    assert worker.until(Opening).device == str(fake_camera.path)
    opened = worker.opened()
    assert (opened.driver, opened.device) == ("usb", str(fake_camera.path))
    assert (opened.pixel_format, opened.width, opened.height, opened.fps) == ("MJPG", 640, 360, 30.0)


def test_its_jpegs_come_through_byte_for_byte_and_in_turn(worker: ServerEnd, fake_camera: FakeCamera) -> None:
    frames = worker.frames(20)
    at = fake_camera.frames.index(frames[0].data)
    turns = [fake_camera.frames[(at + frame.number - frames[0].number) % 10] for frame in frames]
    assert [frame.data for frame in frames] == turns
    assert {frame.jpeg_quality for frame in frames} == {0}


def test_a_smaller_rendition_shows_the_same(worker: ServerEnd, fake_camera: FakeCamera) -> None:
    worker.want(NATIVE, SMALL)
    small = worker.frames(1, slot=1)[0]
    native: Frame = worker.frames(10)[0]
    original = fake_camera.frames[(fake_camera.frames.index(native.data) + small.number - native.number) % 10]
    expected = cv2.resize(simplejpeg.decode_jpeg(original, "BGR"), (320, 180), interpolation=cv2.INTER_AREA)
    assert cv2.PSNR(expected, simplejpeg.decode_jpeg(small.data, "BGR")) > 30


def test_unplugged(worker: ServerEnd, fake_camera: FakeCamera) -> None:
    worker.frames(3)
    fake_camera.unplug()
    unplugged_s = time.monotonic()
    assert worker.until(Failed) == Failed(f"the camera was unplugged ({fake_camera.path})", "gone")
    assert time.monotonic() - unplugged_s < 1.5
    assert worker.ended() == 1


def test_frozen(worker: ServerEnd, fake_camera: FakeCamera) -> None:
    worker.frames(3)
    fake_camera.be("freeze")
    frozen_s, before_s = time.monotonic(), cpu_s(worker.process.pid)
    beats_s = [frozen_s]
    while not isinstance(message := worker.receive(within_s=2), Failed):
        if isinstance(message, Beat):
            beats_s.append(time.monotonic())
            spent_s = cpu_s(worker.process.pid) - before_s
    assert message == Failed("the camera stopped delivering pictures", "silent")
    assert 1.5 < time.monotonic() - frozen_s < 3.5
    assert len(beats_s) >= 5
    assert all(after - before < 1 for before, after in pairwise(beats_s))
    assert spent_s < 0.3  # waiting, not spinning


def test_its_last_count_comes_before_its_last_word(worker: ServerEnd, fake_camera: FakeCamera) -> None:
    """Pictures since the last beat are lost for the totals otherwise, at each failure of a camera."""
    worker.frames(3)
    beat = worker.until(Beat)
    newest = worker.frames(3)[-1]  # captured since then
    fake_camera.unplug()
    while not isinstance(message := worker.receive(), Failed):
        beat = message if isinstance(message, Beat) else beat
    assert beat.last_captured_s >= newest.captured_s


def test_frozen_for_a_moment(worker: ServerEnd, fake_camera: FakeCamera) -> None:
    worker.frames(3)
    fake_camera.be("freeze")
    last_s = worker.until(Beat).last_captured_s
    worker.until(Beat, lambda beat: beat.last_captured_s >= last_s)
    fake_camera.be("fine")
    thawed_s = time.monotonic()
    assert worker.frame(lambda _, frame: frame.captured_s > thawed_s)


@pytest.mark.parametrize("fault", ["broken", "damaged"])
def test_a_broken_moment_is_counted_and_not_seen(worker: ServerEnd, fake_camera: FakeCamera, fault: str) -> None:
    worker.frames(3)
    fake_camera.be(fault)
    worker.until(Beat, lambda beat: beat.rejected > 0)
    fake_camera.be("fine")
    mended_s = time.monotonic()
    while (frame := worker.frames(1)[0]).captured_s < mended_s:
        assert frame.data in fake_camera.frames
    assert frame.data in fake_camera.frames


def test_three_ways_to_fall_silent(make_fake_camera: Callable[..., FakeCamera], photos: list[bytes]) -> None:
    """One test, because each takes the seconds after which silence is a failure."""
    renewed, broken, mute = (make_fake_camera(photos) for _ in range(3))
    broken.be("broken")
    mute.be("freeze")
    searching = ServerEnd(Camera(id="front", source="auto"), env=mute.env)
    with start(renewed) as of_renewed, start(broken) as of_broken, start(mute) as of_mute, searching:
        of_renewed.want(NATIVE)
        of_renewed.frames(3)
        renewed.be("renewed")  # pulled out and back before anyone looked: this capture is dead all the same
        assert of_broken.until(Beat, lambda beat: beat.rejected > 10).captured == 0
        only_broken = "the camera sends only broken pictures (truncated: no end marker)"
        assert of_broken.until(Failed) == Failed(only_broken, "broken")
        said = of_mute.until(Failed)
        assert said.reason.startswith(f"{mute.path} delivers no picture")
        assert said.kind == "silent"
        lost = Failed("the camera was lost; it may have been unplugged and be back", "refused")
        assert of_renewed.until(Failed) == lost
        opened = searching.opened()
        assert (opened.driver, opened.notice.split(";")[0]) == ("pattern", f"{mute.path} delivers no picture")
        assert {worker.ended() for worker in (of_renewed, of_broken, of_mute)} == {1}
    with start(renewed) as again:
        again.want(NATIVE)
        assert again.frames(1)


def test_busy(fake_camera: FakeCamera) -> None:
    fake_camera.be("busy")
    with start(fake_camera) as worker:
        assert worker.until(Failed) == Failed(f"{fake_camera.path} is busy: another program uses it", "busy")
        assert worker.ended() == 1


def test_what_does_not_start_says_why(make_fake_camera: Callable[..., FakeCamera], photos: list[bytes]) -> None:
    words = {
        "denied": "no permission to open {path}: add this user to the group video",
        "taken": "{path} is busy: another program uses it",
        "mute": "{path} does not start: the camera refuses every mode; pull it out and plug it in again",
        "full": "the USB bus has no room left for 640x360 MJPG of {path}: choose a smaller size or rate, or another port",
        "stalled": "{path} does not start: the camera refuses 640x360 MJPG; pull it out and plug it in again",
    }
    cameras = {fault: make_fake_camera(photos) for fault in words}
    with ExitStack() as workers:
        ends = {}
        for fault, camera in cameras.items():
            camera.be(fault)
            ends[fault] = workers.enter_context(start(camera))
        for fault, end in ends.items():
            assert end.until(Failed).reason == words[fault].format(path=cameras[fault].path)
            assert end.ended() == 1


def test_a_camera_without_jpeg(make_fake_camera: Callable[..., FakeCamera]) -> None:
    image = photo(320, 240)
    yuyv = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_YUY2)
    with start(make_fake_camera([yuyv.tobytes()], "yuv", Size(320, 240))) as worker:
        worker.want(NATIVE)
        opened = worker.opened()
        assert (opened.pixel_format, opened.width, opened.height) == ("YUYV", 320, 240)
        frame = worker.frames(1)[0]
        assert frame.jpeg_quality == 85
        expected = cv2.cvtColor(np.frombuffer(yuyv.tobytes(), np.uint8).reshape(240, 320, 2), cv2.COLOR_YUV2BGR_YUY2)
        assert cv2.PSNR(expected, simplejpeg.decode_jpeg(frame.data, "BGR")) > 30


class Clocked:
    """A capture that knows nothing but the time stamp of its picture."""

    def __init__(self, stamp_s: float) -> None:
        self._stamp_s = stamp_s

    def get(self, prop: int) -> float:
        assert prop == cv2.CAP_PROP_POS_MSEC
        return self._stamp_s * 1000


@pytest.mark.parametrize("age_s", [0.0, 0.033, 0.5, MOST_AGE_S - 0.1])
def test_the_drivers_time_stamp_is_believed(age_s: float) -> None:
    stamp_s = time.monotonic() - age_s
    captured = captured_of(Clocked(stamp_s))
    assert captured.monotonic_s == pytest.approx(stamp_s, abs=1e-6)
    assert captured.wall_us / 1e6 == pytest.approx(time.time() - age_s, abs=0.2)  # both clocks mean the same moment


@pytest.mark.parametrize("clock", ["0", "-1", "nan", "inf", "wall", "ahead"])
def test_a_time_stamp_of_another_clock_is_not(clock: str) -> None:
    clocks = {"wall": time.time(), "ahead": time.monotonic() + 3600}
    stamp_s = clocks[clock] if clock in clocks else float(clock)
    before_s = time.monotonic()
    captured = captured_of(Clocked(stamp_s))
    assert before_s <= captured.monotonic_s <= time.monotonic()
    assert captured.wall_us / 1e6 == pytest.approx(time.time(), abs=0.2)


def test_times_never_run_backwards() -> None:
    stamps, now_s = Stamps(), time.monotonic()
    times = [
        stamps.of(Clocked(stamp_s)).monotonic_s for stamp_s in (now_s - 0.1, now_s + 60, now_s - 0.1, 0, now_s - 1)
    ]
    assert all(after > before for before, after in pairwise(times))
