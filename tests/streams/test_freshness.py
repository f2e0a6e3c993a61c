"""Freshness: which ages are good for which cameras, and who waits."""

import pytest

from appliance.config import Camera
from appliance.streams.freshness import bound_s, lack, waits
from appliance.streams.stream import Stream
from appliance.wire.hallway import Opened
from tests.streams.streams import stream_of

NOW_S = 1000.0


def live(camera: Camera, age_s: float) -> Stream:
    stream = stream_of(camera)
    stream.set_status("live")
    stream.last_captured_s = NOW_S - age_s
    return stream


@pytest.mark.parametrize(("fps", "most_s"), [(30, 2.0), (2, 2.0), (1, 3.0)])
def test_the_bound_fits_the_rate(fps: int, most_s: float) -> None:
    camera = Camera(id="front", fps=fps)
    assert lack(live(camera, most_s - 0.1), NOW_S) == ""
    assert (
        lack(live(camera, most_s + 0.1), NOW_S)
        == f"its last picture is {most_s + 0.1:.1f} s old; {most_s:.1f} s are the most"
    )


def test_a_camera_that_opened_slower_has_longer() -> None:
    stream = live(Camera(id="front"), 0)
    stream.opened = Opened("usb", "/dev/video0", "MJPG", 640, 480, 1.0)
    assert bound_s(stream) == 3.0
    stream.opened = Opened("usb", "/dev/video0", "MJPG", 640, 480, 0.0)
    assert bound_s(stream) == 2.0, "a camera that names no rate"


def test_no_picture_yet_or_no_more() -> None:
    stream = stream_of()
    assert lack(stream, NOW_S) == "starting"
    stream.set_status("offline", "the camera was unplugged (/dev/video0)")
    assert lack(stream, NOW_S) == "the camera was unplugged (/dev/video0)"
    stream.stop()
    assert lack(stream, NOW_S) == "", "at rest on purpose is not ill"


def test_a_published_stream_waits_for_its_producer_and_is_then_like_any_other() -> None:
    stream = stream_of(Camera(id="gate", source="published"))
    stream.set_status("offline", "waiting for a producer")
    assert (lack(stream, NOW_S), waits(stream)) == ("", True)
    stream.producer.connected = True
    stream.set_status("offline", "the producer sends no pictures")
    assert (lack(stream, NOW_S), waits(stream)) == ("the producer sends no pictures", False)
    stream.set_status("live")
    stream.last_captured_s = NOW_S - 2.9
    assert lack(stream, NOW_S) == ""
    assert lack(stream, NOW_S + 0.2) != ""
    stream.stop()
    assert not waits(stream)
