"""Pace: exact rates out of any rhythm."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.pace import Pace

CAMERA_FPS = 30
RATES = [30, 24, 15, 10, 1]
SECONDS = 100


def camera(fps: float, seconds: float, jitter: float = 0.0, start_s: float = 1000.0) -> list[float]:
    """Capture times of a camera; `jitter` is a share of its interval, to either side."""
    rng = random.Random(7)
    return [start_s + (n + rng.uniform(-jitter, jitter)) / fps for n in range(round(fps * seconds))]


def kept(fps: float | None, times_s: list[float]) -> list[float]:
    pace = Pace(fps)
    return [time_s for time_s in times_s if pace.lets_through(time_s)]


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("jitter", [0.0, 0.1, 0.4])
def test_average_rate_is_exact(fps: int, jitter: float) -> None:
    assert abs(len(kept(fps, camera(CAMERA_FPS, SECONDS, jitter))) - fps * SECONDS) <= 1


@pytest.mark.parametrize("fps", RATES)
def test_rhythm_is_as_even_as_the_camera_allows(fps: int) -> None:
    times_s = kept(fps, camera(CAMERA_FPS, SECONDS))
    gaps_s = [later - earlier for earlier, later in itertools.pairwise(times_s)][1:]  # the first one finds the rhythm
    assert max(gaps_s) < 1 / fps + 1 / CAMERA_FPS + 1e-9
    assert min(gaps_s) > 1 / fps - 1 / CAMERA_FPS - 1e-9


def test_24_of_30_keeps_four_of_five() -> None:
    times_s = camera(CAMERA_FPS, 10)
    flags = [time_s in set(kept(24, times_s)) for time_s in times_s][5:]
    assert all(sum(flags[n : n + 5]) == 4 for n in range(0, len(flags) - 5, 5))


@pytest.mark.parametrize("camera_fps", [29.97, 25, 15, 7.5, 1])
@pytest.mark.parametrize("jitter", [0.0, 0.4])
def test_slower_camera_loses_nothing(camera_fps: float, jitter: float) -> None:
    times_s = camera(camera_fps, SECONDS, jitter)
    assert len(times_s) - len(kept(30, times_s)) <= 1  # jitter may cost the second frame, while the rhythm is not known


def test_camera_that_becomes_faster_is_not_let_through_in_a_burst() -> None:
    slow_s, fast_s = camera(5, 10), camera(60, 10, start_s=1010)
    times_s = kept(30, slow_s + fast_s)
    assert 300 <= len([time_s for time_s in times_s if time_s >= 1010]) <= 302


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("gap_s", [3.5, 60])
def test_gap_is_not_caught_up(fps: int, gap_s: float) -> None:
    before_s = camera(CAMERA_FPS, 10)
    after_s = camera(CAMERA_FPS, 10, start_s=before_s[-1] + gap_s)
    times_s = [time_s for time_s in kept(fps, before_s + after_s) if time_s >= after_s[0]]
    assert times_s[0] <= after_s[0] + 1 / fps
    assert abs(len(times_s) - 10 * fps) <= 1
    gaps_s = [later - earlier for earlier, later in itertools.pairwise(times_s)]
    assert min(gaps_s) >= 0.5 / fps - 1e-9


def test_none_lets_everything_through() -> None:
    times_s = camera(CAMERA_FPS, 1, 0.4)
    assert kept(None, [*times_s, times_s[-1], times_s[0]]) == [*times_s, times_s[-1], times_s[0]]


@settings(derandomize=True, deadline=None)
@given(st.sampled_from([0.5, 1, 10, 24, 120]), st.lists(st.floats(0, 3), max_size=200))
def test_never_more_than_asked_for_in_any_stretch(fps: float, gaps_s: list[float]) -> None:
    times_s = kept(fps, list(itertools.accumulate(gaps_s, initial=50.0)))
    for first in range(len(times_s)):
        for last in range(first, len(times_s)):
            assert last - first <= (times_s[last] - times_s[first]) * fps + 1.5 + 1e-6
