"""The camera: a plug, requests, a stream, and its owner at the control socket, in one loop of one thread."""

import contextlib
import json
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from tests.lab.usbcam.descriptors import Make
from tests.lab.usbcam.faults import COUNTED, HELP, Faults
from tests.lab.usbcam.requests import Requests
from tests.lab.usbcam.streaming import Streaming
from tests.lab.usbcam.usbip import Plug, PlugError, Submit, Unlink

IDLE_S = 1.0
COMMAND_BYTES = 4096


class Camera:
    """A device that comes and goes."""

    def __init__(
        self,
        make: Make,
        frames: Path | None,
        *,
        port: int | None = None,
        stamp: bool = False,
        first_s: float = 0.1,
        log: Path | None = None,
    ) -> None:
        self._log = log.open("a", buffering=1) if log else None
        self.faults = Faults()
        self._plug = Plug(port)
        self._stream = Streaming(frames, self.faults, self._note, stamp=stamp, first_s=first_s)
        self._requests = Requests(make, self.faults, self._stream.start, self._stop_stream, self._note)
        self._make = make
        self._waiting: deque[Submit] = deque()  # bulk transfers that the host holds open
        self._held: list[Submit] = []  # unanswered while it hangs
        self._stalls = 0  # bulk transfers to refuse; -1: all
        self._replug_s: float | None = None
        self._ended = False
        self._selector = selectors.DefaultSelector()

    def run(self, control: Path, *, unplugged: bool = False) -> None:
        """Be a camera until told to quit. Raises PlugError."""
        if not unplugged:
            self.plug()
        control.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(control))
            listener.listen(8)
            self._selector.register(listener, selectors.EVENT_READ, lambda: self._on_owner(listener))
            while not self._ended:
                for key, _ in self._selector.select(self._patience_s()):
                    act: Callable[[], None] = key.data
                    act()
                self._tick()
        control.unlink(missing_ok=True)

    def quit(self) -> None:
        """Detach and end."""
        self.unplug()
        self._ended = True

    # The plug

    def plug(self) -> None:
        """Put it in. Raises PlugError."""
        if self._plug.end is not None:
            raise PlugError("already plugged")
        self._forget()
        self._requests.replug()
        self._selector.register(self._plug.put_in(), selectors.EVENT_READ, self._on_host)
        self._note(f"plug port {self._plug.port}")

    def unplug(self) -> None:
        """Pull it out."""
        if (end := self._plug.end) is not None:
            self._note("unplug")
            self._selector.unregister(end)
            self._plug.pull_out()
        self._forget()

    def _forget(self) -> None:
        self._waiting.clear()
        self._held.clear()
        self._stop_stream()

    # The host

    def _on_host(self) -> None:
        end = self._plug.end
        if end is None:  # unplugged by a command in the same round
            return
        said = self._plug.read()
        if said is None:
            self._note("the kernel closed its end")
            self._selector.unregister(end)
            self._plug.drop()
            self._forget()
            return
        for request in said:
            if isinstance(request, Unlink):
                self._take_back(request)
            elif self.faults.hung:
                self._held.append(request)
            else:
                self._answer(request)

    def _answer(self, request: Submit) -> None:
        if request.endpoint == 0:
            answer = self._requests.answer(request.setup, request.data)
            if answer is None:
                self._plug.stall(request.seq)
            elif request.into_host:
                self._plug.done(request.seq, answer[: request.length])
            else:
                self._plug.done(request.seq, taken=len(request.data))
        elif request.endpoint == 1 and request.into_host:
            self._waiting.append(request)
            self._pump()
        else:
            self._plug.stall(request.seq)

    def _take_back(self, request: Unlink) -> None:
        for queue in (self._waiting, self._held):
            victim = next((each for each in queue if each.seq == request.victim), None)
            if victim is not None:
                queue.remove(victim)
                self._plug.unlinked(request.seq, found=True)
                return
        self._plug.unlinked(request.seq, found=False)

    def _pump(self) -> None:
        """Hand over what there is to those transfers that wait for it."""
        while self._stalls and self._waiting:
            self._stalls = max(self._stalls - 1, -1)
            self._stream.payloads.clear()
            self._plug.stall(self._waiting.popleft().seq)
        payloads = self._stream.payloads
        while self._waiting and payloads:
            self._plug.done(self._waiting.popleft().seq, payloads.popleft())

    def _stop_stream(self) -> None:
        self._stalls = 0
        self._stream.stop()

    # Time

    def _patience_s(self) -> float:
        due = [each for each in (self._stream.due_s, self._replug_s) if each is not None]
        return max(0.0, min(due) - time.monotonic()) if due else IDLE_S

    def _tick(self) -> None:
        now_s = time.monotonic()
        if self._replug_s is not None and now_s >= self._replug_s:
            self._replug_s = None
            self.plug()
        if self._plug.end is not None and not self.faults.hung:
            self._stream.tick(now_s)
            self._pump()
        elif self._stream.due_s is not None:
            self._stream.due_s = max(self._stream.due_s, now_s + 0.01)

    # The owner

    def _on_owner(self, listener: socket.socket) -> None:
        owner, _ = listener.accept()
        with owner, contextlib.suppress(OSError):
            owner.settimeout(IDLE_S)
            words = owner.recv(COMMAND_BYTES).decode().split()
            try:
                answer = self._obey(words)
            except (ValueError, PlugError) as error:
                answer = f"error: {error}"
            owner.sendall(answer.encode() + b"\n")

    def _obey(self, words: list[str]) -> str:
        """One command; what to answer. Raises ValueError or PlugError."""
        command, *rest = words or ["help"]
        self._note("told " + " ".join(words))
        if command == "help":
            return HELP
        if command == "status":
            return self._status()
        if command in COUNTED:
            self.faults.set_count(command, rest)
        elif (act := self._actions(rest).get(command)) is not None:
            act()
        else:
            raise ValueError(f"unknown command {command}; try help")
        return "ok"

    def _actions(self, rest: list[str]) -> dict[str, Callable[[], None]]:
        faults, number = self.faults, (rest or ["1"])[0]
        return {
            "plug": self.plug,
            "unplug": self.unplug,
            "replug": lambda: self._unplug_for(float(number)),
            "freeze": lambda: setattr(faults, "frozen", True),
            "thaw": lambda: setattr(faults, "frozen", False),
            "hang": lambda: setattr(faults, "hung", True),
            "unhang": self._unhang,
            "slow": lambda: setattr(faults, "slower", float(number)),
            "jitter": lambda: setattr(faults, "jitter_s", float(number) / 1000),
            "stall-stream": lambda: self._stall_stream(-1 if number == "all" else 1),
            "clear": self._clear,
            "quit": self.quit,
        }

    def _unplug_for(self, seconds: float) -> None:
        self.unplug()
        self._replug_s = time.monotonic() + seconds

    def _stall_stream(self, count: int) -> None:
        self._stalls = count
        self._pump()

    def _unhang(self) -> None:
        self.faults.hung = False
        held, self._held = self._held, []
        for request in held:
            self._answer(request)

    def _clear(self) -> None:
        self.faults.clear()
        self._unhang()

    def _status(self) -> str:
        plug = {"plugged": self._plug.end is not None, "port": self._plug.port, "serial": self._make.serial}
        counts = {name: count for name, count in self.faults.counts.items() if count}
        faults = {"frozen": self.faults.frozen, "hung": self.faults.hung, "faults": counts}
        controls = {each.name: each.current for each in self._requests.controls.values()}
        return json.dumps({**plug, **self._stream.status(), **faults, "controls": controls})

    def _note(self, words: str) -> None:
        if self._log is not None:
            self._log.write(f"{time.monotonic():.6f} {words}\n")
