"""Viewers who come and go, every other one by a reset in the middle of a frame: nobody is turned away and nothing stays behind."""

from pathlib import Path

from bench.box import Box
from bench.visitors import sample, visit


def test_nothing_stays_behind(tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        visit(box, 100)
        before = sample(box, 100)
        visit(box, 700, 100)
        after = sample(box, 800)
    assert after.tasks <= before.tasks
    assert after.files <= before.files + 1  # a worker's log may be read just then
    assert after.memory_mb < before.memory_mb + 5
