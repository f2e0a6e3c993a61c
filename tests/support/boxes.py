"""Starting the real program: in the test's own nursery, or as a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType

import httpx
import trio

from appliance.config import Config, loads
from appliance.main import main
from appliance.reload import Beginning
from appliance.streams.relief import Patience
from appliance.system.looking import LOOKOUT, Lookout

PATTERN = """
[server]
bind = ["127.0.0.1:0"]
[[cameras]]
id = "front"
name = "Front door"
source = "pattern"
"""


def config_of(text: str = PATTERN) -> Config:
    """A configuration from TOML; the port is chosen by the system."""
    return loads(text)


async def start_box(
    nursery: trio.Nursery,
    text: str = PATTERN,
    *,
    with_lane: bool = True,
    lookout: Lookout = LOOKOUT,
    patience: Patience | None = None,
) -> str:
    """Run the real main in `nursery` until the test ends; returns its address. `lookout`: which board it sees."""
    box = partial(main, Beginning(config_of(text)), with_lane=with_lane, lookout=lookout, patience=patience)
    urls: list[str] = await nursery.start(box)
    return urls[0]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class BoxProcess:
    """The program as a person starts it: `python -m appliance run`."""

    def __init__(
        self,
        folder: Path,
        text: str = PATTERN,
        *,
        env: dict[str, str] | None = None,
        port: int = 0,
        module: str = "appliance",
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "box.log"
        config = folder / "appliance.toml"
        config.write_text(text.replace("127.0.0.1:0", f"127.0.0.1:{self.port}"))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, "run", "--config", str(config)],
                stderr=log,
                env={**os.environ, "STATE_DIRECTORY": str(folder / "state"), **(env or {})},
            )

    def __enter__(self) -> "BoxProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if error is not None:
            print(self.log.read_text(errors="replace")[-4000:])

    def wait_until_live(self, stream_id: str = "front", within_s: float = 15) -> None:
        """Return when the stream is live."""
        self._wait(f"/api/streams/{stream_id}", lambda answer: answer.json().get("status") == "live", within_s)

    def wait_until_up(self, within_s: float = 15) -> None:
        """Return when the program answers."""
        self._wait("/api/streams", lambda answer: answer.status_code == 200, within_s)

    def _wait(self, path: str, good: Callable[[httpx.Response], bool], within_s: float) -> None:
        deadline_s = time.monotonic() + within_s
        while time.monotonic() < deadline_s:
            try:
                if good(httpx.get(self.url + path)):
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"not within {within_s} s:\n{self.log.read_text(errors='replace')[-4000:]}")

    def stop(self) -> tuple[int, float]:
        """SIGTERM; returns the exit status and how many seconds it took."""
        began_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=20)
        return status, time.monotonic() - began_s


def workers_of(pid: int) -> list[int]:
    """Process ids of the capture workers that `pid` started."""
    return [child for child in _children(pid) if b"worker" in _command_line(child)]


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += map(int, task.read_text().split())
    return found


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
