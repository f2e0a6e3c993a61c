"""Figures: how a viewer is served, and how all viewers of a stream are. Pure arithmetic on times it is given.

Rule 1: `sent` is called for every frame of every viewer, thousands of times a second: it takes a note, and the arithmetic is done
        when somebody reads.
Rule 2: notes are bounded, counters are not: rates, ages and stages are those of the last two seconds, totals of all time.
Rule 3: what a page says of itself is believed as far as it fits between sending and now.
"""

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from typing import Literal, TypeAlias

from appliance.frame import Frame
from appliance.wire.events import Dropped, Numbers, Stages

Cause = Literal["unacknowledged", "unsent"]  # the fields of Dropped

WINDOW_S = 2.0
KEPT = 64  # notes of a viewer: two seconds at 30 fps, and 20 KB of memory
NOTE_EVERY_S = 0.1  # of a viewer that does not say what it drew
KEPT_OF_ALL = 2048  # notes of all viewers of a stream: two seconds of 100 viewers
MARK_EVERY_S = 1.0
AGE_BOUNDS_S = (
    0.025,
    0.05,
    0.1,
    0.2,
    0.3,
    0.5,
    1.0,
    2.0,
    5.0,
)  # what ages are sorted into, to be added up over time and boxes

# Plain tuples: with names their fields would cost `sent` twice its time.
# Sent at, frame number, captured, read, made, frames and bytes sent by then.
Sending: TypeAlias = tuple[float, int, float, float, float, int, int]
# Noted at; how long it took: all of it, the wire, drawing.
Landing: TypeAlias = tuple[float, float, float, float | None]
Picture: TypeAlias = tuple[float, float, float]  # captured, read, made


class Totals:
    """What a stream's viewers got, also those that are gone."""

    def __init__(self) -> None:
        self.frames_sent = self.bytes_sent = self.viewers_ever = 0
        self.dropped: dict[Cause, int] = {"unacknowledged": 0, "unsent": 0}
        self.age_counts = [0] * (len(AGE_BOUNDS_S) + 1)  # pictures up to each bound, and older ones
        self.age_sum_s = 0.0
        self.hallway_unsent = 0  # frames that stayed in the worker, because this process did not take them in time
        self.sendings: deque[Sending] = deque(maxlen=KEPT_OF_ALL)
        self.landings: deque[Landing] = deque(maxlen=KEPT_OF_ALL)
        self.sent_s = self.mark_due_s = -math.inf  # the latest frame; the next mark
        self._pictures: deque[Picture] = deque(maxlen=2 * KEPT)
        self._mark = self._mark_before = (-math.inf, 0, 0)  # when, and frames and bytes sent until then

    def land(self, landing: Landing) -> None:
        """A picture is there, for one of the viewers."""
        self.landings.append(landing)
        self.age_counts[bisect_left(AGE_BOUNDS_S, landing[1])] += 1
        self.age_sum_s += landing[1]

    def published(self, frame: Frame) -> None:
        """A worker's frame came, for whoever watches."""
        if frame.made_s:
            self._pictures.append((frame.captured_s, frame.read_s, frame.made_s))

    def mark(self, now_s: float) -> None:
        """Remember, for the rates, how far the counters were after the frame before this: `sent` does so when it is due."""
        if self.frames_sent:
            self._mark_before, self._mark = self._mark, (self.sent_s, self.frames_sent, self.bytes_sent)
        self.mark_due_s = now_s + MARK_EVERY_S

    def rates(self, now_s: float) -> tuple[float, float]:
        """Frames and kilobytes per second to all viewers together, over the last one to two seconds."""
        since_s, frames_before, bytes_before = self._mark_before
        frames = self.frames_sent - frames_before
        if not frames or now_s - since_s > 2 * WINDOW_S:  # nothing was sent lately, or only just now for the first time
            return 0.0, 0.0
        span_s = (self.sent_s if now_s - self.sent_s < MARK_EVERY_S else now_s) - since_s
        return round(frames / span_s, 1), round((self.bytes_sent - bytes_before) / span_s / 1000, 1)

    def ages_ms(self, now_s: float) -> tuple[float | None, float | None]:
        """p50 and p95 of how old pictures were when they were there; None: nobody says."""
        return _ages_ms([each for each in self.landings if each[0] >= now_s - WINDOW_S])

    def stages(self, now_s: float) -> Stages:
        """Where a picture's time goes, over all viewers."""
        since_s = now_s - WINDOW_S
        return _stages(
            [each for each in self._pictures if each[2] >= since_s],
            [each for each in self.sendings if each[0] >= since_s],
            [each for each in self.landings if each[0] >= since_s],
        )


