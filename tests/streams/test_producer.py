"""Producer: the newest picture waits for the worker, and nothing else does."""

import pytest
import trio
import trio.testing

from appliance.streams.producer import Producer
from appliance.wire.hallway import Pushed


async def test_newest_picture_replaces_the_one_that_waits() -> None:
    producer = Producer()
    producer.push(Pushed(1, b"old"))
    producer.push(Pushed(2, b"new"))
    assert await producer.newest() == Pushed(2, b"new")


async def test_each_picture_is_taken_once_and_the_next_is_waited_for() -> None:
    producer, taken = Producer(), list[Pushed]()

    async def take() -> None:
        while True:
            taken.append(await producer.newest())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take)
        for number in (1, 2):
            await trio.testing.wait_all_tasks_blocked()
            producer.push(Pushed(number, b"picture"))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert taken == [Pushed(1, b"picture"), Pushed(2, b"picture")]


async def test_a_picture_that_waited_too_long_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    producer = Producer()
    producer.push(Pushed(1, b"old"))
    monkeypatch.setattr("appliance.streams.producer.FRESH_S", 0.0)
    with trio.move_on_after(0.05) as patience:
        await producer.newest()
    assert patience.cancelled_caught
