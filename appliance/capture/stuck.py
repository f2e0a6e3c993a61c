"""Stuck: processes that survive SIGKILL because they sit in the kernel, as with a device that never answers. Nobody waits for them."""

import logging

import trio

from appliance.capture.worker import Worker
from appliance.streams.change import Change
from appliance.streams.stream import Stream

LOOK_EVERY_S = 1.0
log = logging.getLogger("appliance.capture")


class Stuck:
    """Those of one camera. Each is taken out of the process table once it ends after all."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._workers: list[Worker] = []
        self._changed = Change()

    def __len__(self) -> int:
        return len(self._workers)

    def add(self, worker: Worker) -> None:
        """Let go of this one."""
        worker.let_go()
        log.error("%s: process %d is stuck in the kernel and cannot be ended yet", self._stream.id, worker.pid)
        self._keep([*self._workers, worker])

    async def look(self) -> None:
        """Notice for ever which of them end."""
        while True:
            if not self._workers:
                await self._changed.wait()
                continue
            await trio.sleep(LOOK_EVERY_S)
            left = [worker for worker in self._workers if not worker.gone()]
            if len(left) < len(self._workers):
                log.info("%s: a process that was stuck has ended", self._stream.id)
                self._keep(left)

    async def change(self) -> None:
        """Return when they are more or fewer."""
        await self._changed.wait()

    def _keep(self, workers: list[Worker]) -> None:
        self._workers = workers
        self._stream.mending.stuck = len(workers)
        self._changed.tell()
