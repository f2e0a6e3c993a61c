"""The laws of the hub: the camera waits for no one, the oldest falls out, a slow viewer delays nobody."""

import gc
import sys
from collections.abc import Callable

import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from appliance.frame import Frame
from appliance.streams.figures import Figures, Totals
from appliance.streams.hub import Hub
from appliance.streams.rung import Rung
from appliance.streams.subscription import Subscription
from tests.streams.frames import all_of, frame, waiting

LONG_AGO_S = float("-inf")
CAMERA_FPS = 30


DEPTH_FRAMES = 1


def consumer(fps: float | None = None) -> Subscription:
    return Subscription([Rung("high", "high", None, "high")], fps, Figures(Totals()))


def subscribed(hub: Hub, fps: float | None = None) -> Subscription:
    subscription = consumer(fps)
    hub.add(subscription, LONG_AGO_S)
    return subscription


async def pour(hub: Hub, count: int) -> None:
    """What a camera does: a frame each 1/30 s, and the end of all viewers after the last."""
    for number in range(count):
        hub.publish(frame(number, trio.current_time()))
        await trio.sleep(1 / CAMERA_FPS)
    for subscription in hub.subscriptions:
        subscription.close()


def test_camera_waits_for_no_one() -> None:
    """No event loop runs here, so nothing can wait: not even for a hundred viewers that take nothing."""
    hub = Hub()
    stalled = [subscribed(hub) for _ in range(100)]
    for number in range(300):
        hub.publish(frame(number))
    assert {subscription.lost for subscription in stalled} == {300 - DEPTH_FRAMES}


async def test_oldest_falls_out() -> None:
    hub = Hub()
    subscription = subscribed(hub)
    for number in range(5):
        hub.publish(frame(number))
    assert await waiting(subscription) == [4]
    assert subscription.lost == 4


async def test_nothing_is_lost_by_who_keeps_up() -> None:
    hub = Hub()
    subscription = subscribed(hub)
    for number in range(5):
        hub.publish(frame(number))
        assert await waiting(subscription) == [number]
    assert subscription.lost == 0


@settings(derandomize=True, deadline=None)
@given(st.lists(st.booleans(), max_size=40))
async def test_every_frame_is_delivered_once_or_lost_once(publishes: list[bool]) -> None:
    hub = Hub()
    subscription, offered, taken = subscribed(hub), 0, list[int]()
    for publish in publishes:
        if publish:
            hub.publish(frame(offered))
            offered += 1
        else:
            taken += await waiting(subscription)
    taken += await waiting(subscription)
    assert len(taken) + subscription.lost == offered
    assert taken == sorted(set(taken))
    assert taken[-1:] == ([offered - 1] if offered else [])


async def test_fast_viewer_is_not_delayed_by_slow_and_stalled_ones(autojump_clock: MockClock) -> None:
    hub = Hub()
    stalled, slow, fast = (subscribed(hub) for _ in range(3))
    taken: dict[str, list[tuple[int, float]]] = {}

    async def watch(name: str, subscription: Subscription, pause_s: float) -> None:
        taken[name] = await all_of(subscription, pause_s)

    started_s = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch, "slow", slow, 0.5)
        nursery.start_soon(watch, "fast", fast, 0.0)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(pour, hub, 300)
    assert [number for number, _ in taken["fast"]] == list(range(300))
    assert all(abs(time_s - started_s - number / CAMERA_FPS) < 1e-6 for number, time_s in taken["fast"])
    assert (fast.lost, stalled.lost) == (0, 300 - DEPTH_FRAMES)
    assert len(taken["slow"]) + slow.lost == 300
    assert 20 <= len(taken["slow"]) <= 22
    ages_s = [time_s - started_s - number / CAMERA_FPS for number, time_s in taken["slow"][:-1]]
    assert max(ages_s) <= 1 / CAMERA_FPS + 1e-6  # slow, and yet what it gets is new


