"""What simpler controllers do on the same links: why `Flight` and `Ladder` are as they are."""

from collections.abc import Sequence

import pytest

from appliance.streams.flight import Flight
from appliance.streams.ladder import Ladder
from tests.streams.link import MBIT, Link, Run, Rung, rungs

FAR_S = 0.05  # one way: 0.1 s of round trip more


class RateOfEachFrame(Flight):
    """Takes size/(landed - sent) for the bandwidth, way and all."""

    def __init__(self, interval_s: float) -> None:
        super().__init__(interval_s)
        self.sizes_bytes: dict[int, int] = {}
        self.bytes_per_s: float | None = None

    def sent(self, number: int, size_bytes: int, now_s: float) -> None:
        self.sizes_bytes[number] = size_bytes
        super().sent(number, size_bytes, now_s)

    def acknowledged(self, number: int, now_s: float) -> float | None:
        took_s = super().acknowledged(number, now_s)
        if took_s:
            self.bytes_per_s = self.sizes_bytes[number] / took_s
        return took_s


class FollowsThatRate:
    """Takes the best rung that this bandwidth carries, 15 % of reserve left."""

    def choose(self, now_s: float, rung: int, rates_bytes_per_s: Sequence[float], flight: Flight) -> int:
        assert isinstance(flight, RateOfEachFrame)
        if flight.bytes_per_s is None:
            return rung
        fits = [n for n, rate in enumerate(rates_bytes_per_s) if rate <= 0.85 * flight.bytes_per_s]
        return min(fits, default=len(rates_bytes_per_s) - 1)


class OneAtATime(Flight):
    """A window of one frame."""

    @property
    def room(self) -> bool:
        return self.in_flight == 0


class NoWindow(Flight):
    """A mailbox for the newest frame, and the connection's own back-pressure."""

    @property
    def room(self) -> bool:
        return True


def ours(steps: list[tuple[float, float]], one_way_s: float, ladder: list[Rung]) -> Run:
    return Run(Link(steps, one_way_s), Ladder(), ladder, Flight(1 / ladder[0].fps))


def test_rate_of_each_frame_spirals_down_on_a_long_way() -> None:
    ladder = rungs()
    naive = Run(Link([(0, 20 * MBIT)], FAR_S), FollowsThatRate(), ladder, RateOfEachFrame(1 / 30)).until(20)
    assert naive.rung == len(ladder) - 1
    assert naive.fps(5, 20) <= 10.1
    good = ours([(0, 20 * MBIT)], FAR_S, ladder).until(20)
    assert (good.rung, good.changes) == (0, [])
    assert good.fps(5, 20) > 29.9


def test_rate_of_each_frame_does_well_nearby() -> None:
    """So it is the way that misleads it, not this implementation."""
    ladder = rungs(20_000)
    naive = Run(Link([(0, 20 * MBIT)], 0.001), FollowsThatRate(), ladder, RateOfEachFrame(1 / 30)).until(20)
    assert naive.rung == 0


@pytest.mark.parametrize("top_bytes", [15_000, 60_000])
def test_one_frame_at_a_time_is_nine_frames_a_second_on_a_long_way(top_bytes: int) -> None:
    ladder = rungs(top_bytes)
    naive = Run(Link([(0, 20 * MBIT)], FAR_S), None, ladder, OneAtATime(1 / 30)).until(20)
    assert 7 <= naive.fps(5, 20) <= 9.5
    assert ours([(0, 20 * MBIT)], FAR_S, ladder).until(20).fps(5, 20) > 29.9


def test_a_mailbox_alone_shows_what_was() -> None:
    ladder = rungs(15_000, 15)
    naive = Run(Link([(0, MBIT)], 0.005), None, ladder, NoWindow(1 / 15)).until(30)
    assert naive.p(0.5, 5) > 1.5
    window_alone = Run(Link([(0, MBIT)], 0.005), None, ladder, Flight(1 / 15)).until(30)
    assert window_alone.p(0.95, 5) < 0.4
    assert window_alone.fps(5, 30) == pytest.approx(naive.fps(5, 30), rel=0.1)
    assert ours([(0, MBIT)], 0.005, ladder).until(30).p(0.95, 5) < 0.2
