"""Capture: keeps one camera alive and pours its frames into its stream, for as long as the stream exists."""

import logging
from typing import NoReturn

import trio
from msgspec import structs

from appliance.capture.adjusting import kept_for_worker, pass_on_settings
from appliance.capture.device import is_numbered, lasting_name
from appliance.capture.hotplug import Hotplug
from appliance.capture.placeholder import Placeholders
from appliance.capture.recovery import MOST_STUCK, STEADY_S, Failure, Recovery
from appliance.capture.remedy import Remedy
from appliance.capture.stuck import Stuck
from appliance.capture.usb_reset import UsbReset
from appliance.capture.watch import Watch
from appliance.capture.worker import Worker, WorkerError
from appliance.config import Camera
from appliance.streams.stream import Stream
from appliance.wire import hallway

KILL_DEADLINE_S = 2.0  # SIGKILL works at once, except on a process stuck inside the kernel
log = logging.getLogger("appliance.capture")


class Capture:
    """The life of one camera: open, pour, fail, say why, do what may help, open again."""

    def __init__(
        self,
        stream: Stream,
        placeholders: Placeholders,
        hotplug: Hotplug,
        usb_reset: UsbReset,
        recovery: Recovery | None = None,
    ) -> None:
        self._stream = stream
        self._placeholders, self._hotplug = placeholders, hotplug
        self._recovery = recovery or Recovery()
        self._stuck = Stuck(stream)
        self._remedy = Remedy(stream, self._recovery, hotplug, usb_reset, self._stuck)
        self._followed = ""  # the lasting name of a camera that was configured by its number
        self._avoid: list[str] = []  # devices that hung when opened

    async def run(self) -> None:
        """Return when the stream is removed."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._placeholders.show_on, self._stream, name=f"placeholder {self._stream.id}")
            nursery.start_soon(self._stuck.look)
            while not self._stream.removed:
                if not self._stream.running:
                    await self._stream.changed.wait()
                    continue
                await self._attempt()
            nursery.cancel_scope.cancel()

    async def _attempt(self) -> None:
        """One worker, from start to end, and what is done after it; cut short when people stop the stream, or its camera is another."""
        self._stream.progress.expect(0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._cancel_when_stopped, nursery.cancel_scope)
            failure = await self._open_and_fail()
            await self._remedy.apply(failure, self._device, self._placeholders.show)
            nursery.cancel_scope.cancel()

    async def _cancel_when_stopped(self, scope: trio.CancelScope) -> None:
        take = self._stream.takes
        while self._stream.running and self._stream.takes == take:
            await self._stream.changed.wait()
        self._recovery.start_over()
        self._avoid.clear()
        self._followed = ""  # who starts it again may mean the camera that has the number then
        scope.cancel()

    async def _open_and_fail(self) -> Failure:
        """Run one worker until it fails. While failures repeat, the stream goes on showing why."""
        stream, watch, began_s = self._stream, Watch(self._stream), trio.current_time()
        if self._recovery.fresh:
            stream.set_status("starting", "starting")
        try:
            error = await self._with_worker(watch)
            stream.mending.unplugged += error.kind == "gone" and stream.opened is not None
        finally:
            stream.opened = None
            stream.settings.end()
        stream.restarts += 1
        if watch.delivered_s > STEADY_S:
            self._avoid.clear()
        if watch.opening and error.kind == "hung":
            self._avoid = [*{*self._avoid, watch.opening}]
        return Failure(error.kind, watch.delivered_s, trio.current_time() - began_s)

    async def _with_worker(self, watch: Watch) -> WorkerError:
        """Run one worker until it fails, and say at once how: to end it may take a while."""
        try:
            worker = await self._start()
        except WorkerError as error:
            self._tell(error)
            return error
        async with trio.open_nursery() as nursery:
            nursery.start_soon(worker.copy_log, self._stream.id)  # ends with the worker, so its last words are kept
            try:
                failure = await self._talk(worker, watch)
                self._tell(failure)
            finally:
                with trio.move_on_after(KILL_DEADLINE_S, shield=True):
                    await worker.end()
                if not worker.gone():
                    self._stuck.add(worker)
        return failure

    async def _start(self) -> Worker:
        if len(self._stuck) >= MOST_STUCK:
            raise WorkerError(f"{len(self._stuck)} capture processes hang in this camera's driver", "hung")
        try:
            return await Worker.start()
        except OSError as error:
            raise WorkerError(f"cannot start a capture process: {error.strerror}") from error

    def _tell(self, error: WorkerError) -> None:
        stream = self._stream
        if (stream.status, stream.reason) != ("offline", str(error)):  # the same again is no news
            log.warning("%s: %s", stream.id, error)
        stream.set_status("offline", str(error))

    async def _talk(self, worker: Worker, watch: Watch) -> WorkerError:
        """Open the camera and take in what it delivers; how it failed."""
        stream = self._stream
        try:
            number, kept = stream.numbering.for_worker(), kept_for_worker(stream)
            order = hallway.Open(self._camera, number, self._avoid, stream.offer.heights(), kept)
            await worker.send(hallway.encode(order))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._say_what_is_wanted, worker)
                nursery.start_soon(self._notice_departure, watch)
                nursery.start_soon(pass_on_settings, stream, worker)
                if stream.camera.parsed_source.kind == "published":
                    nursery.start_soon(self._pass_on_pushed, worker)
                await self._listen(worker, watch)
        except WorkerError as error:
            return error
        except BaseExceptionGroup as group:
            failed, others = group.split(WorkerError)
            if others is not None or failed is None:
                # Stopped in the same moment: then a failed worker is no news, and must not travel on beside the Cancelled.
                raise (others or group) from None
            return _first(failed)

    async def _listen(self, worker: Worker, watch: Watch) -> NoReturn:
        """Take in what the worker says; whoever is silent for too long has failed. Raises WorkerError."""
        while True:
            self._stream.progress.expect(watch.patience_s)
            with trio.move_on_after(watch.patience_s) as silence:
                message = await worker.receive()
            if silence.cancelled_caught and worker.has_news:
                continue  # it spoke, but this process was not there to hear it
            if silence.cancelled_caught:
                raise watch.silence()
            if isinstance(message, tuple):
                watch.take_in_frame(*message)
            else:
                watch.take_in(message, newest=not worker.has_news)
                self._follow()

    async def _notice_departure(self, watch: Watch) -> NoReturn:
        """A device that is pulled out is known at once, also when its worker hangs. Raises WorkerError."""
        while watch.node is None or not watch.node.left:
            await self._hotplug.stirred.wait()
            self._follow()  # udev names a device some moments after the kernel
        raise WorkerError(f"the camera was unplugged ({watch.device})", "gone")

    def _follow(self) -> None:
        """From its first success on, a camera that was configured by its number is the one it was then."""
        if self._stream.opened is not None and not self._followed and is_numbered(self._device):
            self._followed = lasting_name(self._device)

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

    @property
    def _device(self) -> str:
        """The name of the USB device that it is; "" for a camera that is none, or not always the same."""
        source = self._stream.camera.parsed_source
        return self._followed or (source.device if source.kind == "usb" else "")

    @property
    def _camera(self) -> Camera:
        """What the worker is told to open."""
        camera = self._stream.camera
        return structs.replace(camera, source=f"usb:{self._followed}") if self._followed else camera


def _first(group: BaseExceptionGroup[WorkerError]) -> WorkerError:
    """The first failure of several that happened at once."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
