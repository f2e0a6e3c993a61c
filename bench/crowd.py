"""A crowd: 300 viewers of 720p30, 127 KB a picture, with server and worker on one core."""

from collections.abc import Iterator

from bench.box import Box
from bench.figures import Bar, Figure, NotRunError
from bench.rivals import Rival, kernel_floor, ustreamer
from bench.watching import Watched, watch
from bench.workbench import Workbench

NAME = "crowd"
VIEWERS = 300
LEAST_FPS = 29.5

MJPEG = Bar("300 viewers over MJPEG, the one with the least", "fps", LEAST_FPS, at_least=True)
SOCKET = Bar("300 viewers over WebSocket, the one with the least", "fps", LEAST_FPS, at_least=True)
SHARE = Bar("server's share of its core, MJPEG", "%")
SHARE_SOCKET = Bar("server's share of its core, WebSocket", "%")
BARS = (MJPEG, SOCKET)
ALL_THERE = "warm=4"  # seconds until the count begins: three hundred requests are answered first


def measure(bench: Workbench) -> Iterator[Figure]:
    """The floor, ours twice, ustreamer."""
    viewers, seconds = bench.viewers or VIEWERS, bench.seconds(6, 2)
    with kernel_floor(bench) as rival:
        floor = _watch(bench, rival, viewers, seconds)
    camera = bench.camera("crowd-camera")
    with Box(bench.folder, source=camera.source, env=camera.env, core=bench.cores.measured) as box:
        pids = [box.pid, box.worker]
        mjpeg = watch(bench, box.port, box.mjpeg(), viewers, seconds, ALL_THERE, pids=pids)
        socket = watch(bench, box.port, box.socket(), viewers, seconds, "ws", ALL_THERE, pids=pids)
    theirs = None
    try:
        with ustreamer(bench, bench.camera("crowd-rival-camera")) as rival:
            theirs = _watch(bench, rival, viewers, seconds)
    except NotRunError:
        pass  # `cpu` says so
    for bar, share, ours in ((MJPEG, SHARE, mjpeg), (SOCKET, SHARE_SOCKET, socket)):
        note = f"{ours.seen['fps_median']:.1f} fps in the middle, {ours.seen['lost']:.0f} lost, {viewers} viewers, "
        note += f"who used {100 * ours.viewers_cpu_s / seconds:.0f} % of the other core; "
        note += f"other things took {ours.others_busy:.0%} of the machine"
        details: dict[str, object] = {"viewers": viewers, "seconds": seconds, "seen": ours.seen}
        yield Figure(bar, ours.seen["fps_min"], floor.seen["fps_min"], _fps(theirs), note, details)
        yield Figure(share, _share(ours), _share(floor), _share(theirs) if theirs else None)


def _watch(bench: Workbench, rival: Rival, viewers: int, seconds: float) -> Watched:
    return watch(bench, rival.port, rival.path, viewers, seconds, ALL_THERE, pids=[rival.pid])


def _share(watched: Watched) -> float:
    return 100 * watched.cpu_s[0] / watched.seconds


def _fps(watched: Watched | None) -> float | None:
    return watched.seen["fps_min"] if watched else None
