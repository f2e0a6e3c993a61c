"""Capture: keeps one camera alive and pours its frames into its stream, for as long as the stream exists."""

import logging
import os

import trio

from appliance import backoff
from appliance.capture.placeholder import Placeholders
from appliance.capture.watch import Watch
from appliance.capture.worker import Worker, WorkerError
from appliance.streams.stream import Stream
from appliance.wire import hallway

BACK_OFF_SPREAD = 0.1
STEADY_S = 2.0  # a camera that lived for so long starts with a short back-off again
SAY_WHY_S = 2.0  # to draw a placeholder takes a sixth of that, unless the machine is busy
KILL_DEADLINE_S = 2.0  # SIGKILL works at once, except on a process stuck inside the kernel
LOOK_FOR_DEVICE_S = 0.25
log = logging.getLogger("appliance.capture")


class Capture:
    """The life of one camera: open, pour, fail, say why, wait, open again."""

    def __init__(self, stream: Stream, placeholders: Placeholders) -> None:
        self._stream = stream
        self._placeholders = placeholders
        self._avoid: list[str] = []  # devices that hung when opened
        self._hung = False  # did the last worker end that way?
        self._unkillable: list[Worker] = []
        self._failures = 0

    async def run(self) -> None:
        """Return when the stream is removed."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._placeholders.show_on, self._stream, name=f"placeholder {self._stream.id}")
            while not self._stream.removed:
                if not self._stream.running:
                    await self._stream.changed.wait()
                    continue
                await self._attempt()
            nursery.cancel_scope.cancel()

    async def _attempt(self) -> None:
        """One worker, from start to end, and the wait after it; cut short when people stop the stream."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._cancel_when_stopped, nursery.cancel_scope)
            await self._open_and_fail()
            await self._back_off()
            nursery.cancel_scope.cancel()

    async def _cancel_when_stopped(self, scope: trio.CancelScope) -> None:
        while self._stream.running:
            await self._stream.changed.wait()
        self._failures = 0
        self._avoid.clear()
        scope.cancel()

    async def _open_and_fail(self) -> None:
        """Run one worker until it fails, and keep the reason. While failures repeat, the stream goes on showing it."""
        stream, started_s = self._stream, trio.current_time()
        self._hung = False
        if not self._failures:
            stream.set_status("starting", "starting")
        try:
            await self._with_worker()
        except WorkerError as error:
            if (stream.status, stream.reason) != ("offline", str(error)):  # the same again is no news
                log.warning("%s: %s", stream.id, error)
            stream.set_status("offline", str(error))
        finally:
            stream.opened = None
        stream.restarts += 1
        if trio.current_time() - started_s > STEADY_S and not self._hung:
            self._failures = 0
            self._avoid.clear()
        # Before the next attempt: who watches a plain stream is told only by the picture.
        with trio.move_on_after(SAY_WHY_S):
            await self._placeholders.show(stream)

    async def _with_worker(self) -> None:
        """Run one worker until it fails. Raises WorkerError."""
        self._unkillable = [worker for worker in self._unkillable if not worker.gone()]
        try:
            worker = await Worker.start()
        except OSError as error:
            raise WorkerError(f"cannot start a capture process: {error.strerror}") from error
        failure: WorkerError | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(worker.copy_log, self._stream.id)  # ends with the worker, so its last words are kept
            try:
                await self._talk(worker)
            except WorkerError as error:
                failure = error
            finally:
                with trio.move_on_after(KILL_DEADLINE_S, shield=True):
                    await worker.end()
                self._give_up_on(worker)
        if failure is not None:
            raise failure

    def _give_up_on(self, worker: Worker) -> None:
        """A process that survives SIGKILL sits in the kernel: let go of it, and take its trace out of the table once it dies."""
        if not worker.gone():
            worker.let_go()
            self._unkillable.append(worker)
            log.error("%s: process %d is stuck in the kernel and cannot be ended yet", self._stream.id, worker.pid)

    async def _talk(self, worker: Worker) -> None:
        """Open the camera and take in what it delivers. Raises WorkerError."""
        stream = self._stream
        await worker.send(hallway.encode(hallway.Open(stream.camera, stream.numbering.for_worker(), self._avoid)))
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._say_what_is_wanted, worker)
                if stream.camera.parsed_source.kind == "published":
                    nursery.start_soon(self._pass_on_pushed, worker)
                await self._listen(worker)
        except BaseExceptionGroup as group:
            failed, others = group.split(WorkerError)
            if others is not None or failed is None:
                # Stopped in the same moment: then a failed worker is no news, and must not travel on beside the Cancelled.
                raise (others or group) from None
            raise _first(failed) from None

    async def _listen(self, worker: Worker) -> None:
        """Take in what the worker says; whoever is silent for too long has failed. Raises WorkerError."""
        watch = Watch(self._stream)
        while True:
            with trio.move_on_after(watch.patience_s) as silence:
                message = await worker.receive()
            if silence.cancelled_caught and worker.has_news:
                continue  # it spoke, but this process was not there to hear it
            if silence.cancelled_caught:
                break
            if isinstance(message, tuple):
                watch.take_in_frame(*message)
            else:
                watch.take_in(message, newest=not worker.has_news)
        if watch.opening:
            self._hung = True
            self._avoid = [*{*self._avoid, watch.opening}]
        raise watch.silence()

    async def _say_what_is_wanted(self, worker: Worker) -> None:
        told: list[hallway.Rendition] | None = None
        while True:
            wanted = self._stream.wanted()
            if wanted != told:
                await worker.send(hallway.encode(hallway.Want(wanted)))
                told = wanted
            else:
                await self._stream.demand.wait()

    async def _pass_on_pushed(self, worker: Worker) -> None:
        while True:
            await worker.send(hallway.encode_pushed(await self._stream.producer.newest()))

    async def _back_off(self) -> None:
        """Wait before the next attempt, longer each time; a device that appears ends the wait."""
        delay_s = backoff.delay_s(self._failures, BACK_OFF_SPREAD)
        self._failures += 1
        with trio.move_on_after(delay_s):
            await _appearance_of(self._stream.camera.parsed_source.device)
            self._failures = 0


async def _appearance_of(device: str) -> None:
    """Return when a device that is not there appears; never return for one that is there, or for none."""
    if not device or os.access(device, os.F_OK):
        await trio.sleep_forever()
    while not os.access(device, os.F_OK):  # noqa: ASYNC110 - the file system tells nobody; udev comes with hotplug
        await trio.sleep(LOOK_FOR_DEVICE_S)


def _first(group: BaseExceptionGroup[WorkerError]) -> WorkerError:
    """The first failure of several that happened at once."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
