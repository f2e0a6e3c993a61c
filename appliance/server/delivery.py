"""Delivery: when a viewer's next frame goes, and which one it is.

Rule 1: a frame that may go, goes on the publisher's time, by one write that waits for nobody (the express way).
Rule 2: a frame may go while fewer are on their way than the window allows.
Rule 3: what waits is the newest frame, and on `auto` that of the rung the link carries.
Rule 4: a viewer that takes nothing for the send timeout is reset.

A viewer at ease had received everything when its last frame went, and when the one before did. Most viewers are, and of them only
that is asked for each frame; the books are made up ten times a second, or once something is different.
"""

import math
import time
from collections.abc import Callable, Hashable

import trio

from appliance.frame import Frame
from appliance.server.edge.lane import Lane
from appliance.server.link import Link
from appliance.streams.change import Change
from appliance.streams.ladder import Ladder
from appliance.streams.stream import Stream
from appliance.streams.subscription import Subscription
from appliance.wire.buffers import Buffers

POLL_S = 0.008  # between looks at the kernel while a frame waits; tells a landing late by half of it
LONGEST_POLL_S = 0.05  # for those who wait long: a stalled viewer costs 20 looks a second
CLIMB_POLL_S = 0.25  # on a lower rung, without trouble
AT_EASE_FOR_S = 0.1  # then its books are made up; as often as figures take a note
RATES_EVERY_S = 0.2  # what the rungs cost changes with the scene, not with the frame


