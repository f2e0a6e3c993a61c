"""Offer: what can be asked for, and the size it comes to."""

from typing import Literal

import pytest

from appliance.config import AUTO, NATIVE, Camera, Preset
from appliance.config.model import shipped_presets
from appliance.streams.offer import UnknownPresetError
from tests.streams.streams import opened, stream_of

TINY = Preset(height=120, fps=5)


def test_resolve() -> None:
    stream = stream_of(Camera(id="front", preset="low"))
    assert (stream.offer.resolve(None), stream.offer.resolve(AUTO), stream.offer.resolve("high")) == (
        "low",
        "low",
        "high",
    )
    for unknown in ("ultra", "", "HIGH"):
        with pytest.raises(UnknownPresetError, match="there are low, medium, high, native, auto"):
            stream.offer.resolve(unknown)


@pytest.mark.parametrize(
    ("offered", "best"),
    [([], "high"), (["low", "tiny"], "low"), (["low", NATIVE], "low"), ([NATIVE], NATIVE), (["tiny"], "tiny")],
)
def test_auto_of_auto_is_the_best_preset(offered: list[str], best: str) -> None:
    stream = stream_of(Camera(id="front", preset=AUTO, presets=offered), {**shipped_presets(), "tiny": TINY})
    assert stream.offer.resolve(None) == stream.offer.resolve(AUTO) == best


def test_presets_are_offered_best_for_last() -> None:
    presets = {**shipped_presets(), "tiny": TINY, "full": Preset(height=1080), "smooth": Preset(height=720, fps=60)}
    assert stream_of(presets=presets).offer.names == ["tiny", "low", "medium", "high", "smooth", "full", NATIVE]
    few = Camera(id="front", presets=["high", "low"], preset="low")
    assert stream_of(few).offer.names == ["low", "high"]
    with pytest.raises(UnknownPresetError, match="there are low, high, auto"):
        stream_of(few).subscribe(NATIVE)


@pytest.mark.parametrize(
    ("native", "preset", "size"),
    [
        ((1280, 720), "high", (1280, 720)),
        ((1280, 720), "medium", (854, 480)),
        ((1280, 720), "low", (568, 320)),
        ((640, 480), "low", (426, 320)),
        ((640, 480), "high", (640, 480)),  # never enlarged
        ((641, 361), "high", (641, 361)),  # the camera's own size, odd as it is
        ((641, 361), NATIVE, (641, 361)),
        ((641, 361), "low", (568, 320)),  # what is made is even
        ((17, 8192), "low", (2, 320)),
    ],
)
@pytest.mark.parametrize("known", [False, True])
def test_size(native: tuple[int, int], preset: str, size: tuple[int, int], known: bool) -> None:
    width, height = native
    stream = stream_of(Camera(id="front", width=640 if known else width, height=360 if known else height))
    if known:
        stream.opened = opened(width, height)  # the camera answered with another size than it was asked for
    assert stream.size_of(preset) == size


@pytest.mark.parametrize("rotation", [90, 270])
@pytest.mark.parametrize("known", [False, True])
def test_size_of_a_camera_that_hangs_sideways(rotation: Literal[90, 270], known: bool) -> None:
    stream = stream_of(Camera(id="front", width=1280, height=720, rotation=rotation))
    if known:
        stream.opened = opened(1280, 720)
    assert (stream.size_of(NATIVE), stream.size_of("low")) == ((720, 1280), (180, 320))


@pytest.mark.parametrize(
    ("preset", "heights"),
    [("high", [720, 480, 320]), ("low", [320, 720, 480]), (NATIVE, [720, 480, 320]), (AUTO, [720, 480, 320])],
)
def test_heights_that_viewers_are_likely_to_want(preset: str, heights: list[int]) -> None:
    assert stream_of(Camera(id="front", preset=preset)).offer.heights() == heights
