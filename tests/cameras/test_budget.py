"""The budget holds in every window, quality gives way smoothly, and frames are skipped only at the end of that."""

import math
import random
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.cameras.budget import LEAST_QUALITY, WINDOW_S, Budget, Untouched


class Sent(NamedTuple):
    at_s: float
    size: int
    quality: int


def scene(
    budget: Budget, *, weight: float, fps: float, seconds: float, start_s: float = 100.0, seed: int = 3
) -> list[Sent]:
    """Encode a scene whose frames weigh about `weight` at quality 85, as renditions.py does."""
    rng = random.Random(seed)
    sent = []
    for n in range(round(seconds * fps)):
        at_s = start_s + n / fps
        if budget.expects_to_send(at_s):
            quality = budget.quality
            size = round(weight * math.exp((quality - 85) * 0.028) * rng.uniform(0.9, 1.1))
            budget.encoded(size, fps, at_s)
            if budget.admits(size, at_s):
                sent.append(Sent(at_s, size, quality))
    return sent


def heaviest_window(sent: list[Sent]) -> int:
    return max(sum(frame.size for frame in sent if 0 <= frame.at_s - first.at_s < WINDOW_S) for first in sent)


@given(st.integers(1000, 120_000), st.sampled_from([5, 15, 24, 30]), st.sampled_from([100, 250, 500, 1000, 2000]))
def test_no_window_is_over_the_budget(weight: int, fps: int, budget: int) -> None:
    sent = scene(Budget(budget, 85), weight=weight, fps=fps, seconds=8)
    assert heaviest_window(sent) <= WINDOW_S * budget * 1000


def test_a_light_scene_keeps_its_quality_and_every_frame() -> None:
    sent = scene(Budget(2000, 85), weight=40_000, fps=30, seconds=5)
    assert len(sent) == 150
    assert {frame.quality for frame in sent} == {85}


def test_quality_gives_way_before_frames_do() -> None:
    sent = scene(Budget(1000, 80), weight=60_000, fps=24, seconds=10)
    late = [frame for frame in sent if frame.at_s >= 103]
    assert len(late) == 24 * 7
    assert all(LEAST_QUALITY < frame.quality < 80 for frame in late)
    assert sum(frame.size for frame in late) > 0.75 * 7 * 1_000_000  # and the budget is used


def test_quality_does_not_pump() -> None:
    late = [frame for frame in scene(Budget(1000, 80), weight=60_000, fps=24, seconds=30) if frame.at_s > 105]
    assert max(frame.quality for frame in late) - min(frame.quality for frame in late) <= 4
    assert all(abs(after.quality - before.quality) <= 3 for before, after in pairwise(late))


def test_at_the_least_quality_frames_are_skipped_evenly() -> None:
    sent = [frame for frame in scene(Budget(500, 70), weight=120_000, fps=30, seconds=10) if frame.at_s > 102]
    assert {frame.quality for frame in sent} == {LEAST_QUALITY}
    gaps = [after.at_s - before.at_s for before, after in pairwise(sent)]
    assert max(gaps) <= 2.1 * min(gaps)
    assert sum(frame.size for frame in sent) > 0.7 * 7 * 500_000


def test_quality_comes_back_slowly_when_the_scene_calms_down() -> None:
    budget = Budget(1000, 80)
    scene(budget, weight=80_000, fps=24, seconds=5)
    low = budget.quality
    calm = scene(budget, weight=20_000, fps=24, seconds=30, start_s=105)
    assert calm[24].quality - low <= 4
    assert calm[-1].quality == 80


def test_a_frame_larger_than_everything_still_goes_now_and_then() -> None:
    sent = scene(Budget(10, 85), weight=60_000, fps=15, seconds=30)
    assert len(sent) >= 5


def test_without_a_budget_everything_goes() -> None:
    assert len(scene(Budget(None, 95), weight=1_000_000, fps=30, seconds=2)) == 60


def passes(untouched: Untouched, size: int, seconds: float, start_s: float) -> list[bool]:
    return [untouched.fits(size, 30, start_s + n / 30) for n in range(round(seconds * 30))]


def test_camera_jpegs_pass_while_they_fit_and_come_back_late() -> None:
    untouched = Untouched(2000)
    assert all(passes(untouched, 50_000, 3, 0))
    heavy = passes(untouched, 90_000, 3, 3)
    assert heavy[0]
    assert not any(heavy[30:])
    light = passes(untouched, 30_000, 6, 6)
    assert not any(light[:60])
    assert all(light[-60:])


@pytest.mark.parametrize("size", [60_000, 62_000, 64_000])
def test_camera_jpegs_at_the_edge_do_not_flip(size: int) -> None:
    rng = random.Random(5)
    untouched = Untouched(2000)
    answers = [untouched.fits(round(size * rng.uniform(0.9, 1.1)), 30, n / 30) for n in range(900)]
    assert sum(before != after for before, after in pairwise(answers)) <= 1
