"""Strain: 2,000 strangers beside ten viewers, and 10,000 visitors.

The strangers come from 20 addresses of loopback: a third say nothing, a third send a byte a second of a request, a third send
header lines for ever. Limits are set so high that the strangers get in; how soon they are shown out again is what is asked.
The bars of this file are its own: the design says "bounded", and these are the bounds.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from bench.box import Box
from bench.figures import Bar, Figure
from bench.processes import memory_mb
from bench.strangers import Outcome, Strangers
from bench.visitors import Sample, growth_kb_per_1000, sample, visit
from bench.watching import command, watch
from bench.workbench import Workbench

NAME = "strain"
VIEWERS = 10
STRANGERS = 2000
VISITORS = 10_000
PATIENCE_S = 30.0  # a server that keeps a stranger longer does not bound it
SAMPLES = 8
QUICK_STRANGERS, QUICK_VISITORS, QUICK_SAMPLES = 600, 800, 2  # too few visitors to say what grows

FPS = Bar("10 viewers beside 2,000 strangers, the one with the least", "fps", 29.0, at_least=True)
AGE = Bar("age of their pictures, p95, with the strangers", "ms", 50)
STAY = Bar("longest stay of a stranger", "s", 20)
HELD = Bar("strangers still there after 30 s", "", 0)
MEMORY = Bar("server's memory at its highest, by how much more", "MiB", 100)
GROWTH = Bar("memory for each 1,000 of 10,000 visitors", "KiB", 200)
BEHIND = Bar("tasks and files they left behind", "", 0)
BARS = (FPS, AGE, STAY, HELD, MEMORY, GROWTH, BEHIND)


def measure(bench: Workbench) -> Iterator[Figure]:
    """First the strangers, then, on a fresh box, the visitors."""
    with _here(bench.cores.viewers):
        camera = bench.camera("strain-camera")
        with Box(bench.folder, source=camera.source, env=camera.env, core=bench.cores.measured) as box:
            yield from _strangers(bench, box)
        with Box(bench.folder, core=bench.cores.measured) as box:
            yield from _visitors(bench, box)


def _strangers(bench: Workbench, box: Box) -> Iterator[Figure]:
    seconds = bench.seconds(8, 3)
    alone = watch(bench, box.port, box.mjpeg(), VIEWERS, seconds).seen
    before_mb = highest_mb = memory_mb(box.pid)
    strangers = Strangers(box.port, QUICK_STRANGERS if bench.quick else STRANGERS)
    words = command(bench, box.port, box.mjpeg(), VIEWERS, seconds, "warm=2")
    began_s = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as viewers:
        while viewers.poll() is None or (strangers.open and time.monotonic() - began_s < PATIENCE_S):
            strangers.go_on()
            highest_mb = max(highest_mb, memory_mb(box.pid))
        beside = msgspec.json.decode((viewers.stdout.read() if viewers.stdout else "").splitlines()[-1])
    outcome = strangers.leave()
    yield Figure(FPS, beside["fps_min"], note=f"{alone['fps_min']:.1f} fps without them; {beside['lost']} lost")
    yield Figure(AGE, beside["age_ms_p95"], note=f"{alone['age_ms_p95']:.2f} ms without them")
    yield Figure(STAY, outcome.longest_s, note=_words(outcome), details=outcome._asdict())
    yield Figure(HELD, outcome.open)
    yield Figure(
        MEMORY, highest_mb - before_mb, note=f"{before_mb:.1f} MiB before, {memory_mb(box.pid):.1f} MiB after they left"
    )


def _words(outcome: Outcome) -> str:
    return (
        f"of {outcome.tried}, {outcome.refused} were turned away within a second, "
        f"{outcome.closed} shown out later, {outcome.open} never"
    )


def _visitors(bench: Workbench, box: Box) -> Iterator[Figure]:
    count, parts = (QUICK_VISITORS, QUICK_SAMPLES) if bench.quick else (VISITORS, SAMPLES)
    began_s = time.monotonic()
    samples = [sample(box, 0)]
    for part in range(parts):
        visit(box, count // parts, part * count // parts)
        samples.append(sample(box, (part + 1) * count // parts))
    first, last = samples[0], samples[-1]
    note = f"{last.visitors} visitors in {time.monotonic() - began_s:.0f} s; {_memory(samples)}"
    details: dict[str, object] = {"samples": [each._asdict() for each in samples]}
    growth = None if bench.quick else growth_kb_per_1000(samples)
    yield Figure(GROWTH, growth, note=f"too few in a quick run; {note}" if bench.quick else note, details=details)
    left = max(0, last.tasks - first.tasks) + max(0, last.files - first.files)
    yield Figure(BEHIND, left, note=f"tasks {first.tasks} → {last.tasks}, files {first.files} → {last.files}")


def _memory(samples: list[Sample]) -> str:
    return "memory " + " ".join(f"{each.memory_mb:.1f}" for each in samples) + " MiB"


@contextmanager
def _here(core: int) -> Iterator[None]:
    """This process on the viewers' core: it plays the strangers."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