class Figures:
    """What one viewer gets."""

    __slots__ = (
        *("frames_sent", "bytes_sent", "dropped", "rtt_s", "note_every_s"),
        *("_totals", "_sendings", "_landings", "_sent_number", "_landed_number", "_note_due_s"),
    )

    def __init__(self, totals: Totals) -> None:
        self.frames_sent = self.bytes_sent = 0
        self.dropped: dict[Cause, int] = {"unacknowledged": 0, "unsent": 0}
        self.rtt_s: float | None = None
        self._totals = totals
        self._sendings: deque[Sending] = deque(maxlen=KEPT)
        self._landings: deque[Landing] = deque(maxlen=KEPT)
        self._sent_number = self._landed_number = -1
        self.note_every_s = NOTE_EVERY_S
        self._note_due_s = -math.inf
        totals.viewers_ever += 1

    def sent(self, frame: Frame, size_bytes: int, now_s: float, *, is_clear: bool = False) -> None:
        """The kernel is given this frame now, `size_bytes` on the wire. `is_clear`: nothing else is on its way."""
        totals = self._totals
        if now_s >= totals.mark_due_s:
            totals.mark(now_s)
        self.frames_sent += 1
        self.bytes_sent += size_bytes
        totals.sent_s = now_s
        totals.frames_sent += 1
        totals.bytes_sent += size_bytes
        if now_s >= self._note_due_s:
            self._note_due_s = now_s + self.note_every_s
            self._note(frame, now_s, is_clear=is_clear)

    def sent_at_ease(self, frames: int, size_bytes: int, last_s: float) -> None:
        """So many frames left since the last note, `size_bytes` together, the last one then."""
        totals = self._totals
        self.frames_sent += frames
        self.bytes_sent += size_bytes
        totals.frames_sent += frames
        totals.bytes_sent += size_bytes
        totals.sent_s = max(totals.sent_s, last_s)

    def _note(self, frame: Frame, now_s: float, *, is_clear: bool) -> None:
        number, totals = frame.number, self._totals
        made_s = frame.made_s if number != self._sent_number else 0.0  # shown again it says nothing of the way here
        self._sent_number = number
        sending = (now_s, number, frame.captured_s, frame.read_s, made_s, self.frames_sent, self.bytes_sent)
        self._sendings.append(sending)
        totals.sendings.append(sending)
        if (
            is_clear and self.rtt_s is not None and made_s
        ):  # nobody will say when it was there, but on a clear way it is soon
            self._land((now_s, now_s - frame.captured_s + self.rtt_s / 2, self.rtt_s / 2, None))

    def _land(self, landing: Landing) -> None:
        self._landings.append(landing)
        self._totals.land(landing)

    def lost(self, cause: Cause) -> None:
        """A frame fell out for this viewer."""
        self.dropped[cause] += 1
        self._totals.dropped[cause] += 1

    def landed(self, number: int, now_s: float, rtt_s: float | None, drawn_after_s: float | None) -> None:
        """The viewer or its kernel says that this frame is there; `drawn_after_s`: so long after it had arrived."""
        if rtt_s is not None:
            self.rtt_s = rtt_s
        if number <= self._landed_number:
            return
        for sending in reversed(self._sendings):  # it is among the newest
            if sending[1] <= number:
                break
        else:
            return
        if sending[1] != number:
            return
        self._landed_number = number
        there_s = now_s if rtt_s is None else now_s - rtt_s / 2
        since_sent_s = max(there_s - sending[0], 0.0)
        drawn_s = None if drawn_after_s is None else min(drawn_after_s, since_sent_s)
        wire_s = since_sent_s - (drawn_s or 0.0)
        landing = (now_s, max(there_s - sending[2], 0.0), wire_s, drawn_s)
        self._land(landing)

    def numbers(self, now_s: float) -> Numbers:
        """How this viewer is served."""
        since_s = now_s - WINDOW_S
        sendings = [each for each in self._sendings if each[0] >= since_s]
        landings = [each for each in self._landings if each[0] >= since_s]
        fps, kbytes_per_s = _rates(sendings, now_s)
        p50_ms, p95_ms = _ages_ms(landings)
        return Numbers(
            fps=round(fps, 1),
            kbytes_per_s=round(kbytes_per_s, 1),
            age_ms_p50=p50_ms,
            age_ms_p95=p95_ms,
            rtt_ms=None if self.rtt_s is None else round(self.rtt_s * 1000, 1),
            dropped=Dropped(**self.dropped),
            stages=_stages([each[2:5] for each in sendings], sendings, landings),
        )


def _rates(sendings: list[Sending], now_s: float) -> tuple[float, float]:
    """Frames and kilobytes per second: those between the notes, or less once the next note is overdue."""
    count = len(sendings)
    if count < 2:
        return count / WINDOW_S, 0.0
    first, last = sendings[0], sendings[-1]
    span_s = max(last[0] - first[0], (now_s - first[0]) * (count - 1) / count)
    if span_s <= 0:
        return 0.0, 0.0
    return (last[5] - first[5]) / span_s, (last[6] - first[6]) / span_s / 1000


def _ages_ms(landings: list[Landing]) -> tuple[float | None, float | None]:
    ranked = sorted(each[1] for each in landings)
    return _ms_at(ranked, 0.5), _ms_at(ranked, 0.95)


def _stages(pictures: list[Picture], sendings: list[Sending], landings: list[Landing]) -> Stages:
    return Stages(
        camera_ms=_median_ms(read_s - captured_s for captured_s, read_s, _ in pictures if read_s),
        worker_ms=_median_ms(made_s - read_s for _, read_s, made_s in pictures if read_s and made_s),
        server_ms=_median_ms(each[0] - each[4] for each in sendings if each[4]),
        wire_ms=_median_ms(each[2] for each in landings),
        drawn_ms=_median_ms(each[3] for each in landings if each[3] is not None),
    )


def _median_ms(values_s: Iterable[float]) -> float | None:
    return _ms_at(sorted(values_s), 0.5)


def _ms_at(ranked_s: list[float], share: float) -> float | None:
    """The value that this share of all does not exceed."""
    if not ranked_s:
        return None
    return round(max(ranked_s[math.ceil(share * len(ranked_s)) - 1], 0.0) * 1000, 1)
