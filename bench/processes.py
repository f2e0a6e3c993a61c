"""What the kernel knows of a process, and which cores it may use."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SCHEDULER_CLOCK = 2  # what the scheduler has given the process; linux/posix-timers.h
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Cores(NamedTuple):
    """Who runs where, so that no one's CPU time is spent waiting for another's cache."""

    measured: int  # the program that is measured, whole
    viewers: int  # who watches it

    @classmethod
    def of_this_machine(cls) -> "Cores":
        """The first and the last core this process may use; the same one where there is only one."""
        allowed = sorted(os.sched_getaffinity(0))
        return cls(allowed[0], allowed[-1])


def pin(pid: int, core: int) -> None:
    """Keep a process, with its threads and whatever it will start, on one core."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


def cpu_s(pid: int) -> float:
    """CPU seconds a process has used so far, user and system, all its threads, its children not counted.

    utime + stime of /proc/PID/stat, but in nanoseconds: there they are in ticks of 10 ms, too coarse for short windows.
    """
    return time.clock_gettime(~pid << 3 | SCHEDULER_CLOCK)  # clock_getcpuclockid(3), which Python does not have


def memory_mb(pid: int) -> float:
    """Resident memory in units of 1024 * 1024 bytes, as `systemctl status` and `top` show it."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / 1024 / 1024


def open_files(pid: int) -> int:
    """File descriptors."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def children(pid: int) -> list[int]:
    """Processes it has started."""
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _read(task / "children").split()]


def wait_until(good: Callable[[], bool], within_s: float, what: str) -> float:
    """Returns after how many seconds it was so. Raises TimeoutError."""
    began_s = time.monotonic()
    while not good():
        if time.monotonic() - began_s > within_s:
            raise TimeoutError(f"not within {within_s:g} s: {what}")
        time.sleep(0.005)
    return time.monotonic() - began_s


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
