"""Producer: where the pictures of a remote producer wait for the worker of its stream."""

from appliance.streams.change import Change
from appliance.wire.hallway import Pushed


class Producer:
    """One picture waits: a newer one replaces it if the worker has not taken it yet."""

    def __init__(self) -> None:
        self.connected = False
        self._waiting: Pushed | None = None
        self._change = Change()

    def push(self, pushed: Pushed) -> None:
        """A picture came."""
        self._waiting = pushed
        self._change.tell()

    def forget(self) -> None:
        """What waits was for a worker that is gone; when the next one comes it would be old."""
        self._waiting = None

    async def newest(self) -> Pushed:
        """Take the picture that waits, or the next one."""
        while self._waiting is None:
            await self._change.wait()
        taken, self._waiting = self._waiting, None
        return taken
