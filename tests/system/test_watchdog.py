"""A sign of life is earned: by a loop that turns in time, and by cameras that make progress."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from appliance.system.notify import Notify
from appliance.system.watchdog import TURNS, watch
from tests.support.clients import eventually
from tests.support.systemd_end import SystemdEnd, Told, systemd_end

PATIENCE_S = 0.4


@pytest.fixture
def end(tmp_path: Path) -> Iterator[SystemdEnd]:
    with systemd_end(tmp_path) as end:
        yield end


@pytest.fixture
def notify(end: SystemdEnd) -> Notify:
    return Notify({"NOTIFY_SOCKET": str(end.path), "WATCHDOG_USEC": str(int(PATIENCE_S * 1e6))})


def is_sign(told: Told) -> bool:
    return "WATCHDOG" in told.lines


async def next_sign(end: SystemdEnd) -> Told:
    return await trio.to_thread.run_sync(end.until, is_sign)


async def test_while_all_is_well(end: SystemdEnd, notify: Notify, nursery: trio.Nursery) -> None:
    nursery.start_soon(watch, notify, list, lambda: "1 of 1 cameras live")
    for _ in range(3):
        assert (await next_sign(end)).lines["STATUS"] == "1 of 1 cameras live"


async def test_a_camera_without_progress_earns_none_and_is_named(
    end: SystemdEnd, notify: Notify, nursery: trio.Nursery
) -> None:
    hung = ["front"]
    nursery.start_soon(watch, notify, lambda: hung, lambda: "well")
    for _ in range(2 * TURNS):
        assert (await trio.to_thread.run_sync(end.next)).lines == {"STATUS": "hung: front"}
    hung.clear()
    await next_sign(end)


async def test_a_loop_that_stands_still_sends_nothing_and_is_late_once(
    end: SystemdEnd, notify: Notify, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    async def said() -> bool:
        return bool(caplog.records)

    nursery.start_soon(watch, notify, list, lambda: "well")
    await next_sign(end)
    time.sleep(3 * PATIENCE_S)  # noqa: ASYNC251 - this is the fault
    with caplog.at_level("WARNING", "appliance"):
        await eventually(said, within_s=10)
    assert "held up" in caplog.records[0].getMessage()
    await next_sign(end)
