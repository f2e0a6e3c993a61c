"""Registry: which streams there are, and who hears of a new one."""

from collections.abc import Callable

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from appliance.config import Camera, Config, Limits
from appliance.streams.registry import (
    MOST_STREAMS,
    Registry,
    StreamExistsError,
    TooManyStreamsError,
    UnknownStreamError,
)
from tests.streams.frames import all_of

FRONT = Camera(id="front", source="pattern")
BACK = Camera(id="back", autostart=False)


def registry_of(*cameras: Camera, max_streams: int = 4) -> Registry:
    return Registry(Config(cameras=list(cameras), limits=Limits(max_streams=max_streams)))


def ids(registry: Registry) -> list[str]:
    return [stream.id for stream in registry]


def test_configured_cameras_are_there_and_start_as_configured() -> None:
    registry = registry_of(FRONT, BACK)
    assert ids(registry) == ["front", "back"]
    assert [(stream.running, stream.status, stream.removable) for stream in registry] == [
        (True, "starting", False),
        (False, "offline", False),
    ]
    assert registry.default() is registry.get("front")


def test_what_is_not_there() -> None:
    registry = registry_of()
    for look in (registry.default, lambda: registry.get("front"), lambda: registry.end("front")):
        with pytest.raises(UnknownStreamError, match="there is no stream"):
            look()


def test_created_streams_start_at_once_and_can_be_removed() -> None:
    registry = registry_of(FRONT)
    made = registry.create(Camera(id="demo", source="pattern"))
    assert (made.running, made.removable, ids(registry)) == (True, True, ["front", "demo"])
    registry.end("demo")
    assert (made.removed, made.reason, ids(registry)) == (True, "removed", ["front"])
    assert registry.create(Camera(id="demo")) is not made


def test_configured_streams_stop_and_stay() -> None:
    registry = registry_of(FRONT)
    registry.end("front")
    stream = registry.get("front")
    assert (stream.running, stream.removed, stream.reason) == (False, False, "stopped")
    stream.start()
    assert stream.status == "starting"


@pytest.mark.parametrize(
    ("camera", "error", "words"),
    [
        (Camera(id="front"), StreamExistsError, "there is a stream 'front' already"),
        (Camera(id="new", preset="ultra"), ValueError, "there is no preset 'ultra'"),
        (Camera(id="new", presets=["ultra"]), ValueError, "there is no preset 'ultra'"),
        (Camera(id="new", presets=["low"]), ValueError, "'high' is not among the presets"),
    ],
)
def test_what_cannot_be_created(camera: Camera, error: type[Exception], words: str) -> None:
    registry = registry_of(FRONT)
    with pytest.raises(error, match=words):
        registry.create(camera)
    assert ids(registry) == ["front"]


def test_a_full_box_says_so_and_has_room_again() -> None:
    registry = registry_of(FRONT, max_streams=2)
    registry.create(Camera(id="demo"))
    with pytest.raises(TooManyStreamsError, match="2 streams, as many as"):
        registry.create(Camera(id="more"))
    registry.end("demo")
    registry.create(Camera(id="more"))


def test_streams_that_come_and_go_faster_than_anybody_looks() -> None:
    registry = registry_of(FRONT, max_streams=2)
    for _ in range(2 * MOST_STREAMS - 1):
        registry.create(Camera(id="demo"))
        registry.end("demo")
    with pytest.raises(TooManyStreamsError, match="faster than"):
        registry.create(Camera(id="demo"))
    assert ids(registry) == ["front"]


def test_free_ids() -> None:
    registry = registry_of(Camera(id="stream-2"))
    assert registry.free_id() == "stream-1"
    registry.create(Camera(id="stream-1"))
    assert registry.free_id() == "stream-3"


async def test_every_stream_is_handed_over_once() -> None:
    registry, taken = registry_of(FRONT, BACK), list[str]()

    async def take() -> None:
        async for stream in registry.added():
            taken.append(stream.id)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take)
        await wait_all_tasks_blocked()
        assert taken == ["front", "back"]
        registry.create(Camera(id="demo"))
        await wait_all_tasks_blocked()
        registry.end("demo")
        registry.create(Camera(id="demo"))
        await wait_all_tasks_blocked()
        assert taken == ["front", "back", "demo", "demo"]
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("end", [Registry.close, lambda registry: registry.end("demo")])
async def test_viewers_get_a_clean_end(end: Callable[[Registry], None]) -> None:
    registry = registry_of(FRONT)
    subscription = registry.create(Camera(id="demo")).subscribe(None)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(all_of, subscription)
        await wait_all_tasks_blocked()
        end(registry)


def test_streams_may_end_while_somebody_goes_through_them() -> None:
    registry = registry_of(max_streams=3)
    for name in ("a", "b", "c"):
        registry.create(Camera(id=name))
    for stream in registry:
        registry.end(stream.id)
    assert ids(registry) == []
