"""Flight: what is on its way, when there is room, and what the link is seen to carry."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.streams.flight import MOST_FRAMES, Flight

KB = 1000


def flight_of(rtt_s: float = 0.01, fps: float = 30) -> Flight:
    flight = Flight(1 / fps)
    flight.pinged(rtt_s, 0.0)
    return flight


def carries(flight: Flight, since_s: float, now_s: float) -> tuple[float, bool]:
    """KB/s, and whether that was measured."""
    link = flight.bandwidth(since_s, now_s)
    return round(link.bytes_per_s / KB, 0), link.measured


@pytest.mark.parametrize(
    ("rtt_s", "fps", "window"), [(0.0, 30, 2), (0.002, 30, 2), (0.12, 30, 5), (0.12, 10, 3), (0.25, 15, 5), (3, 30, 10)]
)
def test_window_covers_the_round_trip_and_one_frame_more(rtt_s: float, fps: float, window: int) -> None:
    assert flight_of(rtt_s, fps).window == window


def filled(flight: Flight, now_s: float) -> int:
    """Send as long as there is room."""
    while flight.room:
        flight.sent(flight.sent_frames, KB, now_s)
    return flight.in_flight


def test_a_long_way_is_trusted_when_something_came_over_it() -> None:
    flight = flight_of(0.2)
    assert filled(flight, 0.0) == 2
    flight.acknowledged(0, 0.3)
    assert filled(flight, 0.3) == flight.window == 7
    flight.forget()
    assert filled(flight, 9.0) == 2  # who knows where the viewer woke


def test_window_before_any_ping_and_when_the_rung_changes() -> None:
    flight = Flight(0.1)
    assert [flight.base_rtt_s, flight.window] == [0.1, 2]
    flight.pinged(0.15, 0.0)
    assert flight.base_rtt_s == 0.15
    windows = [flight.window]
    flight.interval_s = 0.05
    assert [*windows, flight.window] == [3, 4]


def test_base_rtt_is_the_least_of_a_minute() -> None:
    flight = flight_of(0.02)
    flight.pinged(0.05, 10.0)
    assert flight.base_rtt_s == 0.02
    flight.pinged(0.08, 61.0)
    assert flight.base_rtt_s == 0.05  # the link became longer
    flight.pinged(0.01, 62.0)
    assert flight.base_rtt_s == 0.01
    flight.pinged(0.09, 500.0)
    assert flight.base_rtt_s == 0.09


def test_a_frame_that_lands_sooner_than_it_could_shortens_the_round_trip() -> None:
    flight = flight_of(0.2)
    flight.sent(1, KB, 1.0)
    flight.acknowledged(1, 1.05)
    assert flight.base_rtt_s == pytest.approx(0.05)


def test_an_ack_covers_what_was_sent_before_it() -> None:
    flight = flight_of(0.1)
    flight.sent(5, KB, 0.0)
    assert flight.acknowledged(5, 0.06) == 0.06
    for number in (7, 9, 12):
        flight.sent(number, KB, number / 100)
    assert (flight.in_flight, flight.oldest_sent_s) == (3, 0.07)
    assert flight.acknowledged(9, 0.3) == pytest.approx(0.21)
    assert (flight.in_flight, flight.oldest_sent_s) == (1, 0.12)
    for ignored in (7, 9, 8, 11, 13, -1):
        assert flight.acknowledged(ignored, 0.4) is None
    assert flight.acknowledged(12, 0.4) == pytest.approx(0.28)
    assert (flight.in_flight, flight.oldest_sent_s) == (0, None)


def test_kernel_count_lands_a_frame_when_all_but_its_tail_is_there() -> None:
    flight = flight_of()
    flight.sent(1, 10 * KB, 0.0)  # 2 % may be missing
    flight.sent(2, 500 * KB, 0.0)  # 3000 bytes may
    assert flight.delivered(9799, 0.1) == []
    assert flight.delivered(9800, 0.1) == [1]
    assert flight.delivered(506_999, 0.2) == []
    assert flight.delivered(507_000, 0.2) == [2]
    assert flight.delivered(510_000, 0.2) == []
    flight.sent(3, 10 * KB, 0.3)
    flight.sent(4, 10 * KB, 0.3)
    assert flight.delivered(530_000, 0.4) == [3, 4]


def test_a_block_lasts_until_there_is_room_and_a_frame_went() -> None:
    flight = flight_of()
    flight.sent(1, KB, 0.0)
    flight.sent(2, KB, 0.03)
    assert (flight.room, flight.blocked_lately) == (False, False)
    flight.hold(0.06)
    flight.hold(0.09)
    assert flight.blocked_for_s(0.1) == pytest.approx(0.04)
    flight.acknowledged(1, 0.2)
    assert flight.in_flight == 1
    flight.sent(3, KB, 0.21)
    assert flight.blocked_for_s(0.3) == 0
    assert flight.blocked_within_s(0.0, 0.3) == pytest.approx(0.15)
    assert flight.blocked_within_s(0.11, 0.3) == pytest.approx(0.10)
    assert (flight.first_block_s(0.1), flight.first_block_s(0.21)) == (0.06, None)
    flight.acknowledged(3, 2.9)
    flight.sent(4, KB, 3.0)
    assert not flight.blocked_lately  # that was long ago


def test_the_way_is_no_work() -> None:
    """100 KB/s and a round trip of 0.5 s: frames of 10 KB land every 0.1 s, 0.6 s after they were sent."""
    flight = flight_of(0.5, fps=10)
    for number in range(20):
        flight.sent(number, 10 * KB, number / 10)
        flight.acknowledged(number - 6, number / 10)
    assert carries(flight, 0.0, 1.9) == (100, True)


def test_what_has_not_landed_bounds_the_bandwidth() -> None:
    flight = flight_of(0.1)
    flight.sent(1, 50 * KB, 0.0)
    assert carries(flight, 0.0, 0.1) == (math.inf, False)
    assert carries(flight, 0.0, 0.6) == (100, False)
    flight.acknowledged(1, 0.6)
    assert carries(flight, 0.0, 0.6) == (100, True)
    assert carries(flight, 0.6, 0.7) == (math.inf, False)  # later ones only


def test_the_kernel_sees_half_a_frame() -> None:
    flight = flight_of(0.1)
    flight.sent(1, 100 * KB, 0.0)
    flight.delivered(16 * KB, 0.29)
    assert carries(flight, 0.1, 0.3) == (100, True)
    assert carries(flight, 0.1, 0.6) == (40, False)  # it stands still: a stall, perhaps


def test_what_was_forgotten_is_neither_bandwidth_nor_block() -> None:
    flight = flight_of()
    for number in (1, 2):
        flight.sent(number, KB, 0.0)
    flight.hold(0.1)
    flight.forget()
    assert (flight.room, flight.in_flight, flight.blocked_for_s(0.5), flight.landed_bytes) == (True, 0, 0.0, 0)
    assert flight.acknowledged(2, 9.0) is None
    flight.sent(3, 10 * KB, 10.0)
    assert flight.delivered(2 * KB, 10.1) == []
    assert flight.delivered(12 * KB, 10.11) == [3]
    assert carries(flight, 0.0, 10.2) == (100, True)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["offer", "offer", "ack", "kernel", "ping", "forget", "rung"]),
        st.integers(0, 40),
        st.floats(0, 0.3),
    ),
    max_size=120,
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(STEPS)
def test_any_viewer(steps: list[tuple[str, int, float]]) -> None:
    """A sender that obeys `room`, and a viewer that may say anything."""
    flight, now_s, total_bytes, most = Flight(1 / 30), 0.0, 0, 0
    sent: list[int] = []
    landed: list[int] = []
    for what, number, wait_s in steps:
        now_s += wait_s
        before = flight.in_flight
        if what == "offer" and flight.room:
            sent.append(len(sent))
            total_bytes += 1000 * number
            flight.sent(sent[-1], 1000 * number, now_s)
            assert flight.in_flight == before + 1 <= flight.window
        elif what == "offer":
            flight.hold(now_s)
        elif what == "ack":
            took_s = flight.acknowledged(number, now_s)
            assert (took_s is None) == (flight.in_flight == before)
            assert took_s is None or took_s >= 0
        elif what == "kernel":
            most = max(most, total_bytes * number // 40)
            landed += flight.delivered(most, now_s)
        elif what == "ping":
            flight.pinged(wait_s, now_s)
        elif what == "forget":
            flight.forget()
        else:
            flight.interval_s = (number + 1) / 60
        assert 0 <= flight.in_flight <= len(sent)
        assert 2 <= flight.window <= MOST_FRAMES
        assert 0 <= flight.blocked_within_s(now_s - 1, now_s) <= 1 + 1e-9
        assert flight.bandwidth(now_s - 1, now_s).bytes_per_s >= 0
        assert (flight.oldest_sent_s is None) == (flight.in_flight == 0)
    assert landed == sorted(set(landed))
    assert set(landed) <= set(sent)
