"""How a USB camera is run: its mode, its make's quirks, its JPEGs without tables. The kernel is played by bench/fakev4l.c."""

from collections.abc import Callable

import cv2
import pytest
import simplejpeg

from appliance.config import Camera
from appliance.geometry import Size
from appliance.wire.hallway import Beat, Opened
from appliance.wire.jpeg import examine, with_tables
from tests.cameras.conftest import FakeCamera, encoded, photo
from tests.cameras.server_end import NATIVE, ServerEnd
from tests.wire.test_jpeg import without_tables


def start(fake_camera: FakeCamera, width: int = 640, height: int = 360, fps: int = 30) -> ServerEnd:
    camera = Camera(id="front", source=f"usb:{fake_camera.path}", width=width, height=height, fps=fps)
    worker = ServerEnd(camera, env=fake_camera.env)
    worker.want(NATIVE)
    return worker


def mode(opened: Opened) -> tuple[str, int, int, float]:
    return opened.pixel_format, opened.width, opened.height, opened.fps


def yuyv(width: int, height: int) -> bytes:
    return cv2.cvtColor(photo(width, height), cv2.COLOR_BGR2YUV_YUY2).tobytes()


def test_the_best_mode_is_run_and_its_pictures_come(fake_camera: FakeCamera) -> None:
    small = [encoded(photo(320, 180))]
    fake_camera.offers("YUYV 640x360 30; MJPG 320x180 30; MJPG 640x360 30,15; MJPG 1920x1080 30", {"320x180": small})
    with start(fake_camera, fps=15) as worker:
        assert mode(worker.opened()) == ("MJPG", 640, 360, 15.0)
        assert worker.frames(1)[0].data in fake_camera.frames
    with start(fake_camera, 320, 180) as worker:
        assert mode(worker.opened()) == ("MJPG", 320, 180, 30.0)
        assert worker.frames(1)[0].data in small


def test_without_jpeg_the_bus_decides(fake_camera: FakeCamera) -> None:
    modes = "YUYV 1280x720 30,10; YUYV 640x360 30"
    fake_camera.offers(modes, {"1280x720": [yuyv(1280, 720)]}).is_a("1234:5678", "480")
    with start(fake_camera, 1280, 720) as worker:
        assert mode(worker.opened()) == ("YUYV", 1280, 720, 10.0)
        frame = worker.frames(1)[0]
        assert (frame.width, frame.height) == (1280, 720)
        assert cv2.PSNR(photo(1280, 720), simplejpeg.decode_jpeg(frame.data, "BGR")) > 28


def test_the_promise_is_told_as_the_camera_gives_it(fake_camera: FakeCamera) -> None:
    with start(fake_camera.offers("MJPG 640x360 15/2")) as worker:  # OpenCV calls that 15
        assert worker.opened().fps == 7.5


def test_a_camera_that_is_never_asked_for_a_rate(fake_camera: FakeCamera) -> None:
    with start(fake_camera.offers("MJPG 640x360 30,15").is_a("046d:082b"), fps=15) as worker:
        assert worker.opened().fps == 30.0


@pytest.mark.parametrize(("ids", "counted"), [("1e4e:0100", False), ("1234:5678", True)])
def test_a_camera_whose_first_pictures_are_thrown_away(
    make_fake_camera: Callable[..., FakeCamera], photos: list[bytes], ids: str, counted: bool
) -> None:
    broken = [photos[0][:500], photos[1][:500]]
    with start(make_fake_camera([*broken, *photos * 8]).is_a(ids)) as worker:
        beat = worker.until(Beat, lambda beat: beat.captured > 5)
        assert (beat.rejected > 0) == counted
        assert worker.frames(1)[0].data in photos


def test_pictures_without_huffman_tables_get_them(
    make_fake_camera: Callable[..., FakeCamera], photos: list[bytes]
) -> None:
    bare = [without_tables(each) for each in photos]
    with start(make_fake_camera(bare)) as worker:
        shown = worker.frames(3)
        assert {frame.data for frame in shown} <= {with_tables(each, examine(each)) for each in bare}
        assert all(examine(frame.data).has_tables and frame.jpeg_quality == 0 for frame in shown)


def test_of_a_camera_that_offers_a_range_the_answer_counts(make_fake_camera: Callable[..., FakeCamera]) -> None:
    fake_camera = make_fake_camera([encoded(photo(320, 240))], "jpg", Size(320, 240)).offers("MJPG 320x240 30")
    fake_camera.env["FAKEV4L_STEPWISE"] = "1"
    with start(fake_camera) as worker:
        assert mode(worker.opened()) == ("MJPG", 320, 240, 30.0)
        assert worker.frames(1)
