"""Relief: down in time, up with patience, and why. Time is what the test says it is."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.streams.ceiling import LOWEST, NONE
from appliance.streams.relief import Patience, Relief, Strain

LIMIT_C = 78.0
EVERY_S = 5.0


class Board:
    """Looked at every 5 s."""

    def __init__(self) -> None:
        self.relief, self.now_s = Relief(), 1000.0

    def look(self, celsius: float | None = 50.0, *, low: bool = False, throttled: bool = False) -> tuple[int, str]:
        self.now_s += EVERY_S
        return self.relief.look(self.now_s, Strain(celsius, LIMIT_C, low, throttled))

    def levels(self, seconds: float, celsius: float | None = 50.0, *, low: bool = False) -> Iterator[int]:
        for _ in range(int(seconds / EVERY_S)):
            yield self.look(celsius, low=low)[0]

    def after(self, seconds: float, celsius: float | None = 50.0, *, low: bool = False) -> int:
        return [*self.levels(seconds, celsius, low=low)][-1]


def test_a_cool_board_is_left_alone() -> None:
    board = Board()
    assert set(board.levels(600, 71)) == set(board.levels(600, 77.9)) == set(board.levels(600, None)) == {0}
    assert board.look() == NONE


def test_down_at_once_and_deeper_while_it_goes_on() -> None:
    board = Board()
    assert board.look(78.0) == (1, "the board is 78 °C hot")
    assert [*board.levels(40, 79)] == [1, 1, 2, 2, 2, 3, 3, 3]
    assert board.look(84.6) == (LOWEST, "the board is 85 °C hot")


def test_between_hot_and_cool_everything_stays() -> None:
    board = Board()
    board.look(80)
    assert set(board.levels(600, 75)) == {1}
    assert board.look(75) == (1, "the board is 75 °C hot")


def test_back_step_by_step() -> None:
    board = Board()
    board.after(40, 82)
    assert [*board.levels(100, 70)] == [3] * 6 + [2] * 6 + [1] * 6 + [0] * 2


def test_low_voltage_takes_longer_to_be_trusted_again() -> None:
    board = Board()
    assert board.look(low=True) == (1, "the supply voltage is too low")
    assert board.look() == (1, "the supply voltage was too low a moment ago")
    assert [*board.levels(65)] == [1] * 11 + [0] * 2


def test_throttling_counts_whatever_the_thermometer_says() -> None:
    assert Board().look(60, throttled=True) == (1, "the board is throttled by its firmware")
    assert Board().look(None, throttled=True)[0] == 1


def test_a_thermometer_that_is_gone_does_not_reduce_for_ever() -> None:
    board = Board()
    board.look(90)
    assert board.look(None) == (1, "the board was too hot a moment ago")
    assert board.after(60, None) == 0


def test_a_place_that_is_too_warm_does_not_make_it_go_up_and_down() -> None:
    """Each rise that fails makes the next one wait twice as long."""
    board, lasted_s = Board(), []
    for _ in range(6):
        board.look(79)
        began_s = board.now_s
        while board.look(70)[0]:
            pass
        lasted_s.append(board.now_s - began_s)
    assert lasted_s == [35, 65, 125, 245, 245, 245]
    board.after(400)
    board.look(79)
    assert board.after(40) == 0, "after a quiet while it begins anew"


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.floats(-50, 150)), st.booleans(), st.booleans(), st.floats(0, 1000)),
        max_size=60,
    )
)
def test_whatever_comes_it_moves_one_step_at_a_time_and_says_why(
    strains: list[tuple[float | None, bool, bool, float]],
) -> None:
    relief, now_s, before = Relief(Patience()), 0.0, 0
    for celsius, low, throttled, passes_s in strains:
        now_s += passes_s
        level, why = relief.look(now_s, Strain(celsius, LIMIT_C, low, throttled))
        assert abs(level - before) <= 1
        assert bool(level) == bool(why)
        presses = low or throttled or (celsius is not None and celsius >= LIMIT_C)
        assert level >= before if presses else level <= before
        assert level or not presses
        before = level


@pytest.mark.parametrize("celsius", [77.0, 79.0])
def test_asking_often_changes_nothing(celsius: float) -> None:
    board = Board()
    board.look(79)
    levels = {board.relief.look(board.now_s + tick / 100, Strain(celsius, LIMIT_C)).level for tick in range(1400)}
    assert levels == {1}
