"""Stream: what is wanted follows from who watches, and viewers move, leave and end without harm."""

import time

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from appliance.config import AUTO, NATIVE, Camera
from appliance.config.model import shipped_presets
from appliance.streams.offer import NATIVE_QUALITY, UnknownPresetError
from appliance.streams.stream import FRESH_S, Stream
from appliance.wire.hallway import Rendition
from tests.streams.frames import all_of, frame, waiting
from tests.streams.streams import slot_of, stream_of

# What is wanted.


def test_nothing_is_wanted_while_nobody_watches() -> None:
    stream = stream_of()
    assert (stream.wanted(), stream.watched(), stream.viewers) == ([], [], 0)


def test_renditions_appear_and_disappear_with_their_viewers() -> None:
    stream = stream_of()
    low, native, other_low = stream.subscribe("low"), stream.subscribe(NATIVE), stream.subscribe("low")
    wanted_low = Rendition(slot_of(stream, "low"), 320, 15, 70, 500)
    wanted_native = Rendition(slot_of(stream, NATIVE), None, 30, NATIVE_QUALITY, None)
    assert stream.wanted() == [wanted_low, wanted_native]
    assert (stream.watched(), stream.viewers) == (["low", NATIVE], 3)
    stream.leave(low)
    assert stream.wanted() == [wanted_low, wanted_native]
    stream.leave(other_low)
    assert stream.wanted() == [wanted_native]
    stream.leave(native)
    assert (stream.wanted(), stream.viewers) == ([], 0)


@pytest.mark.parametrize(
    ("asked_fps", "fps"),
    [([None], 30), ([10.0], 10), ([10.0, 15.0], 15), ([10.0, None], 30), ([120.0], 30), ([0.5], 0.5)],
)
def test_rate_is_the_highest_that_somebody_asks_for(asked_fps: list[float | None], fps: float) -> None:
    stream = stream_of()
    for asked in asked_fps:
        stream.subscribe("high", asked)
    assert [rendition.fps for rendition in stream.wanted()] == [fps]


def test_rate_is_at_most_the_cameras() -> None:
    stream = stream_of(Camera(id="front", fps=10))
    stream.subscribe("high")
    stream.subscribe(NATIVE)
    assert [rendition.fps for rendition in stream.wanted()] == [10, 10]


def test_choices_for_everybody_go_over_the_presets() -> None:
    stream = stream_of()
    for preset in ("low", NATIVE):
        stream.subscribe(preset)
    assert all(rendition.passthrough for rendition in stream.wanted())
    stream.adjust(name="Door", preset="medium", fps=24, jpeg_quality=60)
    low, native = stream.wanted()
    assert (low.fps, low.jpeg_quality, low.passthrough) == (24, 60, False)  # a chosen quality is obeyed
    assert (native.fps, native.jpeg_quality, native.passthrough) == (24, 60, True)  # native stays the camera's own
    assert (stream.name, stream.offer.resolve(None)) == ("Door", "medium")
    stream.adjust(name="Door", preset="medium", fps=None, jpeg_quality=None)
    assert [(each.fps, each.jpeg_quality) for each in stream.wanted()] == [(15, 70), (30, NATIVE_QUALITY)]


async def test_demand_and_change_are_told() -> None:
    stream, told = stream_of(), list[str]()

    async def listen(name: str) -> None:
        while True:
            await getattr(stream, name).wait()
            told.append(name)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen, "demand")
        nursery.start_soon(listen, "changed")
        await wait_all_tasks_blocked()
        subscription = stream.subscribe("low")
        await wait_all_tasks_blocked()
        assert sorted(told) == ["changed", "demand"]
        stream.move(subscription, "high", 5)
        await wait_all_tasks_blocked()
        stream.leave(subscription)
        await wait_all_tasks_blocked()
        assert sorted(told) == ["changed"] * 3 + ["demand"] * 3
        stream.set_status("live")
        stream.set_status("live")
        await wait_all_tasks_blocked()
        assert told[-1] == "changed"
        assert len(told) == 7
        nursery.cancel_scope.cancel()


# Frames.


async def test_frames_reach_those_who_watch_that_rendition() -> None:
    stream = stream_of()
    low, high = stream.subscribe("low"), stream.subscribe("high")
    stream.publish(slot_of(stream, "low"), frame(1))
    assert (await waiting(low), await waiting(high)) == ([1], [])
    newest = stream.latest("low")
    assert newest is not None
    assert newest.number == 1
    assert stream.latest("high") is None


async def test_newcomer_never_gets_an_old_frame() -> None:
    stream = stream_of()
    stream.subscribe("low")
    stream.publish(slot_of(stream, "low"), frame(1))
    assert await waiting(stream.subscribe("low")) == [1]
    stream.publish(slot_of(stream, "low"), frame(2, time.monotonic() - FRESH_S - 1))
    assert await waiting(stream.subscribe("low")) == []


