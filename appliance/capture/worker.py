"""Worker: a camera's process, from its start to its certain end."""

import contextlib
import logging
import select
import signal
import socket
import subprocess
import sys

import trio

from appliance.capture.inbox import Inbox
from appliance.frame import Frame
from appliance.system.machine import Machine, ThisMachine
from appliance.system.readings import memory_kills
from appliance.wire import hallway

START = (sys.executable, "-P", "-m", "appliance.cameras", "worker")
EXIT_DEADLINE_S = 1.0  # between closing its end and being gone
SEND_DEADLINE_S = 2.0
LOG_LINE_BYTES = 400
log = logging.getLogger("appliance.worker")


class WorkerError(Exception):
    """The worker ended or has to be ended; `str()` is the reason people are shown, `kind` what the recovery goes by."""

    def __init__(self, reason: str, kind: hallway.Kind = "other") -> None:
        super().__init__(reason)
        self.kind = kind


class Worker:
    """One worker process and our end of the hallway to it."""

    def __init__(self, process: trio.Process, ours: socket.socket, machine: Machine) -> None:
        self._process = process
        self._socket = ours
        self._machine, self._memory_kills = machine, memory_kills(machine)
        self._send_lock = trio.Lock()
        self._inbox = Inbox(ours)
        self._waited = True

    @classmethod
    async def start(cls, machine: Machine | None = None) -> "Worker":
        """Start the process; it touches no device before it is told to. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await trio.lowlevel.open_process(
                    [*START, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                )
            except BaseException:
                ours.close()
                raise
        ours.setblocking(False)
        return cls(process, ours, machine or ThisMachine())

    @property
    def pid(self) -> int:
        """Process id, for the log."""
        return self._process.pid

    async def receive(self) -> hallway.Up | tuple[int, Frame]:
        """The next message; a frame comes with its slot. May be cancelled: what has arrived of a message is kept.

        Raises WorkerError when nothing more can come.
        """
        if not self._waited:  # a worker that never stops talking must not stop everybody else
            await trio.lowlevel.checkpoint()
        self._waited = False
        try:
            while True:
                try:
                    return self._inbox.read()
                except BlockingIOError:
                    await trio.lowlevel.wait_readable(self._socket)
                    self._waited = True
        except (OSError, EOFError):
            raise WorkerError(await self._how_it_ended(), "ended") from None
        except hallway.HallwayError as error:
            raise WorkerError(f"the capture process sent {error}") from error

    @property
    def has_news(self) -> bool:
        """Something it said has not been received yet."""
        look = select.poll()
        look.register(self._socket.fileno(), select.POLLIN)
        return bool(look.poll(0))

    async def send(self, message: bytes) -> None:
        """Say something to the worker. Raises WorkerError."""
        async with self._send_lock:
            try:
                with trio.fail_after(SEND_DEADLINE_S):
                    view = memoryview(message)
                    while view:
                        try:
                            view = view[self._socket.send(view) :]
                        except BlockingIOError:
                            await trio.lowlevel.wait_writable(self._socket)
            except trio.TooSlowError:
                raise WorkerError("the capture process stopped answering", "hung") from None
            except OSError:
                pass  # it ended: `receive` knows why

    async def copy_log(self, camera_id: str) -> None:
        """Its standard error, line by line and bounded, into our log, until it ends."""
        assert self._process.stderr is not None
        rest = b""
        with contextlib.suppress(trio.ClosedResourceError):  # `let_go` gave up on it
            async with self._process.stderr as stderr:  # so that it is closed also when this is cancelled
                async for chunk in stderr:
                    *lines, rest = (rest + chunk).split(b"\n")
                    rest = rest[:LOG_LINE_BYTES]
                    _log(camera_id, lines)

    async def end(self) -> None:
        """Kill it and wait until it is gone; callers set a deadline."""
        trio.lowlevel.notify_closing(self._socket)
        self._socket.close()
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    def let_go(self) -> None:
        """Stop listening to a process that will not die."""
        if self._process.stderr is not None:
            self._process.stderr.close()  # type: ignore[attr-defined]

    def gone(self) -> bool:
        """Whether the process ended; this also takes its last trace out of the process table."""
        return self._process.poll() is not None

    async def _how_it_ended(self) -> str:
        with trio.move_on_after(EXIT_DEADLINE_S):
            status = await self._process.wait()
            if status == -signal.SIGKILL and memory_kills(self._machine) != self._memory_kills:
                return "memory ran out, and the system ended the capture process"
            if status < 0:
                return f"the capture process was ended by signal {-status}"
            return f"the capture process ended with status {status}"
        return "the capture process closed its connection"


def _log(camera_id: str, lines: list[bytes]) -> None:
    for line in lines:
        if text := line[:LOG_LINE_BYTES].decode(errors="replace").strip():
            log.info("%s: %s", camera_id, text)
