"""Viewers who come and go, some thousands of them: does anything stay behind?"""

import socket
import struct
import time
from typing import NamedTuple

from bench.box import HOST, Box
from bench.processes import memory_mb, open_files

AT_ONCE = 25
RESET = struct.pack("ii", 1, 0)
SETTLE_S = 1.0  # until everybody's leaving has been noticed
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


class Sample(NamedTuple):
    """The server while nobody watches, after so many visitors."""

    visitors: int
    memory_mb: float
    files: int
    tasks: int


def sample(box: Box, visitors: int) -> Sample:
    """Look at it, once it is quiet."""
    time.sleep(SETTLE_S)
    tasks = box.status()["tasks"]
    assert isinstance(tasks, int)
    return Sample(visitors, memory_mb(box.pid), open_files(box.pid), tasks)


def visit(box: Box, count: int, first: int = 0) -> None:
    """`count` visitors, in waves: each takes its first bytes, then leaves, every other one by a reset. Raises OSError."""
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{upgrade}\r\n".encode()
        for path, upgrade in ((box.mjpeg("high"), ""), (box.socket("high"), UPGRADE), (box.mjpeg("low"), ""))
    ]
    for start in range(first, first + count, AT_ONCE):
        wave = [_come(box.port, number, requests) for number in range(start, min(start + AT_ONCE, first + count))]
        for number, visitor in enumerate(wave, start):
            if not visitor.recv(65536):
                raise ConnectionError(f"visitor {number} was turned away")
            if number % 2:
                visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            visitor.close()


def _come(port: int, number: int, requests: list[bytes]) -> socket.socket:
    visitor = socket.socket()
    visitor.settimeout(10)
    visitor.bind((f"127.0.1.{1 + number % 200}", 0))  # else loopback runs out of ports: closed ones rest for a minute
    visitor.connect((HOST, port))
    visitor.sendall(requests[number % len(requests)])
    return visitor


def growth_kb_per_1000(samples: list[Sample]) -> float:
    """Slope of the memory over the second half of the samples, by least squares: what caches needed at first is not growth."""
    half = samples[len(samples) // 2 :]
    mean_x = sum(each.visitors for each in half) / len(half)
    mean_y = sum(each.memory_mb for each in half) / len(half)
    spread = sum((each.visitors - mean_x) ** 2 for each in half)
    if not spread:
        return 0.0
    return 1000 * 1024 * sum((each.visitors - mean_x) * (each.memory_mb - mean_y) for each in half) / spread
