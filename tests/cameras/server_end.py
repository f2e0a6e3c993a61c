"""The server's end of the hallway, for tests: a real worker process at the other end, and plain blocking reads."""

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar

from appliance.config import Camera
from appliance.frame import Frame
from appliance.wire import hallway
from appliance.wire.controls import Value
from appliance.wire.hallway import Adjust, Controls, Open, Opened, Pushed, Rendition, Up, Want

PATIENCE_S = 10.0  # generous: these tests also run while both cores are busy
Received = Up | tuple[int, Frame]
Word = TypeVar("Word", bound=Up)

NATIVE = Rendition(slot=0, height=None, fps=120, jpeg_quality=85, max_kbytes_per_s=None)


class EndedError(Exception):
    """The worker closed its end."""


class ServerEnd:
    """A worker and the way to it."""

    def __init__(
        self,
        camera: Camera,
        *,
        first_number: int = 0,
        avoid: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
        heights: tuple[int, ...] = (),
        patience_s: float = PATIENCE_S,
        kept: dict[str, dict[str, Value]] | None = {},  # noqa: B006 - nobody changes it
    ) -> None:
        self._patience_s = patience_s
        self.socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "appliance.cameras", "worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, **(env or {})},
            )
        order = Open(camera, first_number, list(avoid), list(heights), kept)
        self._send(hallway.encode(order))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()
        self.process.kill()
        self.process.wait()

    def want(self, *renditions: Rendition) -> None:
        self._send(hallway.encode(Want(list(renditions))))

    def adjust(self, model: str, number: int, **values: Value | None) -> Controls:
        """Ask for these values; the worker's answer."""
        self.ask(model, number, **values)
        return self.until(Controls, lambda controls: controls.number == number)

    def ask(self, model: str, number: int, **values: Value | None) -> None:
        self._send(hallway.encode(Adjust(model, number, values)))

    def push(self, data: bytes, captured_us: int = 1) -> None:
        self._send(hallway.encode_pushed(Pushed(captured_us, data)))

    def receive(self, within_s: float | None = None) -> Received:
        """The next message. Raises EndedError, TimeoutError."""
        deadline_s = time.monotonic() + (self._patience_s if within_s is None else within_s)
        kind, length = hallway.decode_prefix(self._exactly(hallway.PREFIX.size, deadline_s))
        return hallway.decode_up(kind, memoryview(self._exactly(length, deadline_s)))

    def until(self, wanted: type[Word], holds: Callable[[Word], bool] = lambda _: True) -> Word:
        """The next word of this kind for which that holds."""
        deadline_s = time.monotonic() + self._patience_s
        while True:
            message = self.receive(deadline_s - time.monotonic())
            if isinstance(message, wanted) and holds(message):
                return message

    def frame(self, holds: Callable[[int, Frame], bool] = lambda _slot, _frame: True) -> tuple[int, Frame]:
        """The next frame for which that holds, and its slot."""
        deadline_s = time.monotonic() + self._patience_s
        while True:
            message = self.receive(deadline_s - time.monotonic())
            if isinstance(message, tuple) and holds(*message):
                return message

    def frames(self, count: int, slot: int = 0) -> list[Frame]:
        return [self.frame(lambda its_slot, _: its_slot == slot)[1] for _ in range(count)]

    def opened(self) -> Opened:
        return self.until(Opened)

    def ended(self, within_s: float = PATIENCE_S) -> int:
        """Wait for the end of the process, reading nothing. Returns its exit status."""
        return self.process.wait(within_s)

    def _send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def _exactly(self, length: int, deadline_s: float) -> bytes:
        data = b""
        while len(data) < length:
            ready, _, _ = select.select([self.socket], [], [], max(deadline_s - time.monotonic(), 0))
            if not ready:
                raise TimeoutError("the worker says nothing")
            got = self.socket.recv(length - len(data))
            if not got:
                raise EndedError
            data += got
        return data
