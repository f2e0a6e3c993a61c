"""Change: wakes everybody who waits, remembers nothing."""

import trio
from trio.testing import wait_all_tasks_blocked

from appliance.streams.change import Change


async def test_wakes_everybody_who_waits_once() -> None:
    change, woken = Change(), list[int]()

    async def wait(number: int) -> None:
        while True:
            await change.wait()
            woken.append(number)

    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(wait, number)
        await wait_all_tasks_blocked()
        assert woken == []
        change.tell()
        change.tell()  # nobody has looked yet: one change or two, all the same
        await wait_all_tasks_blocked()
        assert sorted(woken) == [0, 1, 2]
        change.tell()
        await wait_all_tasks_blocked()
        assert sorted(woken) == [0, 0, 1, 1, 2, 2]
        nursery.cancel_scope.cancel()


async def test_is_not_remembered() -> None:
    change, woken = Change(), list[bool]()
    change.tell()

    async def wait() -> None:
        await change.wait()
        woken.append(True)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        assert woken == []
        change.tell()
    assert woken == [True]
