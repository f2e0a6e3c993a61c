"""The program as a person starts it, and what the system says about its processes."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import trio

from tests.lab.scenarios.report import Report

PORT = 8000  # boot forwards it for the page
STARTS_WITHIN_S = 60.0
SETTLES_WITHIN_S = 5.0
STOPS_WITHIN_S = 10.0
LOG_BYTES = 6000


class Process(NamedTuple):
    """One row of the process list."""

    pid: int
    parent: int
    state: str
    command: str


class Box:
    """`python -m appliance run`."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, cameras: int, port: int) -> None:
        self.process, self.log, self.port, self._cameras = process, log, port, cameras
        self.url = f"http://127.0.0.1:{port}"

    @property
    def pid(self) -> int:
        """Of the server."""
        return self.process.pid

    def api(self, path: str, method: str = "GET", body: object = None) -> tuple[int, Any]:
        """Status and JSON of an answer. Raises OSError while nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def text(self, path: str) -> str:
        """An answer that is no JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    async def stream(self, stream_id: str = "front") -> dict[str, Any]:
        """What it says of a stream."""
        _, state = await trio.to_thread.run_sync(self.api, f"/api/streams/{stream_id}")
        found: dict[str, Any] = state
        return found

    async def until(self, status: str, within_s: float, stream_id: str = "front", words: str = "") -> tuple[float, str]:
        """Wait for a status and a reason with one of `words`; how long it took, and the reason then, whatever it is."""
        began_s = trio.current_time()
        while True:
            state = await self.stream(stream_id)
            reason = str(state["reason"])
            right = state["status"] == status and (not words or any(each in reason for each in words.split("|")))
            if right or trio.current_time() - began_s > within_s:
                return trio.current_time() - began_s, reason if right else f"{state['status']}: {reason}"
            await trio.sleep(0.1)

    def opened(self) -> str:
        """The line of its log that says how it opened the last camera."""
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if "appliance.capture: " in line]
        return lines[-1] if lines else "nothing was opened"

    def workers(self) -> list[int]:
        """Its capture processes."""
        return [each.pid for each in processes() if each.parent == self.pid and "worker" in each.command]

    def rss_kib(self) -> int:
        """Memory of the server."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    def descriptors(self) -> int:
        """Open files of the server."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    async def check_processes(self, report: Report, allowed_s: float = SETTLES_WITHIN_S) -> None:
        """No zombie, no orphan, no more workers than cameras."""
        wrong = "?"
        with trio.move_on_after(allowed_s):
            while wrong := self._what_is_left_over():  # noqa: ASYNC110 - the kernel tells nobody
                await trio.sleep(0.2)
        report.that("the process list is clean", not wrong, wrong or "clean")

    def _what_is_left_over(self) -> str:
        ours = [each for each in processes() if each.parent == self.pid or "appliance.cameras" in each.command]
        zombies = [each for each in ours if each.state == "Z"]
        orphans = [each for each in ours if each.parent != self.pid]
        workers = [each for each in ours if each.parent == self.pid and "worker" in each.command]
        found = [f"{len(zombies)} zombies"] * bool(zombies) + [f"{len(orphans)} orphans"] * bool(orphans)
        found += [f"{len(workers)} workers"] * (len(workers) > self._cameras)
        return ", ".join(found)


class BoxDidNotStartError(Exception):
    """`str()` is its log."""


@contextmanager
def box(
    folder: Path, *cameras: str, port: int = PORT, user: str = "", environment: dict[str, str] | None = None
) -> Iterator[Box]:
    """The program with these cameras, each a block of TOML without its first line; stopped at the end."""
    log, config = folder / f"box-{port}.log", folder / f"appliance-{port}.toml"
    config.write_text(configuration(cameras, port))
    with log.open("wb") as lines:
        process = subprocess.Popen(
            [sys.executable, "-m", "appliance", "run", "--config", str(config)],
            stderr=lines,
            env={**os.environ, **(environment or {})},
            **as_user(user),
        )
    running = Box(process, log, len(cameras), port)
    try:
        _wait_until_up(running)
        yield running
    except BaseException:
        print(log.read_text(errors="replace")[-LOG_BYTES:])
        raise
    finally:
        _stop(process)


def as_user(user: str) -> dict[str, Any]:
    """Arguments of Popen: run as this user, in none of root's groups."""
    return {"user": user, "group": user, "extra_groups": []} if user else {}


def configuration(cameras: Sequence[str], port: int = PORT) -> str:
    """A configuration file. A viewer of ours reads nothing while the emulator's own speed is measured, so it is given time."""
    server = f'[server]\nbind = ["0.0.0.0:{port}"]\n[limits]\nsend_timeout_s = 120\n'
    return server + "".join(f"[[cameras]]\n{each}\n" for each in cameras)


def camera(
    stream_id: str, source: str, size: tuple[int, int] = (320, 240), fps: int = 15, preset: str = "native"
) -> str:
    """A camera's block."""
    width, height = size
    return f'id = "{stream_id}"\nsource = "{source}"\nwidth = {width}\nheight = {height}\nfps = {fps}\npreset = "{preset}"\n'


def processes() -> list[Process]:
    """All there are."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended
        state, parent = stat.rpartition(")")[2].split()[:2]
        found.append(Process(int(folder.name), int(parent), state, command))
    return found


def _wait_until_up(running: Box) -> None:
    deadline_s = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline_s and running.process.poll() is None:
        try:
            running.api("/api/streams")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise BoxDidNotStartError(running.log.read_text(errors="replace"))


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        print("  the program did not stop by itself")
        process.kill()
        process.wait()
