"""What every camera promises, whatever is behind it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from typing import NamedTuple

import pytest
import simplejpeg

from appliance.config import Camera
from appliance.frame import Frame
from appliance.wire.hallway import Beat, Opened
from appliance.wire.jpeg import inspect
from tests.cameras.conftest import FAKE_PICAMERA2, FakeCamera
from tests.cameras.far_ends import box, far_end, parts
from tests.cameras.server_end import NATIVE, ServerEnd

FIRST_NUMBER = 41
KINDS = ["pattern", "published", "usb", "csi", "auto", "auto without a camera", "http", "ws"]
PRODUCED_US = 1_700_000_000_000_000  # long ago, on a clock of its own


class Promise(NamedTuple):
    """A worker, and what makes its camera deliver the next picture, for one that waits to be fed."""

    worker: ServerEnd
    feed: Callable[[], None]
    producers_clock: bool


def start(kind: str, fake_camera: FakeCamera, photo: bytes, others: ExitStack) -> Promise:
    source = {"usb": f"usb:{fake_camera.path}", "csi": "csi:0", "auto without a camera": "auto"}.get(kind, kind)
    if kind in ("http", "ws"):
        far = others.enter_context(far_end((parts if kind == "http" else box)([photo])))
        source = f"{kind}://127.0.0.1:{far.port}/"
    nothing = {"CAMERA_APPLIANCE_DEV": str(fake_camera.devices / "empty")}
    camera = Camera(id="front", source=source, width=640, height=360)
    env = {"auto without a camera": nothing, "csi": {"PYTHONPATH": str(FAKE_PICAMERA2)}}.get(kind, fake_camera.env)
    worker = ServerEnd(camera, first_number=FIRST_NUMBER, env=env)
    fed = kind == "published"
    return Promise(worker, lambda: worker.push(photo, PRODUCED_US) if fed else None, fed)


@pytest.fixture(params=KINDS)
def promise(request: pytest.FixtureRequest, fake_camera: FakeCamera, photos: list[bytes]) -> Iterator[Promise]:
    with ExitStack() as others:
        promise = start(request.param, fake_camera, photos[0], others)
        with promise.worker:
            yield promise


@pytest.fixture
def all_promises(fake_camera: FakeCamera, photos: list[bytes]) -> Iterator[list[Promise]]:
    with ExitStack() as workers:
        promises = [start(kind, fake_camera, photos[0], workers) for kind in KINDS]
        for promise in promises:
            workers.enter_context(promise.worker)
        yield promises


def fed_frames(promise: Promise, count: int) -> list[Frame]:
    frames = []
    for _ in range(count):
        promise.feed()
        frames += promise.worker.frames(1)
    return frames


def test_pictures_come_after_opened_whole_numbered_and_timed(promise: Promise) -> None:
    promise.worker.want(NATIVE)
    promise.feed()
    opened = None
    while not isinstance(message := promise.worker.receive(), tuple):
        opened = message if isinstance(message, Opened) else opened
    assert opened is not None
    assert (opened.width, opened.height, opened.fps) == (640, 360, 30)
    frames = [message[1], *fed_frames(promise, 7)]
    assert frames[0].number >= FIRST_NUMBER
    assert all(after.number > before.number for before, after in pairwise(frames))
    assert all(after.captured_s > before.captured_s for before, after in pairwise(frames))
    assert 0 <= time.monotonic() - frames[-1].captured_s < 2
    check_wall_time(frames[0], frames[-1], promise.producers_clock)
    for frame in frames:
        assert frame.captured_s <= frame.read_s <= frame.made_s <= time.monotonic()
        assert frame.made_s - frame.captured_s < 2  # of this clock, all three
        assert inspect(frame.data) == (frame.width, frame.height) == (opened.width, opened.height)
        assert simplejpeg.decode_jpeg(frame.data).shape == (frame.height, frame.width, 3)


def check_wall_time(first: Frame, last: Frame, producers_clock: bool) -> None:
    if producers_clock:
        assert first.captured_us == last.captured_us == PRODUCED_US
        return
    assert abs(last.captured_us / 1e6 - time.time()) < 2
    assert abs((last.captured_us - first.captured_us) / 1e6 - (last.captured_s - first.captured_s)) < 0.01


def test_idle_they_beat_and_count_and_send_nothing(all_promises: list[Promise]) -> None:
    """All at once, because beats take their time."""
    for promise in all_promises:
        promise.worker.want(NATIVE)
        fed_frames(promise, 1)
        promise.worker.want()
    for promise in all_promises:
        promise.worker.until(Beat)
        promise.worker.until(Beat)  # frames that were on their way have come by now
        promise.feed()
    for promise in all_promises:
        before_s = time.monotonic()
        message = promise.worker.receive()
        assert isinstance(message, Beat)
        assert time.monotonic() - before_s < 1  # promised are 0.5; the machine may be busy
        assert message.captured > 0
        assert message.rejected == 0
        assert message.last_captured_s > before_s - 3


def test_it_ends_when_the_server_goes(promise: Promise) -> None:
    promise.worker.want(NATIVE)
    fed_frames(promise, 1)
    promise.worker.socket.close()
    assert promise.worker.ended(within_s=1) == 0


def test_it_ends_on_sigterm_and_not_on_ctrl_c(promise: Promise) -> None:
    promise.worker.want(NATIVE)
    fed_frames(promise, 1)
    promise.worker.process.send_signal(2)
    fed_frames(promise, 3)
    promise.worker.process.terminate()
    assert promise.worker.ended(within_s=1) == -15
