"""Viewers, and what the watched program does meanwhile."""

import json
import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from bench.machine import busy_and_idle_s
from bench.processes import cpu_s
from bench.workbench import Workbench

WARM_S, QUICK_WARM_S = 1.5, 1.0


class Watched(NamedTuple):
    """What viewers got, and the CPU seconds each process used while they counted."""

    seen: dict[str, float]
    cpu_s: list[float]
    viewers_cpu_s: float
    others_busy: float  # how much of all cores, 0 to 1, went to neither
    seconds: float

    @property
    def cpu_us_per_frame(self) -> list[float]:
        """Of each process. Without a frame there is no such figure: ZeroDivisionError."""
        return [used * 1e6 / self.seen["pictures"] for used in self.cpu_s]


def command(bench: Workbench, port: int, path: str, count: int, seconds: float, *options: str) -> list[str]:
    """How `viewers` is started, on the viewers' core."""
    watch = [bench.tool("viewers"), str(port), path, str(count), f"{seconds:g}", *options]
    return ["taskset", "-c", str(bench.cores.viewers), *watch]


def watch(
    bench: Workbench,
    port: int,
    path: str,
    count: int,
    seconds: float,
    *options: str,
    pids: Sequence[int] = (),
) -> Watched:
    """Watch for `seconds`, after a while that does not count.

    Raises RuntimeError when the viewers could not watch, or saw nothing.
    """
    warm_s = min(QUICK_WARM_S if bench.quick else WARM_S, seconds)
    words = command(bench, port, path, count, seconds, f"warm={warm_s:g}", *options)
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as viewers:
        assert viewers.stdout is not None
        try:
            begun = viewers.stdout.readline()
            began = busy_and_idle_s()
            before = [cpu_s(pid) for pid in (viewers.pid, *pids)] if begun else []
            last = viewers.stdout.readline()
            used = [cpu_s(pid) - start for pid, start in zip((viewers.pid, *pids), before, strict=False)]
            busy_s, idle_s = (now - then for now, then in zip(busy_and_idle_s(), began, strict=True))
            last = viewers.stdout.readline() or last  # with `linger` the figures come later than the end of the count
        except BaseException:
            viewers.terminate()
            raise
    if viewers.returncode:
        raise RuntimeError(f"viewers of {path} ended with status {viewers.returncode}")
    seen = json.loads(last)
    if not seen["pictures"]:
        raise RuntimeError(f"no picture came over {path}")
    others_busy = max(0.0, busy_s - sum(used)) / max(0.01, busy_s + idle_s)
    return Watched(seen, used[1:], used[0], others_busy, seconds)
