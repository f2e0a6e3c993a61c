"""A server that was held up itself (SIGSTOP, a paused virtual machine) does not blame its clients."""

import time

import trio
from trio.testing import wait_all_tasks_blocked

from appliance.server.edge.outgoing import HELD_UP_S
from appliance.wire.buffers import Buffers
from tests.server.test_outgoing import MUCH, TIMEOUT_S, pair


async def test_who_could_not_be_served_is_not_reset() -> None:
    async with pair() as ends, trio.open_nursery() as nursery:
        nursery.start_soon(ends.way.send, MUCH)
        await wait_all_tasks_blocked()
        time.sleep(HELD_UP_S + TIMEOUT_S + 0.1)  # noqa: ASYNC251 - nobody runs meanwhile, that is the point
        with trio.fail_after(5):
            got = 0
            while got < len(MUCH):
                got += len(await ends.far.receive_some(65536))
        assert not ends.resets


async def test_nor_who_was_half_served() -> None:
    async with pair() as ends:
        assert ends.way.send_now(Buffers.of(MUCH))
        time.sleep(HELD_UP_S + TIMEOUT_S + 0.1)  # noqa: ASYNC251
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ends.way.send, b"end")
            with trio.fail_after(5):
                got = 0
                while got < len(MUCH) + 3:
                    got += len(await ends.far.receive_some(65536))
        assert not ends.resets
