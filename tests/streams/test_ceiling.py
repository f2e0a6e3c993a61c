"""The ceiling: what everybody gets at most, by level, of cameras that have their own JPEG and those that do not."""

import pytest

from appliance.config import AUTO, NATIVE, Camera, Preset
from appliance.config.model import shipped_presets
from appliance.streams.ceiling import LOWEST, NONE, Ceiling
from appliance.streams.lowering import put_under
from appliance.streams.offer import LEAST
from appliance.streams.stream import Stream
from appliance.wire.hallway import Opened
from tests.streams.streams import stream_of


def raw(stream: Stream | None = None) -> Stream:
    stream = stream or stream_of()
    stream.opened = Opened("csi", "0", "YUV420", 1280, 720, 30.0)
    return stream


def jpeg(camera: Camera | None = None) -> Stream:
    stream = stream_of(camera)
    stream.opened = Opened("usb", "/dev/video0", "MJPG", 1280, 720, 30.0)
    return stream


def under(stream: Stream, level: int) -> None:
    put_under(stream, Ceiling(level, "the board is 81 °C hot"))


def names(stream: Stream, wish: str) -> list[str]:
    return [rung.name for rung in stream.offer.rungs(wish, stream.opened)]


@pytest.mark.parametrize(
    ("wish", "at"),
    [
        ("high", ["high", "high at 15 fps", "medium at 12 fps", "low at 5 fps"]),
        ("medium", ["medium", "medium at 12 fps", "medium at 12 fps", "low at 5 fps"]),
        ("low", ["low", "low at 10 fps", "low at 10 fps", "low at 5 fps"]),
        (NATIVE, ["native", "native at 15 fps", "medium at 12 fps", "low at 5 fps"]),
    ],
)
def test_what_is_chosen_is_obeyed_below_it(wish: str, at: list[str]) -> None:
    stream = raw()
    got = []
    for level in range(LOWEST + 1):
        under(stream, level)
        got += names(stream, wish)
    assert got == at


@pytest.mark.parametrize("wish", ["high", NATIVE])
def test_a_cameras_own_jpeg_is_never_exchanged_for_one_that_has_to_be_made(wish: str) -> None:
    stream = jpeg()
    for level, fps in ((1, "15"), (2, "15"), (3, "7.5")):
        under(stream, level)
        assert names(stream, wish) == [f"{wish} at {fps} fps"]
    turned = jpeg(Camera(id="front", rotation=180))
    under(turned, 2)
    assert names(turned, wish) == ["medium at 12 fps"], "turned pictures have to be made"


def test_auto_keeps_a_ladder_below_it() -> None:
    stream = raw()
    viewer = stream.subscribe(AUTO)
    for level in range(1, LOWEST + 1):
        under(stream, level)
        rungs = viewer.rungs
        assert len(rungs) > 1
        assert viewer.auto
        assert len(set(rungs)) == len(rungs)
        heights = [stream.size_of(rung.rendition).height for rung in rungs]
        assert heights == sorted(heights, reverse=True)
        assert max(heights) <= (720, 480, 320)[level - 1]
        assert max(stream.fps_at(rung) for rung in rungs) <= 15


def test_everybody_is_moved_and_back_and_told() -> None:
    stream = raw()
    chosen, auto, slow, low = (stream.subscribe(wish) for wish in ("high", AUTO, AUTO, "low"))
    last = len(slow.rungs) - 1
    stream.step(slow, last)
    told = []
    for level in (2, 0):
        under(stream, level) if level else put_under(stream, NONE)
        told.append([each.rung_name for each in (chosen, auto, slow, low)])
        assert all(each in stream.subscriptions for each in (chosen, auto, slow, low))
    assert told == [
        ["medium at 12 fps", "medium at 12 fps", "240 lines at 10 fps", "low at 10 fps"],
        ["high", "high", "240 lines", "low"],
    ]


def test_what_has_to_be_made_becomes_less() -> None:
    stream = raw()
    stream.subscribe("high")
    sizes = []
    for level in range(LOWEST + 1):
        under(stream, level)
        [wanted] = stream.wanted()
        sizes.append((wanted.height, wanted.fps))
    assert sizes == [(720, 30.0), (720, 15.0), (480, 12.0), (320, 5.0)]


def test_only_who_gets_less_is_told_why() -> None:
    slow = Preset(height=320, fps=5)
    stream = raw(stream_of(presets={**shipped_presets(), "slow": slow}))
    under(stream, 2)
    assert stream.offer.reduction("high", stream.opened) == "the board is 81 °C hot"
    assert stream.offer.reduction("slow", stream.opened) == "", "it has little enough anyway"
    put_under(stream, NONE)
    assert stream.offer.reduction("high", stream.opened) == ""


def test_a_wish_for_less_stands() -> None:
    stream = raw()
    viewer = stream.subscribe("high", fps=3)
    under(stream, 3)
    assert viewer.fps == 3


def test_where_no_preset_is_low_enough_there_is_the_least() -> None:
    stream = raw(stream_of(Camera(id="front", presets=["high"])))
    viewer = stream.subscribe("high")
    under(stream, 3)
    assert (viewer.rendition, stream.size_of(viewer.rendition).height) == (LEAST, 240)


def test_a_reload_and_newcomers_stay_below_it() -> None:
    stream = raw()
    viewer = stream.subscribe("high")
    under(stream, 2)
    stream.reconfigure(Camera(id="front", fps=20), shipped_presets())
    assert viewer.rung_name == "medium at 10 fps"
    assert stream.subscribe("high").rung_name == "medium at 10 fps"
    stream.adjust(name="Door", preset="auto", fps=None, jpeg_quality=None)
    assert stream.subscribe(None).rendition == "medium"


def test_once_the_camera_is_known_it_is_looked_at_again() -> None:
    """Who came before it was open was taken for one whose pictures have to be made."""
    stream = stream_of()
    viewer = stream.subscribe("high")
    under(stream, 2)
    assert viewer.rendition == "medium"
    stream.opened = jpeg().opened
    under(stream, 2)
    assert viewer.rung_name == "high at 15 fps"
