"""Which mode is chosen, of what real cameras offer."""

import pytest

from appliance.cameras import quirks
from appliance.cameras.mode import Mode, Wanted, best
from appliance.cameras.quirks import Quirk
from appliance.cameras.v4l2 import Format

FULL, FAST = (30.0, 25.0, 20.0, 15.0, 10.0, 5.0), (60.0, 30.0)
# What a Logitech C920 and many others offer, in short.
WEBCAM = [
    Format("YUYV", 640, 480, FULL),
    Format("YUYV", 1280, 720, (10.0, 5.0)),
    Format("YUYV", 1920, 1080, (5.0,)),
    Format("MJPG", 320, 240, FULL),
    Format("MJPG", 640, 480, FULL),
    Format("MJPG", 800, 600, FULL),
    Format("MJPG", 1280, 720, FULL),
    Format("MJPG", 1920, 1080, FULL),
]
UNCOMPRESSED = [each for each in WEBCAM if each.pixel_format == "YUYV"]


def chosen(offers: list[Format], wanted: Wanted | None = None, speed_mbit: int | None = 480) -> tuple[object, ...]:
    mode = best(offers, wanted or Wanted(), speed_mbit)
    assert mode is not None
    return mode[:4]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), ("MJPG", 1280, 720, 30.0)),
        (Wanted(fps=15), ("MJPG", 1280, 720, 15.0)),
        (Wanted(fps=12), ("MJPG", 1280, 720, 15.0)),  # the next one that is enough
        (Wanted(fps=60), ("MJPG", 1280, 720, 30.0)),  # the fastest there is
        (Wanted(640, 480), ("MJPG", 640, 480, 30.0)),
        (Wanted(854, 480), ("MJPG", 1280, 720, 30.0)),  # the same shape, at least as high
        (Wanted(640, 360), ("MJPG", 640, 480, 30.0)),  # near and high enough rather than four times as large
        (Wanted(3840, 2160), ("MJPG", 1920, 1080, 30.0)),
        (Wanted(160, 120), ("MJPG", 320, 240, 30.0)),
    ],
)
def test_of_a_usual_webcam(wanted: Wanted, expected: tuple[object, ...]) -> None:
    assert chosen(WEBCAM, wanted) == expected
    assert chosen(WEBCAM[::-1], wanted) == expected  # in whatever order


@pytest.mark.parametrize(
    ("speed_mbit", "expected"),
    [
        (None, ("YUYV", 1280, 720, 30.0)),
        (5000, ("YUYV", 1280, 720, 30.0)),
        (480, ("YUYV", 1280, 720, 10.0)),  # 13.2 pictures a second fit: 3 * 1012 * 8000 / (1280 * 720 * 2)
        (12, ("YUYV", 320, 240, 5.0)),
    ],
)
def test_without_jpeg_what_the_bus_carries(speed_mbit: int | None, expected: tuple[object, ...]) -> None:
    offers = [Format("YUYV", 1280, 720, FULL), Format("YUYV", 320, 240, FULL), Format("YUYV", 160, 120, FULL)]
    assert chosen(offers, speed_mbit=speed_mbit) == expected


def test_uncompressed_at_the_wanted_size_beats_small_jpegs() -> None:
    small = [Format("MJPG", 320, 240, FULL)]
    assert chosen([*small, *UNCOMPRESSED]) == ("YUYV", 1280, 720, 10.0)
    assert chosen([*small, *UNCOMPRESSED], Wanted(640, 480)) == ("YUYV", 640, 480, 30.0)


def test_a_slow_size_gives_way_to_a_fast_one_near_it() -> None:
    assert chosen([Format("MJPG", 1280, 720, (5.0,)), Format("MJPG", 1280, 800, FULL)])[1:3] == (1280, 800)
    assert chosen([Format("MJPG", 1280, 720, (15.0,)), Format("MJPG", 1920, 1080, FULL)])[1:3] == (1280, 720)


def test_a_little_less_than_the_wanted_rate_is_the_wanted_rate() -> None:
    mode = best([Format("MJPG", 1280, 720, (60.0, 29.97, 15.0))], Wanted())
    assert mode == Mode("MJPG", 1280, 720, 29.97, "the camera's own JPEGs, the wanted size, the wanted rate")


def test_whatever_gives_pictures_is_taken_when_nothing_else_does() -> None:
    thermal = [Format("H264", 1280, 720, FULL), Format("Y16", 160, 120, (9.0,)), Format("GREY", 80, 60, (9.0,))]
    assert chosen(thermal) == ("Y16", 160, 120, 9.0)
    assert chosen([*thermal, Format("YUYV", 160, 120, (9.0,))])[0] == "YUYV"
    assert best([Format("H264", 1280, 720, FULL), Format("MJPG", 0, 0, FULL)], Wanted()) is None
    assert best([], Wanted()) is None


def test_a_camera_that_names_no_rates() -> None:
    mode = best([Format("MJPG", 1280, 720)], Wanted())
    assert mode == Mode("MJPG", 1280, 720, None, "the camera's own JPEGs, the wanted size, it names no rates")
    assert best([Format("YUYV", 1920, 1080)], Wanted(), 12) is None


@pytest.mark.parametrize(
    ("offers", "wanted", "why"),
    [
        (WEBCAM, Wanted(fps=12), "the camera's own JPEGs, the wanted size, the next rate to 12"),
        (WEBCAM, Wanted(1280, 800), "the camera's own JPEGs, nearest to 1280x800, the wanted rate"),
        (UNCOMPRESSED, Wanted(), "uncompressed, the wanted size, as fast as it can"),
        (
            [Format("YUYV", 1280, 720, FULL)],
            Wanted(),
            "uncompressed, the wanted size, as fast as its USB bus carries: 13 pictures a second",
        ),
        ([Format("NV12", 640, 360, FAST)], Wanted(640, 360), "converted, the wanted size, the wanted rate"),
    ],
)
def test_why_is_said(offers: list[Format], wanted: Wanted, why: str) -> None:
    mode = best(offers, wanted, 480)
    assert mode is not None
    assert mode.why == why


def test_a_camera_whose_jpegs_are_bad_is_used_without_them() -> None:
    for offers in (WEBCAM, UNCOMPRESSED):
        mode = best(offers, Wanted(), 480, Quirk(no_jpeg=True))
        assert mode is not None
        assert (mode.pixel_format, mode.width) == ("YUYV", 1280)
    mode = best([Format("MJPG", 1280, 720, FULL)], Wanted(), 480, Quirk(no_jpeg=True))
    assert mode is not None  # rather these than none


def test_a_camera_that_is_never_asked_for_a_rate() -> None:
    mode = best(WEBCAM, Wanted(fps=5), 480, Quirk(own_rate=True))
    assert mode is not None
    assert (mode.fps, mode.why.split(", ")[2]) == (30.0, "the next rate to 5")


def test_quirks() -> None:
    assert quirks.of("046d:082b").own_rate
    assert quirks.of("1e4e:0100").skipped == 2
    assert quirks.of("ffff:ffff") == quirks.of("") == quirks.NONE
