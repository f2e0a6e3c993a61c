"""Bad links: how old is what arrives, and is it worth looking at?

The pattern camera at 1280x720 and the presets as shipped. Viewers sit in network namespaces behind a token bucket (its queue is
the router's); acknowledgements and TCP's own go back unhindered. `auto` over WebSocket is watched as the page does it: each picture
is acknowledged at once, and every 2 s comes the page's ping. The queue of a link has a fixed number of bytes, as a router's has:
one second at 1 Mbit/s. The pattern at `high` costs about 1.4 MB/s, so 6 Mbit/s do not carry all of it: after the step up it shall be
as it was before the step down. 20 Mbit/s do; that is held to what a viewer of `high` gets at the same time on loopback.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

import msgspec

from appliance.wire.events import Ack
from bench.box import STREAM, Box
from bench.figures import Bar, Figure
from bench.network import Link, check, link, sweep
from bench.trace import Trace
from bench.watching import command
from bench.workbench import Workbench

NAME = "links"
QUEUE_BYTES = 125_000
NEARLY = 0.9  # of the rate, within a second: one picture may be late
STEP_S = 3.0  # after a step down
AS_THE_PAGE = ("ws", f"acks={STREAM}", "ping=2")

AGE = Bar("1 Mbit/s, preset=auto over WebSocket: age p95", "ms", 300)
RATE = Bar("1 Mbit/s, preset=auto over WebSocket: rate", "fps", 10, at_least=True)
MJPEG_AGE = Bar("1 Mbit/s, preset=auto over MJPEG: age p95", "ms", 300)
MJPEG_RATE = Bar("1 Mbit/s, preset=auto over MJPEG: rate", "fps", 10, at_least=True)
MAILBOX_AGE = Bar("1 Mbit/s, preset=high, nothing acknowledged: age p95", "ms")
MAILBOX_RATE = Bar("1 Mbit/s, preset=high, nothing acknowledged: rate", "fps")
DOWN = Bar("6 → 1 Mbit/s: worst age in the 3 s after", "ms", 800)
UP = Bar("1 → 6 Mbit/s: until size and rate are as before", "s", 6)
FAR_RATE = Bar("20 Mbit/s, 100 ms round trip: of loopback's rate at high", "×", 0.95, at_least=True)
FAR_BYTES = Bar("20 Mbit/s, 100 ms round trip: of loopback's bytes at high", "×", 0.95, at_least=True)
BARS = (AGE, RATE, MJPEG_AGE, MJPEG_RATE, DOWN, UP, FAR_RATE, FAR_BYTES)


class Client(NamedTuple):
    """One viewer at the far end of a link, or of loopback."""

    name: str
    link: Link | None
    preset: str
    options: tuple[str, ...]


def measure(bench: Workbench) -> Iterator[Figure]:
    """The three kinds of bad link, one after the other, on one box."""
    check()
    sweep()
    with ExitStack() as stack:
        slow = [stack.enter_context(link(bench, number, 1, QUEUE_BYTES)) for number in range(3)]
        step = stack.enter_context(link(bench, 3, 6, QUEUE_BYTES))
        far = stack.enter_context(link(bench, 4, 20, 2 * QUEUE_BYTES, round_trip_ms=100))
        addresses = tuple(each.server for each in (*slow, step, far))
        box = stack.enter_context(Box(bench.folder, addresses=addresses, preset="high"))
        yield from _narrow(bench, box, slow)
        yield from _steps(bench, box, step)
        yield from _far(bench, box, far)


def _narrow(bench: Workbench, box: Box, slow: list[Link]) -> Iterator[Figure]:
    clients = [
        Client("auto", slow[0], "auto", _as_the_page()),
        Client("mjpeg", slow[1], "auto", ()),
        Client("mailbox", slow[2], "high", ("ws",)),
    ]
    traces = _watch(bench, box, clients, settle_s=bench.seconds(5, 4), seconds=bench.seconds(15, 5))
    bars = (("auto", AGE, RATE), ("mjpeg", MJPEG_AGE, MJPEG_RATE), ("mailbox", MAILBOX_AGE, MAILBOX_RATE))
    for name, age, rate in bars:
        trace = traces[name]
        size = f", {trace.width} wide" if trace.width else ""
        note = f"p50 {trace.age_ms(0.5):.0f} ms, at most {trace.age_ms(1):.0f} ms, {trace.kbytes_per_s:.0f} KB/s{size}"
        yield Figure(age, trace.age_ms(0.95), note=note, details=trace.summary())
        yield Figure(rate, trace.fps)


def _steps(bench: Workbench, box: Box, step: Link) -> Iterator[Figure]:
    begin_s, low_s, end_s = bench.seconds(9, 6), bench.seconds(8, 4), bench.seconds(10, 7)
    times = []

    def change() -> None:
        for mbit_per_s, pause_s in ((1, begin_s), (6, low_s)):
            time.sleep(pause_s)
            step.be(mbit_per_s, QUEUE_BYTES)
            times.append(time.time())
        time.sleep(end_s)

    client = Client("step", step, "auto", _as_the_page())
    [whole] = _watch(bench, box, [client], settle_s=0.5, seconds=begin_s + low_s + end_s, meanwhile=change).values()
    down_s, up_s = times
    before, after = whole.between(down_s - STEP_S, down_s), whole.between(down_s, down_s + STEP_S)
    narrow, wide = whole.between(down_s + STEP_S, up_s), whole.between(up_s, whole.end_s)
    details: dict[str, object] = {"before": before.summary(), "narrow": narrow.summary(), "wide": wide.summary()}
    note = f"before {_words(before)}; then {_words(narrow)}; longest gap {after.longest_gap_ms:.0f} ms"
    yield Figure(DOWN, after.age_ms(1), note=note, details=details)
    again_s = wide.full_after_s(before.width, NEARLY * before.fps)
    end = wide.between(wide.end_s - STEP_S, wide.end_s)
    never = f"never within {end_s:g} s, which counts as that; " if again_s is None else ""
    yield Figure(UP, end_s if again_s is None else again_s, note=f"{never}at the end {_words(end)}")


def _far(bench: Workbench, box: Box, far: Link) -> Iterator[Figure]:
    clients = [Client("far", far, "auto", _as_the_page()), Client("here", None, "high", ("ws",))]
    traces = _watch(bench, box, clients, settle_s=bench.seconds(6, 3), seconds=bench.seconds(8, 3))
    there, here = traces["far"], traces["here"]
    note = f"there {_words(there)}, age p95 {there.age_ms(0.95):.0f} ms; on loopback {_words(here)}"
    yield Figure(FAR_RATE, there.fps / here.fps, note=note, details={"far": there.summary(), "here": here.summary()})
    yield Figure(FAR_BYTES, there.kbytes_per_s / here.kbytes_per_s)


def _words(trace: Trace) -> str:
    return f"{trace.fps:.1f} fps, {trace.width} wide, {trace.kbytes_per_s:.0f} KB/s"


def _as_the_page() -> tuple[str, ...]:
    """With `drawn_after_ms` where this version knows it: an unknown field is an error there."""
    known = {field.name for field in msgspec.structs.fields(Ack)}
    return (*AS_THE_PAGE, "drawn") if "drawn_after_ms" in known else AS_THE_PAGE


def _watch(
    bench: Workbench,
    box: Box,
    clients: list[Client],
    *,
    settle_s: float,
    seconds: float,
    meanwhile: Callable[[], object] = lambda: None,
) -> dict[str, Trace]:
    """All at once. What they see in the first `settle_s` does not count. Raises RuntimeError when one sees nothing."""
    running: list[tuple[Client, subprocess.Popen[str]]] = []
    begin_s = 0.0
    try:
        for client in clients:
            path = box.socket(client.preset) if "ws" in client.options else box.mjpeg(client.preset)
            options = [*client.options, f"warm={settle_s:g}", f"trace={bench.folder / client.name}"]
            options += [f"host={client.link.server}"] if client.link else []
            words = command(bench, box.port, path, 1, seconds, *options)
            words = client.link.inside(words) if client.link else words
            running.append((client, subprocess.Popen(words, stdout=subprocess.PIPE, text=True)))
        for _, process in running:
            assert process.stdout is not None
            process.stdout.readline()
        begin_s = time.time()
        meanwhile()
        for client, process in running:
            if process.wait(seconds + settle_s + 10):
                raise RuntimeError(f"the viewer {client.name} ended with status {process.returncode}")
    finally:
        for _, process in running:
            if process.poll() is None:
                process.terminate()
            process.communicate()
    traces = {client.name: Trace.read(bench.folder / client.name, begin_s, begin_s + seconds) for client in clients}
    if blind := [name for name, trace in traces.items() if not trace.seen]:
        raise RuntimeError(f"no picture came to {', '.join(blind)}")
    return traces
