"""Figures: what is noted for each frame, and what it comes to when somebody reads."""

import timeit

import pytest

from appliance.frame import Frame
from appliance.streams.figures import AGE_BOUNDS_S, KEPT, KEPT_OF_ALL, Figures, Totals
from appliance.wire.events import Dropped, Stages

NOTHING = Stages(None, None, None, None, None)


def frame(number: int, captured_s: float, read_ms: float = 30, made_ms: float = 10) -> Frame:
    """A frame whose picture took so long to be read, and then to be made."""
    read_s = captured_s + read_ms / 1000
    return Frame(b"", number, 0, captured_s, 2, 2, read_s=read_s, made_s=read_s + made_ms / 1000)


def placeholder(number: int, captured_s: float) -> Frame:
    return Frame(b"", number, 0, captured_s, 2, 2, placeholder=True)


def play(
    figures: Figures, seconds: float = 3, fps: float = 30, size_bytes: int = 50_000, start_s: float = 1000.0
) -> float:
    """A steady stream: each frame is sent 45 ms after its capture, and drawn 20 + 5 ms later. Returns the time after it."""
    for number in range(round(seconds * fps)):
        captured_s = start_s + number / fps
        figures.sent(frame(number, captured_s), size_bytes, captured_s + 0.045)
        figures.landed(number, captured_s + 0.080, 0.02, 0.005)  # 10 ms for the ack to come back
    return start_s + seconds + 0.045


def test_before_anything_happened() -> None:
    totals = Totals()
    numbers = Figures(totals).numbers(5.0)
    assert (numbers.fps, numbers.kbytes_per_s, numbers.rtt_ms) == (0.0, 0.0, None)
    assert (numbers.age_ms_p50, numbers.age_ms_p95, numbers.stages) == (None, None, NOTHING)
    assert numbers.dropped == Dropped(0, 0)
    assert (totals.rates(5.0), totals.ages_ms(5.0), totals.stages(5.0)) == ((0.0, 0.0), (None, None), NOTHING)
    assert (totals.viewers_ever, totals.frames_sent, totals.bytes_sent) == (1, 0, 0)


@pytest.mark.parametrize("fps", [2, 10, 24, 29.97, 30, 60, 120])
def test_a_steady_stream(fps: float) -> None:
    totals = Totals()
    figures = Figures(totals)
    end_s = play(figures, seconds=4, fps=fps)
    numbers = figures.numbers(end_s - 0.9 / fps)
    assert numbers.fps == pytest.approx(fps, abs=0.06)
    assert numbers.kbytes_per_s == pytest.approx(50 * fps, rel=0.01)
    assert (numbers.age_ms_p50, numbers.age_ms_p95, numbers.rtt_ms) == (70.0, 70.0, 20.0)
    assert numbers.stages == Stages(camera_ms=30.0, worker_ms=10.0, server_ms=5.0, wire_ms=20.0, drawn_ms=5.0)
    assert figures.frames_sent == totals.frames_sent == round(4 * fps)
    assert figures.bytes_sent == totals.bytes_sent == round(4 * fps) * 50_000


def test_the_stages_come_to_the_age() -> None:
    figures = Figures(Totals())
    numbers = figures.numbers(play(figures))
    stages = numbers.stages
    assert sum(ms or 0 for ms in (stages.camera_ms, stages.worker_ms, stages.server_ms)) == 45.0
    assert sum(ms or 0 for ms in (stages.wire_ms, stages.drawn_ms)) + 45.0 == numbers.age_ms_p50


