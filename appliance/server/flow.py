"""Flow: how many frames may be on their way to a viewer who says which ones it has drawn.

Without this the kernel and the routers on the way fill up with frames, and on a slow link the newest picture waits behind seconds of old
ones. A viewer that never acknowledges is not limited here; its connection's own back-pressure is all there is.
"""

from collections import deque

import trio

from appliance.streams.change import Change

# Frames in flight. At 30 fps four of them cover 130 ms from send to ack, so a good link is never held back.
WINDOW_FRAMES = 4
PROBE_S = 1.0  # an ack may get lost in a page that was asleep: try one frame a second all the same


class AckWindow:
    """Counts frames that were sent and not yet acknowledged."""

    def __init__(self) -> None:
        self._in_flight: deque[int] = deque()
        self._acks = False
        self._change = Change()

    def sent(self, number: int) -> None:
        """A frame went out."""
        if self._acks:
            self._in_flight.append(number)

    def acknowledged(self, number: int) -> None:
        """The viewer drew this frame; what it skipped before counts as arrived too."""
        self._acks = True
        while self._in_flight and self._in_flight[0] <= number:
            self._in_flight.popleft()
        self._change.tell()

    async def wait_for_room(self) -> None:
        """Return when another frame may go out."""
        with trio.move_on_after(PROBE_S) as waiting:
            while len(self._in_flight) >= WINDOW_FRAMES:
                await self._change.wait()
        if waiting.cancelled_caught:
            self._in_flight.clear()
