"""How old a picture is when its last byte has arrived, and whether bad company makes it older.

The camera's own JPEGs are passed through, so the worker's encode time, which the bar leaves out, is none: the whole age counts.
Bad company: 5 viewers that never read, and 5 that read 50 KB a second, of 3.8 MB. Alone, in company and WebSocket take
turns; each figure is that of the middle round.
"""

import statistics
from collections.abc import Iterator
from pathlib import Path

from bench.box import Box
from bench.figures import Bar, Figure
from bench.watching import Watched, watch
from bench.workbench import Workbench

NAME = "latency"
VIEWERS = 20
COMPANY = 5  # of each kind
COMPANY_OPTIONS = (f"stalled={COMPANY}", f"slow={COMPANY}:50000")
SEND_TIMEOUT_S = 10.0  # limits.send_timeout_s as shipped
PATIENCE_S = 3.0  # beyond it, for the stalled ones to be closed

P50 = Bar("capture to last byte, 20 MJPEG viewers, p50", "ms", 5)
P99 = Bar("capture to last byte, 20 MJPEG viewers, p99", "ms", 20)
SOCKET_P50 = Bar("capture to last byte, 20 WebSocket viewers, p50", "ms", 5)
SOCKET_P99 = Bar("capture to last byte, 20 WebSocket viewers, p99", "ms", 20)
COMPANY_P99 = Bar("p99 with 5 stalled and 5 slow ones beside them", "×", 1.2)
CLOSED = Bar("of the 5 stalled, closed after send_timeout_s", "", COMPANY, at_least=True)
MEMORY = Bar("server's memory at its highest, by how much more with them", "MiB")
BARS = (P50, P99, SOCKET_P50, SOCKET_P99, COMPANY_P99, CLOSED)


def measure(bench: Workbench) -> Iterator[Figure]:
    """Rounds of alone, in bad company, over WebSocket."""
    rounds, seconds = (1, bench.seconds(0, 2.5)) if bench.quick else (3, bench.seconds(4, 0))
    camera = bench.camera("latency-camera")
    alone, beside, socket = [], [], []
    with Box(bench.folder, source=camera.source, env=camera.env, core=bench.cores.measured) as box:
        pids = (box.pid, box.worker)
        watch(bench, box.port, box.mjpeg(), VIEWERS, 1)
        before_mb = _highest_mb(box.pid)
        for number in range(rounds):
            is_last = number == rounds - 1 and not bench.quick
            linger_s = max(1.0, SEND_TIMEOUT_S + PATIENCE_S - seconds) if is_last else 0.0
            company = (*COMPANY_OPTIONS, f"linger={linger_s:g}")
            alone.append(watch(bench, box.port, box.mjpeg(), VIEWERS, seconds, pids=pids))
            beside.append(watch(bench, box.port, box.mjpeg(), VIEWERS, seconds, *company, pids=pids))
            socket.append(watch(bench, box.port, box.socket(), VIEWERS, seconds, "ws", pids=pids))
        grown_mb = _highest_mb(box.pid) - before_mb
    yield from _ages(P50, P99, alone)
    yield from _ages(SOCKET_P50, SOCKET_P99, socket)
    ratio = _middle(beside, "age_ms_p99") / _middle(alone, "age_ms_p99")
    note = f"round by round {_rounds(beside, 'age_ms_p99')} ms beside them, {_rounds(alone, 'age_ms_p99')} ms alone"
    yield Figure(COMPANY_P99, ratio, note=note, details=_details(beside))
    if bench.quick:
        yield Figure(CLOSED, note=f"takes longer than a quick run: {SEND_TIMEOUT_S:g} s")
    else:
        last = beside[-1].seen
        others = f"{last['slow_closed']:.0f} of the {COMPANY} slow ones were closed, too; {last['lost']:.0f} others"
        yield Figure(CLOSED, last["stalled_closed"], note=others)
    yield Figure(MEMORY, grown_mb, note=f"{before_mb:.1f} MiB before")


def _ages(p50: Bar, p99: Bar, rounds: list[Watched]) -> Iterator[Figure]:
    yield Figure(p50, _middle(rounds, "age_ms_p50"), details=_details(rounds))
    highest = f"round by round {_rounds(rounds, 'age_ms_p99')} ms; {max(each.seen['age_ms_max'] for each in rounds):.1f} ms at most; "
    highest += f"other things took up to {max(each.others_busy for each in rounds):.0%} of the machine"
    yield Figure(p99, _middle(rounds, "age_ms_p99"), note=highest)


def _details(rounds: list[Watched]) -> dict[str, object]:
    return {"rounds": [{"seen": each.seen, "others_busy": each.others_busy} for each in rounds]}


def _middle(rounds: list[Watched], name: str) -> float:
    return statistics.median(each.seen[name] for each in rounds)


def _rounds(rounds: list[Watched], name: str) -> str:
    return " ".join(f"{each.seen[name]:.2f}" for each in rounds)


def _highest_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(peak) * 1024 / 1e6
