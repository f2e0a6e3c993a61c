"""Frame rates come out right on average, evenly spaced, and jitter costs nothing."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.cameras.pace import CameraPace


def times(fps: float, seconds: float, jitter: float = 0.0, seed: int = 1) -> list[float]:
    """Capture times of a camera; `jitter` is a share of its interval."""
    rng = random.Random(seed)
    return [1000 + (n + rng.uniform(-jitter, jitter)) / fps for n in range(round(fps * seconds))]


def taken(pace: CameraPace, captured: list[float]) -> list[float]:
    return [captured_s for captured_s in captured if pace.takes(captured_s)]


@pytest.mark.parametrize(
    ("camera", "asked"), [(30, 24), (30, 15), (30, 10), (25, 24), (60, 24), (30, 1), (15, 4), (120, 7)]
)
@pytest.mark.parametrize("jitter", [0.0, 0.2, 0.4])
def test_rate_is_right(camera: int, asked: int, jitter: float) -> None:
    got = taken(CameraPace(asked, camera), times(camera, 20, jitter))
    assert abs(len(got) - 20 * asked) <= 2 + 0.03 * jitter * 20 * asked


@given(st.floats(0, 0.45), st.sampled_from([10, 15, 24, 25, 30, 60]), st.integers(0, 100))
def test_same_rate_takes_every_picture(jitter: float, fps: int, seed: int) -> None:
    captured = times(fps, 10, jitter, seed)
    assert taken(CameraPace(fps, fps), captured) == captured


@pytest.mark.parametrize("real", [29.4, 29.97, 30.0, 30.03, 30.6])
def test_a_camera_that_is_a_little_off_loses_nothing(real: float) -> None:
    captured = times(real, 60)
    assert taken(CameraPace(30, 30), captured) == captured


def test_spacing_is_even() -> None:
    got = taken(CameraPace(15, 30), times(30, 10, jitter=0.2))
    gaps = [after - before for before, after in pairwise(got)]
    assert max(gaps) < 1.5 / 15
    assert min(gaps) > 0.5 / 15


def test_a_pause_is_not_made_up_for() -> None:
    pace = CameraPace(10, 30)
    taken(pace, times(30, 5))
    after = [captured_s + 60 for captured_s in times(30, 1)]
    assert len(taken(pace, after)) <= 12


def test_the_first_picture_after_a_pause_is_taken_at_any_rate() -> None:
    pace = CameraPace(0.1, 30)
    taken(pace, times(30, 5))
    after = [captured_s + 8 for captured_s in times(30, 5)]
    assert taken(pace, after) == after[:1]


def test_a_rate_that_changes_all_the_time_is_kept() -> None:
    pace, count = CameraPace(10, 30), 0
    for n, captured_s in enumerate(times(30, 10)):
        pace.change(10 + n % 2)
        count += pace.takes(captured_s)
    assert 98 <= count <= 112


def test_a_camera_that_slows_down_in_the_dark_loses_nothing_more() -> None:
    pace = CameraPace(15, 30)
    taken(pace, times(30, 5))
    dark = [captured_s + 5 for captured_s in times(15, 10)]
    assert len(taken(pace, dark)) >= len(dark) - 2


def test_a_clock_that_stands_still_is_survived() -> None:
    pace = CameraPace(15, 30)
    assert sum(pace.takes(5.0) for _ in range(100)) < 60
