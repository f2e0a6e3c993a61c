"""The appliance as a process, with a configuration of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType

import msgspec

from appliance.config.model import Limits
from bench.processes import children, pin, wait_until

HOST = "127.0.0.1"
STREAM = "front"
START_S = 20.0
PLENTY = {  # of those limits that this version has: what is measured is the road, not the gate
    "max_viewers": 3000,
    "max_viewers_per_address": 3000,
    "max_connections": 6000,
    "max_connections_per_address": 6000,
}


class Box:
    """`python -m appliance run`, live when the `with` block begins. Raises TimeoutError."""

    def __init__(
        self,
        folder: Path,
        *,
        source: str = "pattern",
        preset: str = "native",
        env: dict[str, str] | None = None,
        addresses: tuple[str, ...] = (),
        core: int | None = None,
        wait: bool = True,
    ) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self._core, self._wait = core, wait
        self._log = folder / f"box-{self.port}.log"
        self._config = folder / f"box-{self.port}.toml"
        bind = ", ".join(f'"{address}:{self.port}"' for address in (HOST, *addresses))
        self._config.write_text(_configuration(bind, source, preset))
        self._env = {**os.environ, **(env or {})}

    def __enter__(self) -> "Box":
        self.began_s = time.monotonic()
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "appliance", "run", "--config", str(self._config)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self._env)
        try:
            if self._wait:
                wait_until(self._is_live, START_S, "the box is live")
            if self._core is not None:
                self.pin(self._core)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        if isinstance(error, Exception):
            print(self.last_words(), file=sys.stderr)

    @property
    def pid(self) -> int:
        """Of the server."""
        return self.process.pid

    @property
    def worker(self) -> int:
        """Process id of the camera's worker."""
        [pid] = [child for child in children(self.pid) if b"worker" in Path(f"/proc/{child}/cmdline").read_bytes()]
        return pid

    def pin(self, core: int) -> None:
        """Server and worker on one core."""
        for pid in (self.pid, *children(self.pid)):
            pin(pid, core)

    def mjpeg(self, preset: str = "native") -> str:
        """Path of the stream as MJPEG."""
        return f"/api/streams/{STREAM}/mjpeg?preset={preset}"

    def socket(self, preset: str = "native") -> str:
        """Path of the stream as a WebSocket."""
        return f"/ws/viewer/{STREAM}?preset={preset}"

    def status(self) -> dict[str, object]:
        """What the box says of itself."""
        with urllib.request.urlopen(f"{self.url}/api/status", timeout=10) as answer:
            status: dict[str, object] = msgspec.json.decode(answer.read())
            return status

    def stop(self) -> float:
        """SIGTERM; returns how many seconds it took. Raises TimeoutExpired."""
        began_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        return time.monotonic() - began_s

    def last_words(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-2000:]

    def _is_live(self) -> bool:
        if self.process.poll() is not None:
            raise TimeoutError(f"the box ended:\n{self.last_words()}")
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


class Parts:
    """A plain MJPEG reader, for events that need no C: which part came when."""

    def __init__(self, port: int, path: str, timeout_s: float = 10) -> None:
        self._connection = HTTPConnection(HOST, port, timeout=timeout_s)
        self._connection.request("GET", path)
        self._answer = self._connection.getresponse()

    def next_is_placeholder(self) -> bool:
        """Read one part whole. Raises EOFError."""
        headers: dict[str, str] = {}
        while line := self._answer.readline():
            name, _, value = line.decode("latin-1").strip().partition(":")
            if name:
                headers[name.lower()] = value.strip()
            elif "content-length" in headers:
                self._answer.read(int(headers["content-length"]))
                return "x-placeholder" in headers
        raise EOFError

    def wait_for(self, *, placeholder: bool) -> None:
        """Read until such a part has come."""
        while self.next_is_placeholder() is not placeholder:
            pass

    def close(self) -> None:
        """Leave."""
        self._connection.close()


def free_port() -> int:
    """A port of loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def known_limits(wishes: dict[str, int]) -> dict[str, int]:
    """Those that this version's configuration has: an unknown key is an error there."""
    known = {each.name for each in msgspec.structs.fields(Limits)}
    return {name: value for name, value in wishes.items() if name in known}


def _configuration(bind: str, source: str, preset: str) -> str:
    limits = "\n".join(f"{name} = {value}" for name, value in known_limits(PLENTY).items())
    camera = f'id = "{STREAM}"\nname = "Front"\nsource = "{source}"\nwidth = 1280\nheight = 720\nfps = 30\npreset = "{preset}"'
    return f"[server]\nbind = [{bind}]\n[limits]\n{limits}\n[[cameras]]\n{camera}\n"
