"""Meter: the rate of what happened lately."""

import pytest

from appliance.meter import Meter


def times(rate: float, seconds: float) -> list[float]:
    """Times of even events."""
    return [1000 + n / rate for n in range(round(rate * seconds))]


def test_shows_the_rate() -> None:
    meter = Meter()
    assert meter.rate(1000.0) == 0
    for time_s in times(30, 10):
        meter.tick(time_s)
    assert meter.rate(1010.0) == pytest.approx(30, abs=1)


def test_counts_several_at_once() -> None:
    meter = Meter()
    for tick in range(20):
        meter.tick(1000 + tick / 2, 15)
    assert meter.rate(1009.5) == 30.0


def test_knows_rates_below_one() -> None:
    meter = Meter()
    for tick in range(5):
        meter.tick(1000 + 2 * tick)
    assert meter.rate(1008.5) == 0.5


def test_falls_to_zero_when_nothing_happens() -> None:
    meter = Meter()
    for time_s in times(30, 5):
        meter.tick(time_s)
    assert meter.rate(1005.5) == 20  # 30 in a second and a half
    meter.rate(1007.0)
    assert meter.rate(1008.5) == 0


def test_one_that_nobody_looked_at_for_a_while_shows_no_old_rate() -> None:
    meter = Meter()
    for time_s in times(30, 1.5):
        meter.tick(time_s)
    assert meter.rate(1006.0) == 0
