"""Link: what is on its way to one viewer, and what became of it.

A viewer that acknowledges what it draws is believed. Of others the kernel knows what has arrived at the other end's. Without a lane nobody
knows: then all that was sent has arrived, and the connection's own back-pressure is what holds frames back.
"""

import math
import time

from appliance.server.edge.lane import Lane
from appliance.streams.figures import Figures
from appliance.streams.flight import Flight

# Of frames on their way, the kernel may hold unacknowledged: those of a round trip, with what peers acknowledge late, and half a frame.
LATE_ROUND_TRIPS, LATE_FRAMES = 1.25, 0.5
OPENING_S = 2.0  # TCP begins slowly, whatever the link is worth
QUEUE_RATIO, QUEUE_S = 1.5, 0.005  # a round trip that much longer than the least one: something queues on the way
PROBE_S = 1.0  # an ack may get lost in a page that was asleep: try one frame a second all the same
PINGS_AT_FIRST, PING_EVERY_S = 3, 5.0
PING_ANYWAY_S = 30.0  # while the window holds frames back: it may be too small for a way that became longer


class Link:
    """One viewer's connection, as the frames on it tell."""

    __slots__ = (
        *(
            "flight",
            "acknowledges",
            "ping_due_s",
            "_lane",
            "_way",
            "_figures",
            "_websocket",
            "_is_watched",
            "_newcomer",
        ),
        *(
            "_boarded_bytes",
            "_rtt_s",
            "_pings_left",
            "_in_kernel",
            "_passed_bytes",
            "_progress_s",
            "_size_bytes",
            "_began_s",
        ),
    )

    def __init__(self, lane: Lane | None, figures: Figures, interval_s: float, *, websocket: bool) -> None:
        self.flight = Flight(interval_s)
        self.acknowledges = False
        self._lane, self._figures = lane, figures
        self._way = lane.way if lane is not None else None
        self._is_watched = False  # it acknowledges, or something is on its way for longer than a frame's time
        self._websocket = websocket  # whose pings tell more than the kernel does, which sees no further than a proxy
        self._newcomer: tuple[int, int, float] | None = None  # the latest frame, as long as it is not known to `flight`
        self._boarded_bytes = 0
        self._rtt_s: float | None = None
        self._pings_left, self.ping_due_s = PINGS_AT_FIRST, float("-inf")
        self._in_kernel = self._passed_bytes = 0  # of all that goes over this connection
        self._progress_s = time.monotonic()
        self._size_bytes = 0  # of the latest frame
        self._began_s = self._progress_s
        if lane is not None:
            lane.sharers += 1

    def is_clear(self) -> bool:
        """Whether everything has arrived; asked for every frame, so that of a good link nobody keeps books."""
        way = self._way
        if self._is_watched or (way is not None and not (way.prompt and way.is_drained)):
            return False
        self._newcomer = None
        return True

    def look(self, now_s: float) -> None:
        """See what has arrived."""
        self._board()
        queued = passed_bytes = 0
        if self._way is not None:
            queued = self._way.unacknowledged_bytes
            passed_bytes = self._way.accepted_bytes - queued
        if passed_bytes > self._passed_bytes or not queued or not self._in_kernel:  # more in the queue is no progress
            self._progress_s = now_s
        self._in_kernel, self._passed_bytes = queued, max(passed_bytes, self._passed_bytes)
        if not self.acknowledges:
            for number in self.flight.delivered(self._boarded_bytes - queued, now_s):
                self._figures.landed(number, now_s, self._rtt_s, None)
            self._is_watched = self.flight.in_flight > 0

    def has_room(self, now_s: float) -> bool:
        """Whether a frame may go, as far as is known since the last `look`."""
        return self.flight.room and not self._is_late() and not self.is_draining(now_s)

    def _is_late(self) -> bool:
        """More is on its way than the round trip accounts for. A window of whole frames sees that only one big frame later."""
        if self._lane is None or self._lane.sharers > 1:  # then what the kernel holds may be others'
            return False
        flight = self.flight
        expected = (
            LATE_ROUND_TRIPS * flight.base_rtt_s / flight.interval_s + LATE_FRAMES if flight.in_flight else math.inf
        )
        return self._in_kernel > expected * self._size_bytes

    def is_draining(self, now_s: float) -> bool:
        """The next frame waits until nothing is on its way, so that a ping can tell the link's own time there and back."""
        if not (self.acknowledges and self._websocket and self._lane is not None and self.flight.in_flight):
            return False
        overdue = now_s - self.ping_due_s > PING_ANYWAY_S and self.flight.blocked_for_s(now_s) > 0
        return self._pings_left > 0 or overdue

    def sent(self, number: int, size_bytes: int, now_s: float) -> None:
        """A frame begins to leave."""
        if self._newcomer is not None:
            self._board()
        self._newcomer, self._size_bytes = (number, size_bytes, now_s), size_bytes
        if self.acknowledges:
            self._board()

    def all_arrived(self) -> None:
        """Everything sent so far is there, though `is_clear` was not asked."""
        self._newcomer = None

    def _board(self) -> None:
        if self._newcomer is not None:
            self.flight.sent(*self._newcomer)
            self._boarded_bytes += self._newcomer[1]
            self._newcomer = None
            self._is_watched = True

    def acknowledged(self, number: int, now_s: float, drawn_after_s: float | None) -> None:
        """The viewer drew this frame."""
        self._board()
        if not self.acknowledges:
            self.acknowledges = self._is_watched = True
            self._pings_left, self.ping_due_s = PINGS_AT_FIRST, now_s
            self._figures.note_every_s = 0.0
        if self.flight.acknowledged(number, now_s) is not None:
            self._figures.landed(number, now_s, self._rtt_s, drawn_after_s)

    def is_opening(self, now_s: float) -> bool:
        """Whether frames are late because TCP has only begun: not because anything queues on the way."""
        if self._lane is None or now_s - self._began_s > OPENING_S:
            return False
        trip = self._lane.round_trip()
        return trip is not None and trip.smoothed_s < QUEUE_RATIO * trip.least_s + QUEUE_S

    def leave(self) -> None:
        """Nothing more goes to this viewer."""
        if self._lane is not None:
            self._lane.sharers -= 1

    def forgive_silence(self, now_s: float) -> bool:
        """Whether the other end's kernel has everything and still no ack comes: then what was sent counts no more."""
        oldest_s = self.flight.oldest_sent_s
        if not self.acknowledges or self._in_kernel or oldest_s is None or now_s - oldest_s <= PROBE_S:
            return False
        self.flight.forget()
        return True

    def stalled_for_s(self, now_s: float) -> float:
        """How long the other end has taken nothing of what waits for it."""
        return now_s - self._progress_s if self._in_kernel else 0.0

    def ping_if_due(self, now_s: float) -> None:
        """Measure the way there and back, when nothing is on its way."""
        if now_s < self.ping_due_s or self.flight.in_flight or self._lane is None:
            return
        self._pings_left -= 1
        self.ping_due_s = now_s if self._pings_left > 0 else now_s + PING_EVERY_S
        if self._websocket and self.acknowledges:
            self._lane.ping(self._ponged)
        elif trip := self._lane.round_trip():
            self._measured(trip.smoothed_s, trip.least_s)

    def _ponged(self, rtt_s: float) -> None:
        self._measured(rtt_s, rtt_s)

    def _measured(self, rtt_s: float, least_s: float) -> None:
        self._rtt_s = self._figures.rtt_s = rtt_s
        self.flight.pinged(least_s, time.monotonic())
