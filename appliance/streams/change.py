"""Change: tells any number of tasks that something is different now, without queueing how often."""

import trio


class Change:
    """An event that re-arms itself. Whoever waits looks at the present state first, then waits for the next change."""

    def __init__(self) -> None:
        self._event = trio.Event()

    def tell(self) -> None:
        """Wake everybody who waits now."""
        self._event.set()
        self._event = trio.Event()

    async def wait(self) -> None:
        """Return at the next `tell`. Changes before the call are not remembered."""
        await self._event.wait()
