"""Questions to what a viewer saw, answered from rows that are easy to count."""

from pathlib import Path

from bench.trace import Seen, Trace
from bench.visitors import Sample, growth_kb_per_1000


def seen_at(fps: float, begin_s: float, end_s: float, *, age_ms: float = 20, width: int = 1280) -> list[Seen]:
    count = round((end_s - begin_s) * fps)
    return [Seen(begin_s + (n + 0.5) / fps, age_ms, 10_000, width, 720, n) for n in range(count)]


def test_rates_ages_and_gaps() -> None:
    rows = seen_at(10, 100, 102) + seen_at(10, 103, 104, age_ms=300)
    trace = Trace(rows, 100, 104)
    assert (trace.fps, trace.kbytes_per_s, trace.width) == (7.5, 75.0, 1280)
    assert (trace.age_ms(0.5), trace.age_ms(0.95), trace.age_ms(1)) == (20, 300, 300)
    assert round(trace.longest_gap_ms) == 1100
    assert Trace([], 100, 104).age_ms(0.95) == 4000, "who sees nothing sees what is as old as that"


def test_when_it_is_as_before_again() -> None:
    slow = seen_at(10, 100, 102, width=640)
    fast_but_small = seen_at(30, 102, 103, width=640)
    trace = Trace(slow + fast_but_small + seen_at(30, 103, 106), 100, 106)
    again_s = trace.full_after_s(1280, 27)
    assert again_s is not None
    assert 3.0 < again_s < 3.1
    assert Trace(slow, 100, 102).full_after_s(1280, 27) is None


def test_what_the_viewers_wrote(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    file.write_text("100.500000 12.25 5000 854 480 7\n103.000000 13.00 5000 854 480 8\n")
    assert Trace.read(file, 100, 102).seen == [Seen(100.5, 12.25, 5000, 854, 480, 7)]


def test_growth_is_that_of_the_second_half() -> None:
    samples = [Sample(0, 40, 10, 10)] + [Sample(1000 * n, 50 + 0.1 * n, 10, 10) for n in range(1, 8)]
    assert round(growth_kb_per_1000(samples), 1) == 102.4
