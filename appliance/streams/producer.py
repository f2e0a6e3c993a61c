"""Producer: where the pictures of a remote producer wait for the worker of its stream."""

import time

from appliance.streams.change import Change
from appliance.wire.hallway import Pushed

FRESH_S = 1.5  # a picture that waited longer for a worker would be shown as if it were new


class Producer:
    """One picture waits: a newer one replaces it if the worker has not taken it yet."""

    def __init__(self) -> None:
        self.connected = False
        self._waiting: Pushed | None = None
        self._pushed_s = 0.0
        self._change = Change()

    def push(self, pushed: Pushed) -> None:
        """A picture came."""
        self._waiting, self._pushed_s = pushed, time.monotonic()
        self._change.tell()

    def forget(self) -> None:
        """What waits was for a broadcast that has ended."""
        self._waiting = None

    async def newest(self) -> Pushed:
        """Take the picture that waits, if it is fresh, or the next one."""
        while self._waiting is None or time.monotonic() - self._pushed_s > FRESH_S:
            await self._change.wait()
        taken, self._waiting = self._waiting, None
        return taken
