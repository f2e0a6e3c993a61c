"""Ladder: what a viewer on auto sees on good, bad and changing links. Watched by acks and through the kernel alike."""

from collections.abc import Sequence

import pytest

from appliance.streams.flight import Flight
from appliance.streams.ladder import Ladder
from tests.streams.link import MBIT, Link, Run, Rung, rungs, stalling

BOTH = pytest.mark.parametrize("kernel", [False, True], ids=["acks", "kernel"])
OFF_BY = pytest.mark.parametrize("rates_off_by", [0.7, 1.0, 1.4])
RATES = [1000 * rate for rate in (1800, 900, 630, 768, 384, 269, 210, 150, 100, 60)]


def viewer(
    steps: Sequence[tuple[float, float]],
    rtt_s: float = 0.01,
    ladder: Sequence[Rung] | None = None,
    *,
    kernel: bool = False,
    rates_off_by: float = 1.0,
) -> Run:
    ladder = ladder or rungs()
    flight = Flight(1 / ladder[0].fps)
    return Run(Link(steps, rtt_s / 2), Ladder(), ladder, flight, kernel=kernel, rates_off_by=rates_off_by)


@BOTH
@OFF_BY
@pytest.mark.parametrize("top_bytes", [60_000, 130_000])
def test_one_mbit(kernel: bool, rates_off_by: float, top_bytes: int) -> None:
    run = viewer([(0, MBIT)], ladder=rungs(top_bytes), kernel=kernel, rates_off_by=rates_off_by).until(60)
    assert run.p(0.95, 3) <= 0.25
    assert run.fps(3, 60) >= 10


@BOTH
@OFF_BY
@pytest.mark.parametrize("top", [(30_000, 20), (20_000, 30)])
@pytest.mark.parametrize("up_s", [12, 22, 40])
def test_six_mbit_to_one_and_back(kernel: bool, rates_off_by: float, top: tuple[int, float], up_s: float) -> None:
    steps = [(0, 6 * MBIT), (10, MBIT), (up_s, 6 * MBIT)]
    run = viewer(steps, ladder=rungs(*top), kernel=kernel, rates_off_by=rates_off_by).until(up_s + 16)
    assert run.changes_between(0, 10) == 0
    assert run.ages_s(9.5, up_s)[-1] < 0.7
    assert up_s == 12 or run.p(0.95, 12, up_s) <= 0.3
    assert run.rung_at(up_s + 5.5) == 0
    assert run.changes_between(up_s + 5.5, up_s + 16) == 0


@BOTH
@pytest.mark.parametrize("before", [20, 10])
@pytest.mark.parametrize("after", [4, 2, 1])
@pytest.mark.parametrize("rtt_s", [0.002, 0.05])
def test_down_in_a_quarter_of_a_second(kernel: bool, before: float, after: float, rtt_s: float) -> None:
    ladder = rungs() if before == 20 else rungs(30_000)
    run = viewer([(0, before * MBIT), (10, after * MBIT)], rtt_s, ladder, kernel=kernel).until(12)
    held_s = next(at_s for at_s in run.blocks_s if at_s > 10)
    changed_s, rung = run.changes[0]
    assert 0 <= changed_s - held_s <= (0.25 if after <= 2 else 0.35)  # what is not much too slow shows later
    assert ladder[rung].rate < after * MBIT


@BOTH
def test_down_when_nothing_lands_at_all(kernel: bool) -> None:
    run = viewer([(0, 20 * MBIT), (10, 0), (15, MBIT)], kernel=kernel).until(30)
    held_s = next(at_s for at_s in run.blocks_s if at_s > 10)
    assert run.changes[0][0] - held_s <= 0.25
    assert run.rung_at(15) >= len(run.rungs) - 2
    assert run.p(0.95, 17) <= 0.3


@BOTH
@pytest.mark.parametrize("rtt_s", [0.002, 0.1, 0.2, 0.3])
def test_a_long_way_costs_nothing(kernel: bool, rtt_s: float) -> None:
    run = viewer([(0, 20 * MBIT)], rtt_s, kernel=kernel).until(40)
    assert run.changes == []
    assert run.fps(1, 40) == pytest.approx(30, abs=0.1)
    assert run.p(0.95, 1) < rtt_s / 2 + 0.04


@BOTH
def test_a_long_way_that_is_thin_as_well(kernel: bool) -> None:
    run = viewer([(0, MBIT)], 0.2, kernel=kernel).until(30)
    assert run.ages_s(0)[-1] < 1.6
    assert run.p(0.95, 3) <= 0.35