def test_a_stream_that_stops() -> None:
    figures = Figures(Totals())
    end_s = play(figures)
    rates = [figures.numbers(end_s + late_s).fps for late_s in (0, 0.5, 1.0, 1.5, 1.99)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 2
    after = figures.numbers(end_s + 2.1)
    assert (after.fps, after.kbytes_per_s, after.age_ms_p50, after.stages) == (0.0, 0.0, None, NOTHING)
    assert after.rtt_ms == 20.0  # the last one known


def test_a_viewer_that_says_nothing_has_no_age() -> None:
    figures = Figures(Totals())
    for number in range(10):
        figures.sent(frame(number, 10 + number / 10), 1000, 10.045 + number / 10)
    numbers = figures.numbers(11.0)
    assert (numbers.age_ms_p50, numbers.rtt_ms) == (None, None)
    assert numbers.stages == Stages(camera_ms=30.0, worker_ms=10.0, server_ms=5.0)


def test_the_kernels_word_has_no_drawing() -> None:
    figures = Figures(Totals())
    figures.sent(frame(1, 10.0), 1000, 10.045)
    figures.landed(1, 10.065, None, None)
    numbers = figures.numbers(10.1)
    assert (numbers.age_ms_p50, numbers.rtt_ms) == (65.0, None)
    assert (numbers.stages.wire_ms, numbers.stages.drawn_ms) == (20.0, None)


def test_p95_is_of_the_slow_ones() -> None:
    figures = Figures(Totals())
    for number in range(40):
        captured_s = 10 + number / 30
        figures.sent(frame(number, captured_s), 1000, captured_s + 0.045)
        figures.landed(number, captured_s + (0.5 if number % 10 == 0 else 0.1), None, None)
    numbers = figures.numbers(10 + 41 / 30)
    assert (numbers.age_ms_p50, numbers.age_ms_p95) == (100.0, 500.0)


@pytest.mark.parametrize("number", [-1, 0, 2, 5, 10_000, 2**63 - 1])
def test_frames_that_were_not_sent_did_not_land(number: int) -> None:
    totals = Totals()
    figures = Figures(totals)
    for sent in (1, 3, 7):
        figures.sent(frame(sent, 10.0), 1000, 10.05)
    figures.landed(number, 10.1, None, None)
    assert figures.numbers(10.2).age_ms_p50 is None
    assert not totals.landings


def test_a_frame_lands_once() -> None:
    totals = Totals()
    figures = Figures(totals)
    figures.sent(frame(1, 10.0), 1000, 10.05)
    for late_s in (0.1, 0.2, 0.3):
        figures.landed(1, 10 + late_s, None, None)
    assert figures.numbers(10.4).age_ms_p50 == 100.0
    assert sum(totals.age_counts) == 1


@pytest.mark.parametrize(
    ("rtt_s", "drawn_after_s", "wire_ms", "drawn_ms"),
    [(0.0, 60.0, 0.0, 55.0), (10.0, 60.0, 0.0, 0.0), (0.05, 0.01, 20.0, 10.0), (None, 0.0, 55.0, 0.0)],
)
def test_a_page_may_claim_anything(rtt_s: float | None, drawn_after_s: float, wire_ms: float, drawn_ms: float) -> None:
    """What it says fits between sending and now."""
    figures = Figures(Totals())
    figures.sent(frame(1, 10.0), 1000, 10.045)
    figures.landed(1, 10.1, rtt_s, drawn_after_s)
    numbers = figures.numbers(10.1)
    assert (numbers.stages.wire_ms, numbers.stages.drawn_ms) == (wire_ms, drawn_ms)
    assert numbers.age_ms_p50 is not None
    assert 0 <= numbers.age_ms_p50 <= 100


def test_of_a_placeholder_only_the_way_to_the_viewer_is_known() -> None:
    totals = Totals()
    figures = Figures(totals)
    totals.published(placeholder(1, 10.0))
    figures.sent(placeholder(1, 10.0), 1000, 10.05)
    figures.landed(1, 10.1, None, None)
    assert figures.numbers(10.2).stages == totals.stages(10.2) == Stages(wire_ms=50.0)


def test_a_picture_that_is_shown_again_is_no_slower() -> None:
    totals = Totals()
    figures = Figures(totals)
    for again in range(3):  # as MJPEG does while nothing new comes
        figures.sent(frame(1, 10.0), 1000, 10.05 + again / 2)
    numbers = figures.numbers(11.1)
    assert numbers.stages == Stages(camera_ms=30.0, worker_ms=10.0, server_ms=10.0)
    assert totals.stages(11.1).server_ms == 10.0
    assert (figures.frames_sent, numbers.fps) == (3, 2.0)


def test_drops_by_cause() -> None:
    totals = Totals()
    one, other = Figures(totals), Figures(totals)
    one.lost("unsent")
    one.lost("unacknowledged")
    other.lost("unacknowledged")
    assert one.numbers(1.0).dropped == Dropped(unacknowledged=1, unsent=1)
    assert other.numbers(1.0).dropped == Dropped(unacknowledged=1, unsent=0)
    assert totals.dropped == {"unacknowledged": 2, "unsent": 1}


def test_totals_stay_when_viewers_are_gone() -> None:
    totals = Totals()
    for _ in range(3):
        figures = Figures(totals)
        end_s = play(figures)
        del figures
    assert (totals.viewers_ever, totals.frames_sent, totals.bytes_sent) == (3, 270, 270 * 50_000)
    assert totals.ages_ms(end_s) == (70.0, 70.0)
    assert totals.stages(end_s) == Stages(None, None, 5.0, 20.0, 5.0)  # nothing was published here


def test_camera_and_worker_of_a_stream_are_known_from_what_is_published() -> None:
    totals = Totals()
    for number in range(30):
        totals.published(frame(number, 10 + number / 30, read_ms=33.3, made_ms=4.2))
    assert totals.stages(11.0) == Stages(camera_ms=33.3, worker_ms=4.2)
    assert totals.stages(14.0) == NOTHING


def test_rates_of_all_viewers() -> None:
    totals = Totals()
    viewers = [Figures(totals) for _ in range(300)]
    for number in range(90):
        for viewer in viewers:
            viewer.sent(frame(number, number / 30), 1000, number / 30 + 0.04)
    assert totals.rates(3.03) == (9000.0, 9000.0)
    assert totals.rates(30.0) == (0.0, 0.0)
    assert totals.rates(31.0) == (0.0, 0.0)


def test_rates_after_a_pause_are_those_after_it() -> None:
    totals = Totals()
    figures = Figures(totals)
    play(figures, seconds=3)
    end_s = play(figures, seconds=3, fps=10, start_s=5000.0)
    assert totals.rates(end_s)[0] == pytest.approx(10, abs=0.11)


def test_ages_are_sorted_into_bounds() -> None:
    totals = Totals()
    figures = Figures(totals)
    figures.note_every_s = 0.0
    ages_s = [0.01, 0.025, 0.026, 0.3, 4.9, 77.0]
    for number, age_s in enumerate(ages_s):
        figures.sent(frame(number, 0.0), 1, 0.0)
        figures.landed(number, age_s, None, None)
    counts = dict(zip((*AGE_BOUNDS_S, "more"), totals.age_counts, strict=True))
    assert {bound: count for bound, count in counts.items() if count} == {0.025: 2, 0.05: 1, 0.3: 1, 5.0: 1, "more": 1}
    assert totals.age_sum_s == pytest.approx(sum(ages_s))


def test_nothing_grows() -> None:
    totals = Totals()
    figures = Figures(totals)
    figures.note_every_s = 0.0  # as of a viewer that says what it drew
    play(figures, seconds=100, fps=120)
    assert len(totals.sendings) == len(totals.landings) == KEPT_OF_ALL
    assert len(figures._sendings) == len(figures._landings) == KEPT
    for number in range(10 * KEPT):
        totals.published(frame(number, number / 30))
    assert len(totals._pictures) <= 2 * KEPT


def test_a_note_costs_next_to_nothing() -> None:
    """300 viewers at 30 fps are 9000 of them a second. Measured: 0.2 µs; the bound is that of an idle moment on a slow machine."""
    figures, picture = Figures(Totals()), frame(1, 10.0)
    best_s = min(timeit.repeat(lambda: figures.sent(picture, 129_000, 10.05), number=2000, repeat=20))
    assert best_s / 2000 < 5e-6
