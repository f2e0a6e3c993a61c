"""Who ended a worker is told by the kernel's own count, so that a camera too large for the memory is not called broken."""

import os
import signal
from pathlib import Path

import pytest
import trio

from appliance.capture.worker import Worker, WorkerError
from appliance.system.machine import ThisMachine
from appliance.system.readings import memory_kills

SIGNAL = "the capture process was ended by signal 9"
MEMORY = "memory ran out, and the system ended the capture process"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("pswpin 0\noom_kill 3\n", "pswpin 9\noom_kill 4\n", MEMORY),
        ("pswpin 0\noom_kill 3\n", "pswpin 9\noom_kill 3\n", SIGNAL),
        ("pswpin 0\n", "pswpin 9\n", SIGNAL),
    ],
)
async def test_who_ended_it(tmp_path: Path, before: str, after: str, told: str) -> None:
    vmstat = tmp_path / "proc/vmstat"
    vmstat.parent.mkdir()
    vmstat.write_text(before)
    worker = await Worker.start(ThisMachine(tmp_path))
    try:
        vmstat.write_text(after)
        os.kill(worker.pid, signal.SIGKILL)
        with trio.fail_after(5), pytest.raises(WorkerError) as error:
            await worker.receive()
        assert str(error.value) == told
    finally:
        with trio.move_on_after(5, shield=True):
            await worker.end()
        worker.let_go()


def test_this_machine_counts() -> None:
    assert memory_kills(ThisMachine()) is not None