async def test_nothing_is_remembered_of_a_rendition_that_nobody_watches() -> None:
    stream = stream_of()
    subscription = stream.subscribe("low")
    stream.publish(slot_of(stream, "low"), frame(1))
    stream.leave(subscription)
    stream.publish(slot_of(stream, "low"), frame(2))
    stream.show("low", frame(3, placeholder=True))
    assert stream.latest("low") is None
    assert await waiting(stream.subscribe("low")) == []


async def test_moving_goes_on_with_the_other_rendition() -> None:
    stream = stream_of()
    subscription, other = stream.subscribe("low"), stream.subscribe("high")
    stream.publish(slot_of(stream, "low"), frame(1))
    stream.publish(slot_of(stream, "high"), frame(2))
    assert await waiting(subscription) == [1]
    stream.move(subscription, "high", 5.0)
    assert (subscription.preset, subscription.fps) == ("high", 5.0)
    assert await waiting(subscription) == [2]  # at once, not with the next frame
    stream.publish(slot_of(stream, "low"), frame(3))
    assert await waiting(subscription) == []
    assert stream.watched() == ["high"]
    with pytest.raises(UnknownPresetError):
        stream.move(subscription, "ultra", 9.0)
    assert (subscription.preset, subscription.fps) == ("high", 5.0)
    assert len(await waiting(other)) == 1


async def test_moving_to_the_same_rendition_changes_the_rate_only() -> None:
    stream = stream_of()
    subscription = stream.subscribe("low")
    stream.publish(slot_of(stream, "low"), frame(1))
    assert await waiting(subscription) == [1]
    stream.move(subscription, "low", 3.0)
    assert (await waiting(subscription), subscription.fps, stream.viewers) == ([], 3.0, 1)


def test_who_chose_no_preset_follows_the_streams_own() -> None:
    stream = stream_of()
    follows, auto, chose = stream.subscribe(None, 7.0), stream.subscribe(AUTO), stream.subscribe("high")
    stream.adjust(name="x", preset="low", fps=None, jpeg_quality=None)
    assert (follows.preset, follows.fps, auto.preset, chose.preset) == ("low", 7.0, "low", "high")
    stream.move(chose, None, None)
    stream.move(auto, "high", None)
    stream.adjust(name="x", preset=AUTO, fps=None, jpeg_quality=None)
    assert (follows.preset, auto.preset, chose.preset) == ("high", "high", "high")
    stream.adjust(name="x", preset="medium", fps=None, jpeg_quality=None)
    assert (follows.preset, auto.preset, chose.preset) == ("medium", "high", "medium")
    with pytest.raises(UnknownPresetError):
        stream.adjust(name="y", preset="ultra", fps=1, jpeg_quality=50)
    assert (stream.name, stream.offer.preset, stream.offer.fps, follows.preset) == ("x", "medium", None, "medium")


async def test_the_first_picture_after_a_placeholder_passes_at_any_rate() -> None:
    stream = stream_of()
    subscription = stream.subscribe("low", 0.1)
    slot, start_s = slot_of(stream, "low"), time.monotonic()
    seen = []
    for number in range(1, 7):
        if number == 3:
            stream.show("low", frame(number, start_s + number, placeholder=True))
        else:
            stream.publish(slot, frame(number, start_s + number))
        seen += await waiting(subscription)
    assert seen == [1, 3, 4]


# Start, stop, end.


def test_status_follows_capture_while_people_want_it() -> None:
    stream = Stream(Camera(id="front"), shipped_presets(), removable=False)
    assert (stream.status, stream.reason, stream.running) == ("offline", "stopped", False)
    stream.start()
    assert (stream.status, stream.reason, stream.running) == ("starting", "starting", True)
    stream.set_status("live")
    stream.start()
    assert stream.status == "live"
    stream.stop()
    stream.set_status("live")  # the worker's last words
    stream.set_status("offline", "the capture process ended with status 1")
    assert (stream.status, stream.reason, stream.running) == ("offline", "stopped", False)


async def test_viewers_stay_when_a_stream_stops() -> None:
    stream = stream_of()
    subscription = stream.subscribe("low")
    stream.stop()
    assert stream.viewers == 1
    stream.show("low", frame(1, placeholder=True))
    assert await waiting(subscription) == [1]


async def test_removal_is_a_clean_end_for_everybody() -> None:
    stream = stream_of()
    low, high = stream.subscribe("low"), stream.subscribe("high")
    stream.publish(slot_of(stream, "low"), frame(1))
    stream.remove()
    assert (stream.status, stream.reason, stream.removed) == ("offline", "removed", True)
    stream.publish(slot_of(stream, "low"), frame(2))  # were on their way
    stream.publish(slot_of(stream, "high"), frame(2))
    stream.set_status("live")
    assert [number for number, _ in await all_of(low)] == [1]
    assert await all_of(high) == []
    late = stream.subscribe("low")
    assert await all_of(late) == []
    for subscription in (low, high, late):
        stream.leave(subscription)
    assert (stream.viewers, stream.wanted(), stream.status) == (0, [], "offline")
