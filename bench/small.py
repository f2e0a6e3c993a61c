"""The smaller bars: budgets, a second rendition, a box at rest, memory, start, a camera pulled out, stop."""

import socket
import statistics
import time
from collections.abc import Iterator

from appliance.config.model import shipped_presets
from bench.box import HOST, Box, Parts
from bench.figures import Bar, Figure
from bench.processes import cpu_s, memory_mb, wait_until
from bench.rendering import ours_ms, theirs_ms
from bench.watching import watch
from bench.workbench import Workbench

NAME = "small"
STARTS = 3
STALL_S = 1.5  # until what the kernel takes is full

BUDGETS = {
    name: Bar(f"{name} on the wire, a detailed picture", "KB/s", preset.max_kbytes_per_s)
    for name, preset in shipped_presets().items()
}
SECOND = {
    height: Bar(f"a second rendition, 720p → {height}p, of OpenCV's defaults", "×", 0.45) for height in (480, 320)
}
IDLE = Bar("nobody watches: server's share of a core", "%", 1)
IDLE_WORKER = Bar("nobody watches: worker's share of a core", "%")
SERVER_MEMORY = Bar("memory of the server after 20 viewers", "MiB", 50)
WORKER_MEMORY = Bar("memory of the worker after 20 viewers", "MiB", 80)
START = Bar("start to first picture served (pattern)", "s", 1.5)
UNPLUGGED = Bar("camera unplugged to placeholder", "s", 2)
REPLUGGED = Bar("camera plugged in again to live", "s", 3)
STOP = Bar("stop with a stalled viewer", "s", 3)
BARS = (*BUDGETS.values(), *SECOND.values(), IDLE, SERVER_MEMORY, WORKER_MEMORY, START, UNPLUGGED, REPLUGGED, STOP)


def measure(bench: Workbench) -> Iterator[Figure]:
    """One after the other, each on a fresh box where that matters."""
    yield from _second_rendition(bench)
    yield from _rest_and_budgets(bench)
    yield _start(bench)
    yield from _pulled_out(bench)
    yield _stop(bench)


def _second_rendition(bench: Workbench) -> Iterator[Figure]:
    rounds = 20 if bench.quick else 60
    for height, bar in SECOND.items():
        ours, theirs, alike = ours_ms(bench.pictures, height, rounds), *theirs_ms(bench.pictures, height, rounds)
        note = f"{ours:.2f} ms; OpenCV {theirs:.2f} ms, with INTER_AREA and our JPEG quality {alike:.2f} ms ({ours / alike:.2f} ×)"
        yield Figure(bar, ours / theirs, note=note)


def _rest_and_budgets(bench: Workbench) -> Iterator[Figure]:
    seconds = bench.seconds(6, 2)
    camera = bench.camera("small-camera")
    with Box(bench.folder, source=camera.source, env=camera.env) as box:
        yield from _rest(box, seconds)
        for name, bar in BUDGETS.items():
            seen = watch(bench, box.port, box.mjpeg(name), 1, seconds).seen
            note = f"{seen['fps_median']:.1f} fps"
            yield Figure(bar, seen["bytes_per_s"] / 1000, note=note, details={"seen": seen})
        watch(bench, box.port, box.mjpeg("high"), 20, 2)
        yield Figure(SERVER_MEMORY, memory_mb(box.pid))
        yield Figure(WORKER_MEMORY, memory_mb(box.worker), note="with a USB camera, three presets made since its start")


def _rest(box: Box, seconds: float) -> Iterator[Figure]:
    pids = (box.pid, box.worker)
    time.sleep(1)  # what a start leaves to do
    before = [cpu_s(pid) for pid in pids]
    time.sleep(seconds)
    server, worker = (100 * (cpu_s(pid) - start) / seconds for pid, start in zip(pids, before, strict=True))
    yield Figure(IDLE, server)
    yield Figure(IDLE_WORKER, worker, note="it takes the camera's pictures and makes nothing of them")


def _start(bench: Workbench) -> Figure:
    taken_s = []
    for _ in range(1 if bench.quick else STARTS):
        with Box(bench.folder, wait=False) as box:
            wait_until(lambda box=box: _listens(box), 10, "the box listens")  # type: ignore[misc]
            parts = Parts(box.port, box.mjpeg("high"))
            parts.wait_for(placeholder=False)
            taken_s.append(time.monotonic() - box.began_s)
            parts.close()
    note = "in the middle of " + ", ".join(f"{each:.2f}" for each in taken_s) + " s"
    return Figure(START, statistics.median(taken_s), note=note)


def _pulled_out(bench: Workbench) -> Iterator[Figure]:
    camera = bench.camera("switched-camera").with_switch()
    with Box(bench.folder, source=camera.source, env=camera.env) as box:
        parts = Parts(box.port, box.mjpeg())
        parts.wait_for(placeholder=False)
        time.sleep(2.5)  # a camera that lived for so long is started again without a wait
        for bar, act, placeholder in ((UNPLUGGED, camera.unplug, True), (REPLUGGED, camera.plug_in, False)):
            began_s = time.monotonic()
            act()
            parts.wait_for(placeholder=placeholder)
            yield Figure(bar, time.monotonic() - began_s)
            time.sleep(1)
        parts.close()


def _stop(bench: Workbench) -> Figure:
    camera = bench.camera("stopped-camera")
    with Box(bench.folder, source=camera.source, env=camera.env) as box, socket.socket() as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        stalled.connect((HOST, box.port))
        stalled.sendall(f"GET {box.mjpeg()} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        time.sleep(STALL_S)
        return Figure(STOP, box.stop(), note=f"exit status {box.process.returncode}")


def _listens(box: Box) -> bool:
    if box.process.poll() is not None:
        raise TimeoutError(f"the box ended:\n{box.last_words()}")
    with socket.socket() as probe:
        return probe.connect_ex((HOST, box.port)) == 0
