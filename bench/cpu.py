"""CPU per delivered frame: one picture of 127 KB, 30 times a second, to 100 viewers.

Server and worker share one core, as ustreamer's one process has to; the viewers have the other. What is counted is user and system time
over the window in which the viewers count, divided by the frames they got. All take turns, in rounds, with the floor before, between
and after; ratios are of the middle ones of all rounds. How far the floor's rounds are apart is how far to trust them.
"""

import statistics
from collections.abc import Iterator
from typing import NamedTuple

from bench.box import Box
from bench.camera import FakeCamera
from bench.figures import Bar, Figure, NotRunError
from bench.rivals import kernel_floor, ustreamer
from bench.watching import Watched, watch
from bench.workbench import Workbench

NAME = "cpu"
VIEWERS = 100
SETTLED = "warm=3"  # seconds until the count begins: who has just come is still being told things
MOST_OF_FLOOR = 1.6
MOST_OF_USTREAMER = 0.3

COST = Bar("CPU per delivered frame", "µs")
MJPEG = Bar("server over MJPEG, of the floor", "×", MOST_OF_FLOOR)
SOCKET = Bar("server over WebSocket, of the floor", "×", MOST_OF_FLOOR)
WHOLE_MJPEG = Bar("server and worker over MJPEG, of ustreamer", "×", MOST_OF_USTREAMER)
WHOLE_SOCKET = Bar("server and worker over WebSocket, of ustreamer", "×", MOST_OF_USTREAMER)
BARS = (MJPEG, SOCKET, WHOLE_MJPEG, WHOLE_SOCKET)


def measure(bench: Workbench) -> Iterator[Figure]:
    """Rounds of floor, ours twice, ustreamer; and the floor once more."""
    viewers, seconds = bench.viewers or VIEWERS, bench.seconds(3, 2)
    rounds = 1 if bench.quick or bench.window_s else 5
    floors, mjpeg, socket, rivals = [_floor(bench, viewers, seconds)], [], [], []
    camera, rival_camera = bench.camera("cpu-camera"), bench.camera("rival-camera")
    why_not = ""
    with Box(bench.folder, source=camera.source, env=camera.env, core=bench.cores.measured) as box:
        pids = [box.pid, box.worker]
        for _ in range(rounds):
            mjpeg.append(watch(bench, box.port, box.mjpeg(), viewers, seconds, SETTLED, pids=pids))
            socket.append(watch(bench, box.port, box.socket(), viewers, seconds, "ws", SETTLED, pids=pids))
            try:
                rivals.append(_ustreamer(bench, rival_camera, viewers, seconds))
            except NotRunError as error:
                why_not = str(error)
            floors.append(_floor(bench, viewers, seconds))
    floor = Cost.of(floors)
    rival = Cost.of(rivals) if rivals else None
    costs = (("MJPEG", Cost.of(mjpeg), MJPEG, WHOLE_MJPEG), ("WebSocket", Cost.of(socket), SOCKET, WHOLE_SOCKET))
    for kind, ours, of_floor, of_rival in costs:
        yield _cost_row(kind, ours, floor, rival)
        theirs = rival.server_us / floor.server_us if rival else None
        yield Figure(of_floor, ours.server_us / floor.server_us, floor=1.0, ustreamer=theirs)
        if rival:
            yield Figure(of_rival, (ours.server_us + ours.worker_us) / rival.server_us, ustreamer=1.0)
        else:
            yield Figure(of_rival, note=why_not)


class Cost(NamedTuple):
    """CPU per frame in the middle of all rounds."""

    server_us: float
    worker_us: float
    each_us: list[float]  # of the server, round by round
    fps_min: float
    others_busy: float  # in the round with the most of it

    @classmethod
    def of(cls, rounds: list[Watched]) -> "Cost":
        """In the middle: a round in which the machine did something else does not count for more than one."""
        each_us = [watched.cpu_us_per_frame[0] for watched in rounds]
        worker_us = [sum(watched.cpu_us_per_frame[1:]) for watched in rounds]
        fps_min = min(watched.seen["fps_min"] for watched in rounds)
        others = max(watched.others_busy for watched in rounds)
        return cls(statistics.median(each_us), statistics.median(worker_us), each_us, fps_min, others)

    def __str__(self) -> str:
        return " ".join(f"{each:.1f}" for each in self.each_us)


def _cost_row(kind: str, ours: Cost, floor: Cost, rival: Cost | None) -> Figure:
    note = f"round by round {ours}; floor {floor}; " + (f"ustreamer {rival}; " if rival else "")
    note += f"the worker's share {ours.worker_us:.1f} µs; {ours.fps_min:.1f} fps at least"
    note += f"; other things took up to {max(ours.others_busy, floor.others_busy):.0%} of the machine"
    details: dict[str, object] = {"ours": ours._asdict(), "floor": floor._asdict()}
    details |= {"ustreamer": rival._asdict()} if rival else {}
    bar = COST._replace(what=f"{COST.what}, {kind}")
    return Figure(bar, ours.server_us, floor.server_us, rival.server_us if rival else None, note, details)


def _floor(bench: Workbench, viewers: int, seconds: float) -> Watched:
    with kernel_floor(bench) as floor:
        return watch(bench, floor.port, floor.path, viewers, seconds, pids=[floor.pid])


def _ustreamer(bench: Workbench, camera: FakeCamera, viewers: int, seconds: float) -> Watched:
    with ustreamer(bench, camera) as rival:
        return watch(bench, rival.port, rival.path, viewers, seconds, pids=[rival.pid])