class Delivery:
    """Takes frames from a subscription to one connection. It is its subscription's express way."""

    __slots__ = (
        *("write", "_stream", "_subscription", "_buffers_of", "_lane", "_way", "_link", "_is_clear", "_key"),
        *("_send_timeout_s", "_ladder", "_rates", "_rates_due_s", "_acked"),
        *("_at_ease_until_s", "_eased_frames", "_eased_bytes", "_eased_last"),
    )

    def __init__(
        self,
        stream: Stream,
        subscription: Subscription,
        buffers_of: Callable[[Frame], Buffers],
        lane: Lane | None,
        send_timeout_s: float,
        *,
        websocket: bool,
        key: Hashable = None,
    ) -> None:
        """`key`: where `buffers_of` keeps with the frame what it makes, as long as this viewer has lost nothing."""
        self._stream, self._subscription = stream, subscription
        self._buffers_of, self._lane = buffers_of, lane
        self._send_timeout_s = send_timeout_s
        self._link = Link(lane, subscription.figures, self._interval_s(), websocket=websocket)
        self._ladder = Ladder()
        self._rates: list[float] = []
        self._rates_due_s = float("-inf")
        self._acked = Change()
        self._is_clear = False
        self._at_ease_until_s = -math.inf
        self._eased_frames = self._eased_bytes = 0  # what went at ease and is not in the books yet
        self._eased_last = (0, 0, 0.0)  # number, bytes and time of the last one
        self._key = key
        self._way = lane.way if lane is not None else None
        self.write = _no_way if lane is None else lane.way.write

    async def next(self) -> Frame:
        """The next frame that has to be sent by whoever calls, who calls `leaving` first. Raises trio.EndOfChannel."""
        while True:
            await self._until_something_waits()
            await self._until_room()
            if frame := self._subscription.take():
                return frame

    def leaving(self, frame: Frame, size_bytes: int) -> None:
        """The sending of this frame begins."""
        self._make_up_books()
        now_s = time.monotonic()
        self._link.ping_if_due(now_s)
        self._link.sent(frame.number, size_bytes, now_s)
        self._subscription.figures.sent(frame, size_bytes, now_s)

    async def send(self, frame: Frame) -> None:
        """Send a frame through the lane, and look after it until the kernel has all of it."""
        assert self._lane is not None
        buffers = self._buffers_of(frame)
        self.leaving(frame, buffers.size_bytes)
        if not self._lane.offer(buffers):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._look_now_and_then)
                await self._lane.send(buffers)
                nursery.cancel_scope.cancel()
        await self.finish()

    async def _look_now_and_then(self) -> None:
        while True:
            await trio.sleep(LONGEST_POLL_S)
            self._look(waiting=self._subscription.is_waiting)

    async def finish(self) -> None:
        """Wait until nothing is half sent."""
        began_s = time.monotonic()
        while self._lane is not None and self._lane.half_sent:
            with trio.move_on_after(_poll_s(began_s) if self._subscription.auto else LONGEST_POLL_S):
                await self._lane.push()
            self._look(waiting=self._subscription.is_waiting)

    def acknowledged(self, number: int, drawn_after_s: float | None) -> None:
        """The viewer drew this frame."""
        self._make_up_books()
        now_s = time.monotonic()
        self._link.acknowledged(number, now_s, drawn_after_s)
        self._choose_rung(now_s)
        self._acked.tell()

    def leave(self) -> None:
        """Nothing more goes to this viewer."""
        self._make_up_books()
        self._link.leave()

    def wishes_changed(self) -> None:
        """The viewer chose another preset or rate."""
        self._make_up_books()
        self._link.flight.interval_s = self._interval_s()
        self._ladder = Ladder()
        self._rates_due_s = float("-inf")

    def _interval_s(self) -> float:
        return 1 / self._stream.fps_at(self._subscription.rungs[self._subscription.rung])

    async def _until_something_waits(self) -> None:
        while not self._subscription.is_waiting:
            with trio.move_on_after(CLIMB_POLL_S if self._subscription.rung else float("inf")):
                await self._subscription.wait(None if self._lane is None else self)
            await self.finish()
            if self._subscription.rung:
                self._look(waiting=False)

    # The express way: see streams.subscription.Express.

    def prepare(self, frame: Frame, now_s: float) -> bool:
        """Whether this frame may go, and nothing stands in its way."""
        link, way = self._link, self._way
        if now_s < self._at_ease_until_s and way is not None:
            if way.prepare_if_drained(frame.built(self._key) or self._buffers_of(frame)):
                return True
            self._make_up_books()
        self._is_clear = link.is_clear()
        if not self._is_clear:
            link.look(now_s)
            if not link.has_room(now_s):
                self._hold(now_s)
                return False
        if now_s >= link.ping_due_s:
            link.ping_if_due(now_s)
        buffers = None if self._subscription.lost else frame.built(self._key)
        return way is not None and way.prepare(buffers or self._buffers_of(frame))

    def written(self, frame: Frame, now_s: float) -> bool:
        """Note that the frame went."""
        way = self._way
        assert way is not None
        size_bytes = way.written()
        if now_s < self._at_ease_until_s:
            if way.prompt and size_bytes:
                self._eased_frames += 1
                self._eased_bytes += size_bytes
                self._eased_last = frame.number, size_bytes, now_s
                return True
            self._make_up_books()
            self._link.all_arrived()
        if not size_bytes:
            return False
        self._link.sent(frame.number, size_bytes, now_s)
        self._subscription.figures.sent(frame, size_bytes, now_s, is_clear=self._is_clear)
        if not way.prompt:
            self._subscription.nudge()
        elif self._is_clear and not self._subscription.lost:
            self._at_ease_until_s = now_s + AT_EASE_FOR_S
        return True

    def _make_up_books(self) -> None:
        """Note what went at ease; from here on this viewer is not at ease."""
        self._at_ease_until_s = -math.inf
        if self._eased_frames:
            self._subscription.figures.sent_at_ease(self._eased_frames, self._eased_bytes, self._eased_last[2])
            self._link.all_arrived()
            self._link.sent(*self._eased_last)
            self._eased_frames = self._eased_bytes = 0

    async def _until_room(self) -> None:
        self._subscription.excuse = "unacknowledged"
        began_s = time.monotonic()
        while not self._look(waiting=True):
            with trio.move_on_after(_poll_s(began_s)):
                await self._acked.wait()
        self._subscription.excuse = "unsent"

    def _look(self, *, waiting: bool) -> bool:
        """See what has arrived, and what follows from it. Whether a frame may go."""
        self._make_up_books()
        now_s = time.monotonic()
        link = self._link
        link.look(now_s)
        if self._lane is not None and link.stalled_for_s(now_s) > self._send_timeout_s:
            self._lane.give_up()
            self._subscription.close()
            return True
        room = link.has_room(now_s)
        if waiting and (not room or (self._lane is not None and self._lane.half_sent)):
            self._hold(now_s)
        self._choose_rung(now_s)
        return room or link.forgive_silence(now_s)

    def _hold(self, now_s: float) -> None:
        if not self._link.is_draining(now_s):  # then it is us who hold back, not the link
            self._link.flight.hold(now_s)

    def _choose_rung(self, now_s: float) -> None:
        subscription, flight = self._subscription, self._link.flight
        if subscription.is_closed:  # it may have left its hub
            return
        if now_s >= self._rates_due_s or len(self._rates) != len(subscription.rungs):  # other rungs: a reload, perhaps
            self._rates_due_s = now_s + RATES_EVERY_S
            flight.interval_s = self._interval_s()  # the stream's rate may be another now
            self._rates = self._stream.rates_bytes_per_s(subscription)
        if not self._rates or not subscription.auto or (self._lane is None and not self._link.acknowledges):
            return
        if flight.blocked_lately and self._link.is_opening(now_s):
            return
        rung = self._ladder.choose(now_s, subscription.rung, self._rates, flight)
        if rung != subscription.rung:
            self._stream.step(subscription, rung)
            flight.interval_s = self._interval_s()


def _poll_s(since_s: float) -> float:
    """How soon to look again, of something that is waited for since then."""
    return min(max(POLL_S, (time.monotonic() - since_s) / 8), LONGEST_POLL_S)


def _no_way() -> None:
    raise NotImplementedError("without a lane there is no express way")