@BOTH
@pytest.mark.parametrize(("every_s", "for_s"), [(2, 0.15), (0.7, 0.06)])
def test_wifi_that_stalls(kernel: bool, every_s: float, for_s: float) -> None:
    run = viewer(stalling(20 * MBIT, every_s, for_s, 60), 0.004, kernel=kernel).until(60)
    assert run.changes == []
    assert run.fps(1, 60) > 28


@BOTH
def test_one_long_stall_is_forgiven(kernel: bool) -> None:
    run = viewer([(0, 20 * MBIT), (10, 0), (12, 20 * MBIT)], 0.004, kernel=kernel).until(20)
    assert run.rung_at(12.2) == 0
    assert len(run.changes) <= 3


@BOTH
def test_wifi_that_stalls_long_is_not_starved(kernel: bool) -> None:
    run = viewer(stalling(20 * MBIT, 5, 0.5, 60), 0.004, kernel=kernel).until(60)
    assert run.fps(1, 60) > 25


@BOTH
@pytest.mark.parametrize("rtt_s", [0.002, 0.05, 0.2])
@pytest.mark.parametrize("mbit", [0.3, 0.8, 1.85, 3, 5.6, 8, 14, 20])
def test_a_steady_link_means_a_steady_picture(kernel: bool, mbit: float, rtt_s: float) -> None:
    run = viewer([(0, mbit * MBIT)], rtt_s, kernel=kernel).until(130)
    assert run.changes_between(10, 130) <= 20
    assert run.fps(10, 130) >= (10 if mbit > 0.8 else 6)
    if mbit > 0.8:
        assert run.p(0.95, 10) <= 0.25 + rtt_s / 2
    best_s = sum(run.rungs[run.rung_at(at_s)].rate >= 0.4 * mbit * MBIT for at_s in range(10, 130))
    assert best_s > 108 or mbit > 14.4 * 2, "more than half of what the link carries, nearly always"


@BOTH
def test_a_page_that_draws_slowly_gets_fewer_frames(kernel: bool) -> None:
    run = viewer([(0, 50 * MBIT)], kernel=kernel)
    run.draw_s = 0.05
    run.until(30)
    assert run.rung == (0 if kernel else 1)  # the kernel does not know what the page does


def blocked(flight: Flight, since_s: float) -> Flight:
    flight.sent(1, 60_000, since_s - 0.066)
    flight.sent(2, 60_000, since_s - 0.033)
    flight.hold(since_s)
    return flight


def test_below_the_last_rung_there_is_nothing() -> None:
    assert Ladder().choose(1.0, 0, [], Flight(1.0)) == 0
    for rung in (0, 1):
        ladder = Ladder()
        flight = blocked(Flight(1 / 30), 1.0)
        assert ladder.choose(1.0, rung, RATES[-1 - rung :], flight) == rung
        assert ladder.choose(1.3, rung, RATES[-1 - rung :], flight) == rung


def test_old_frames_are_no_second_trouble() -> None:
    flight, ladder = blocked(Flight(1 / 30), 1.0), Ladder()
    assert ladder.choose(1.0, 0, RATES, flight) == ladder.choose(1.1, 0, RATES, flight) == 0
    rung = ladder.choose(1.2, 0, RATES, flight)
    assert RATES[rung] <= 0.5 * 60_000 / 0.233
    flight.acknowledged(1, 1.25)
    assert ladder.choose(1.25, rung, RATES, flight) == rung
    flight.sent(3, 6000, 1.25)
    flight.hold(1.35)
    assert ladder.choose(1.49, rung, RATES, flight) == rung
    flight.acknowledged(2, 1.5)
    assert ladder.choose(1.5, rung, RATES, flight) == 7  # 60 KB in 0.25 s: known now, and not as bad as it looked


def test_a_rung_that_somebody_else_chose_is_where_it_goes_on_from() -> None:
    flight, ladder = blocked(Flight(1 / 30), 1.0), Ladder()
    ladder.choose(1.0, 0, RATES, flight)
    assert ladder.choose(1.25, 0, RATES, flight) > 0
    assert ladder.choose(1.26, 2, RATES, flight) == 2
    assert ladder.choose(1.27, 2, RATES[:3], flight) == 2


def test_sleep_is_no_congestion() -> None:
    flight, ladder = blocked(Flight(1 / 30), 1.0), Ladder()
    ladder.choose(1.0, 0, RATES, flight)
    assert ladder.choose(1.3, 0, RATES, flight) > 0
    flight.forget()
    assert ladder.choose(9.0, ladder.choose(8.9, 0, RATES, flight), RATES, flight) == 0
