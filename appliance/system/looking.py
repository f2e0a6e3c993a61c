"""Looking: one task that looks at the board now and then, and tells what it saw.

Rule 1: what the kernel answers is read here and now, in less than a millisecond. What a disk has to answer (how full it is, which
        packages there are) is asked in a thread, one at a time, and not waited for longer than a moment: a dead disk says nothing.
"""

import itertools
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import trio
from msgspec import structs

from appliance.system.board import Board, Disk, looked_at
from appliance.system.machine import ThisMachine
from appliance.system.versions import PACKAGES, versions

PATIENCE_S = 1.0
DISK_TURNS = 15  # it fills in minutes, not in seconds
Answer = TypeVar("Answer")


class Lookout(NamedTuple):
    """Where to look, and how often."""

    root: Path = Path("/")  # below it are /proc, /sys and /run
    every_s: float = 2.0  # as often as the kernel asks the firmware: an alarm of the supply may last no longer


LOOKOUT = Lookout()


async def look(
    lookout: Lookout,
    folder: Path | None,
    tell: Callable[[Board], None],
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """For ever. `folder`: whose disk is looked at. The first look is told before this reports that it has started."""
    machine, disks = ThisMachine(lookout.root), trio.CapacityLimiter(1)
    board, disk = looked_at(machine, Board(), None), None
    tell(board)
    task_status.started()
    known = await _from_disk(partial(versions, machine, lookout.root / PACKAGES.lstrip("/")), disks)
    board = structs.replace(board, versions=known or {})
    for turn in itertools.count():
        if turn % DISK_TURNS == 0:
            disk = await _from_disk(partial(_room, folder or Path("/")), disks)
        board = looked_at(machine, board, disk)
        tell(board)
        await trio.sleep(lookout.every_s)


async def _from_disk(ask: Callable[[], Answer], disks: trio.CapacityLimiter) -> Answer | None:
    """What a disk says; None when it does not within PATIENCE_S, or still owes its last answer."""
    with trio.move_on_after(PATIENCE_S):
        return await trio.to_thread.run_sync(ask, abandon_on_cancel=True, limiter=disks)
    return None


def _room(folder: Path) -> Disk | None:
    """Of this folder, or of the next one above it that is there."""
    for place in (folder, *folder.parents):
        try:
            found = os.statvfs(place)
        except OSError:
            continue
        return Disk(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)
    return None