async def test_lower_rates(autojump_clock: MockClock) -> None:
    hub, counts = Hub(), dict[float | None, int]()

    async def watch(fps: float | None) -> None:
        subscription = subscribed(hub, fps)
        counts[fps] = len(await all_of(subscription))
        assert subscription.lost == 0  # what was not asked for is not lost

    async with trio.open_nursery() as nursery:
        for fps in (None, 30, 24, 15, 10, 1):
            nursery.start_soon(watch, fps)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(pour, hub, 300)
    assert counts[None] == 300
    assert all(abs(count - fps * 10) <= 1 for fps, count in counts.items() if fps)


async def test_placeholders_pass_at_any_rate() -> None:
    hub = Hub()
    subscription = subscribed(hub, fps=0.01)
    for number in range(3):
        hub.publish(frame(number, 1000.0 + number, placeholder=True))
        assert await waiting(subscription) == [number]


async def test_rate_can_change() -> None:
    hub = Hub()
    subscription = subscribed(hub, fps=1)
    assert subscription.fps == 1
    hub.publish(frame(0, 1000.0))
    assert await waiting(subscription) == [0]
    hub.publish(frame(1, 1000.1))
    assert await waiting(subscription) == []
    subscription.wish_for(subscription.rungs, None, "high")
    hub.publish(frame(2, 1000.2))
    assert await waiting(subscription) == [2]


async def test_newcomer_gets_the_newest_frame_if_it_is_fresh() -> None:
    hub = Hub()
    subscribed(hub)
    hub.publish(frame(1, 1000.0))
    hub.publish(frame(2, 1001.0))
    fresh, too_late = consumer(), consumer()
    hub.add(fresh, 1001.0)
    hub.add(too_late, 1001.1)
    assert await waiting(fresh) == [2]
    assert await waiting(too_late) == []


async def test_who_left_gets_nothing() -> None:
    hub = Hub()
    left, stays = subscribed(hub), subscribed(hub)
    hub.remove(left)
    hub.publish(frame(1))
    assert await waiting(left) == []
    assert await waiting(stays) == [1]


async def test_end_comes_after_what_is_there() -> None:
    hub = Hub()
    subscription = subscribed(hub)
    hub.publish(frame(1))
    subscription.close()
    subscription.close()
    hub.publish(frame(2))  # was on its way when the stream was removed
    assert [number for number, _ in await all_of(subscription)] == [1]
    assert subscription.lost == 0


async def test_end_wakes_who_waits() -> None:
    subscription = subscribed(Hub())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(all_of, subscription)
        await trio.testing.wait_all_tasks_blocked()
        subscription.close()


# Memory.


def test_hub_that_nobody_watches_holds_no_frame() -> None:
    def left(hub: Hub, data: bytes) -> None:
        subscription = subscribed(hub)
        hub.publish(frame(1, data=data))
        hub.remove(subscription)

    def late(hub: Hub, data: bytes) -> None:
        hub.publish(frame(1, data=data))  # came after the last viewer had left

    for use in (left, late):
        assert kept_by(use) == 0


def kept_by(use: Callable[[Hub, bytes], None]) -> int:
    """How many references to a frame's picture are left in a hub after `use`."""
    hub, data = Hub(), bytes(range(256))
    before = sys.getrefcount(data)
    use(hub, data)
    gc.collect()
    assert hub.latest is None
    return sys.getrefcount(data) - before


def test_stalled_viewers_hold_a_bounded_number_of_frames() -> None:
    hub, data = Hub(), bytes(range(256))
    stalled = [subscribed(hub) for _ in range(50)]
    before = sys.getrefcount(data)
    for number in range(500):
        hub.publish(frame(number, data=data))
    gc.collect()
    assert sys.getrefcount(data) - before == DEPTH_FRAMES  # the same one for all of them
    assert len({id(each) for each in gc.get_objects() if isinstance(each, Frame) and each.data is data}) == DEPTH_FRAMES
    assert len(stalled) == len(hub.subscriptions)
