"""Random viewers come, change their minds and go; does anything grow?

    python -m bench.soak [--seconds 60] [--viewers 12] [--json]

Starts a box with a pattern camera on loopback, lets `--viewers` at a time connect over MJPEG, WebSocket and snapshots, change presets and
leave, politely or by a reset, and samples memory, file descriptors, threads and Trio tasks of the server, and memory and descriptors of
the worker, each time nobody watches. Prints the first and last samples and the growth per 1000 connections, fitted by least squares.
"""

import argparse
import json
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
import trio
from trio_websocket import wrap_client_stream

PRESETS = ("low", "medium", "high", "native", "auto")
ROUND_S = 3.0
SETTLE_S = 1.5
CONFIG = (
    '[server]\nbind = ["127.0.0.1:{port}"]\n[[cameras]]\nid = "front"\nsource = "pattern"\nwidth = 640\nheight = 360\n'
)
RESET = struct.pack("ii", 1, 0)


class Sample(NamedTuple):
    """The state of both processes while nobody watches."""

    connections: int
    server_kbytes: int
    server_fds: int
    server_threads: int
    server_tasks: int
    worker_kbytes: int
    worker_fds: int


def sample(url: str, server: int, connections: int) -> Sample:
    """Look at the processes from outside."""
    [worker] = [int(pid) for pid in Path(f"/proc/{server}/task/{server}/children").read_text().split()] or [
        int(pid) for task in Path(f"/proc/{server}/task").iterdir() for pid in (task / "children").read_text().split()
    ]
    tasks = httpx.get(f"{url}/api/status").json()["tasks"]
    threads = len(list(Path(f"/proc/{server}/task").iterdir()))
    return Sample(connections, _kbytes(server), _fds(server), threads, tasks, _kbytes(worker), _fds(worker))


def _kbytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1000


def _fds(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def one_viewer(port: int, counter: list[int], until_s: float) -> None:
    """Connect, watch a little, leave; again and again."""
    while trio.current_time() < until_s:
        counter[0] += 1
        watch = random.choice((_mjpeg, _socket, _socket, _snapshot))
        with trio.move_on_after(random.uniform(0.01, 0.7)):
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            try:
                await watch(stream)
            finally:
                if random.random() < 0.5:
                    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                await trio.aclose_forcefully(stream)


async def _mjpeg(stream: trio.SocketStream) -> None:
    preset = random.choice(PRESETS)
    await stream.send_all(f"GET /api/streams/front/mjpeg?preset={preset} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    async for _ in stream:
        pass


async def _snapshot(stream: trio.SocketStream) -> None:
    await stream.send_all(b"GET /snapshot HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    async for _ in stream:
        pass


async def _socket(stream: trio.SocketStream) -> None:
    async with trio.open_nursery() as nursery:
        path = f"/ws/viewer/front?preset={random.choice(PRESETS)}&format={random.choice(('binary', 'json'))}"
        viewer = await wrap_client_stream(nursery, stream, "127.0.0.1", path, max_message_size=2**24)
        while True:
            await viewer.get_message()
            if random.random() < 0.2:
                wish = {"stream_id": "front", "preset": random.choice(PRESETS), "fps": random.choice((5, 15, 30))}
                await viewer.send_message(json.dumps({"type": "set_preset", "data": wish}))


async def soak(port: int, server: int, seconds: float, viewers: int) -> list[Sample]:
    """Rounds of traffic, each followed by a look at the quiet processes."""
    url, counter, samples = f"http://127.0.0.1:{port}", [0], []
    samples.append(sample(url, server, 0))
    end_s = trio.current_time() + seconds
    while trio.current_time() < end_s:
        async with trio.open_nursery() as nursery:
            for _ in range(viewers):
                nursery.start_soon(one_viewer, port, counter, trio.current_time() + ROUND_S)
        await trio.sleep(SETTLE_S)  # until everybody's leaving has been noticed
        samples.append(sample(url, server, counter[0]))
    return samples


def growth_per_1000(samples: list[Sample], field: str) -> float:
    """Slope over the second half of the samples: what caches and allocators needed at first is not growth."""
    half = samples[len(samples) // 2 :]
    xs, ys = [each.connections for each in half], [float(getattr(each, field)) for each in half]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs) or 1.0
    return 1000 * sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread


def run(seconds: float, viewers: int) -> list[Sample]:
    """Start a box, soak it, stop it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "appliance.toml"
        config.write_text(CONFIG.format(port=port))
        box = subprocess.Popen([sys.executable, "-m", "appliance", "run", "--config", str(config)])
        try:
            _wait_until_live(f"http://127.0.0.1:{port}/healthz")
            return trio.run(partial(soak, port, box.pid, seconds, viewers))
        finally:
            box.terminate()
            box.wait(10)


def _wait_until_live(url: str) -> None:
    for _ in range(500):
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise SystemExit("the box did not start")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Do viewers who come and go make anything grow?")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--viewers", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    samples = run(arguments.seconds, arguments.viewers)
    growth = {field: round(growth_per_1000(samples, field), 2) for field in Sample._fields[1:]}
    if arguments.json:
        print(json.dumps({"samples": [each._asdict() for each in samples], "growth_per_1000_connections": growth}))
        return
    print(f"{samples[-1].connections} connections in {arguments.seconds:.0f} s")
    print(f"{'':16}{'start':>9}{'last':>9}{'per 1000 connections':>24}")
    for field in Sample._fields[1:]:
        print(f"{field:16}{getattr(samples[0], field):9}{getattr(samples[-1], field):9}{growth[field]:24}")


if __name__ == "__main__":
    main()
