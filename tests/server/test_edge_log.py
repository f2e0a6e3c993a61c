"""What many clients at once cause in the log: little."""

import logging

import pytest
import trio
import trio.testing

from appliance.server.edge import seldom
from tests.support.edge_app import create_app, edge_of
from tests.support.edge_clients import UPGRADE, connected, wait_for_count

NOT_UNDERSTOOD = UPGRADE % (b"/ws/echo", b"Sec-WebSocket-Protocol: ,\xff\xfe,\r\n")


async def test_a_line_is_said_once_a_second_with_the_number_left_out(
    caplog: pytest.LogCaptureFixture, autojump_clock: trio.testing.MockClock
) -> None:
    caplog.set_level(logging.INFO)
    complaints = seldom.Seldom()
    for _ in range(12):
        complaints.say(logging.INFO, "%s: said nothing", "a client")
        complaints.say(logging.INFO, "%s: said too much", "a client")
        await trio.sleep(0.25)
    said = [record.getMessage() for record in caplog.records if "nothing" in record.getMessage()]
    assert said[:2] == ["a client: said nothing", "a client: said nothing (and 3 more like it)"]
    assert len(said) == 3
    assert len(caplog.records) == 2 * len(said)


async def test_a_crowd_that_talks_nonsense_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    started_s = trio.current_time()
    async with edge_of(create_app()) as served:
        for _ in range(50):
            async with connected(served.port) as client:
                await client.send(NOT_UNDERSTOOD)
                await client.read_to_end()
    assert 1 <= len(caplog.records) <= 2 + trio.current_time() - started_s


async def test_a_crowd_that_stalls_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with edge_of(create_app()) as served, trio.open_nursery() as nursery:

        async def stall() -> None:
            async with connected(served.port, 4096) as client:
                await client.upgrade("/ws/send")
                await trio.sleep_forever()

        for _ in range(12):
            nursery.start_soon(stall)
        await wait_for_count(served.port, "inside", 12)
        await wait_for_count(served.port, "inside", 0)
        nursery.cancel_scope.cancel()
    said = [record.getMessage() for record in caplog.records]
    assert 1 <= len(said) <= 4
    assert all("took nothing" in line for line in said)
