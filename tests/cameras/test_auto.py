"""A box that was told nothing finds its camera, and shows something until then."""

from collections.abc import Callable

from appliance.config import Camera
from appliance.wire.hallway import Failed, Opened, Opening
from tests.cameras.conftest import FakeCamera
from tests.cameras.server_end import NATIVE, ServerEnd

AUTO = Camera(id="front", source="auto", width=640, height=360)
MakeFake = Callable[..., FakeCamera]


def start(fake_camera: FakeCamera, avoid: tuple[str, ...] = ()) -> ServerEnd:
    worker = ServerEnd(AUTO, env=fake_camera.env, avoid=avoid)
    worker.want(NATIVE)
    return worker


def test_takes_the_camera(fake_camera: FakeCamera) -> None:
    with start(fake_camera) as worker:
        assert worker.until(Opening).device == str(fake_camera.path)
        opened = worker.opened()
        assert (opened.driver, opened.device, opened.notice) == ("usb", str(fake_camera.path), "")
        assert worker.frames(1)[0].data in fake_camera.frames


def test_shows_the_pattern_and_takes_a_camera_that_comes(fake_camera: FakeCamera) -> None:
    fake_camera.unplug()
    with start(fake_camera) as worker:
        opened = worker.opened()
        assert (opened.driver, opened.notice) == ("pattern", "no USB camera found: showing the test pattern")
        before = worker.frames(3)
        fake_camera.be("fine")
        assert worker.opened().driver == "usb"
        after = worker.frame(lambda _, frame: frame.data in fake_camera.frames)[1]
        assert after.number > before[-1].number


def test_a_camera_that_goes_while_in_use_is_a_failure(fake_camera: FakeCamera) -> None:
    with start(fake_camera) as worker:
        worker.frames(2)
        fake_camera.unplug()
        assert "unplugged" in worker.until(Failed).reason
        assert worker.ended() == 1


def test_says_why_a_camera_was_not_taken(fake_camera: FakeCamera) -> None:
    fake_camera.be("busy")
    with start(fake_camera) as worker:
        opened = worker.opened()
        assert opened.notice == f"{fake_camera.path} is busy: another program uses it: showing the test pattern"
        worker.frames(2)


def test_the_pattern_goes_on_while_a_camera_is_tried(fake_camera: FakeCamera) -> None:
    fake_camera.unplug()
    with start(fake_camera) as worker:
        worker.opened()
        fake_camera.be("freeze")
        worker.until(Opening)
        meanwhile = worker.frames(20)
        assert meanwhile[-1].captured_s - meanwhile[0].captured_s < 3
        fake_camera.be("fine")
        assert worker.opened().driver == "usb"


def test_avoids_what_hung_before_until_it_is_plugged_in_anew(fake_camera: FakeCamera) -> None:
    with start(fake_camera, avoid=(str(fake_camera.path),)) as worker:
        first = worker.receive()
        while not isinstance(first, Opened):
            assert not isinstance(first, Opening)
            first = worker.receive()
        assert first.notice == f"{fake_camera.path} hung when it was opened: showing the test pattern"
        fake_camera.unplug()
        assert worker.opened().notice == "no USB camera found: showing the test pattern"
        fake_camera.be("fine")
        assert worker.opened().driver == "usb"
