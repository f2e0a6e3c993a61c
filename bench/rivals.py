"""What stands beside us: the kernel floor, and ustreamer with the same camera."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bench.box import HOST, free_port
from bench.camera import DEVICE, FPS, HEIGHT, WIDTH, FakeCamera
from bench.figures import NotRunError
from bench.processes import pin, wait_until
from bench.workbench import Workbench


class Rival(NamedTuple):
    """A running program."""

    port: int
    path: str
    pid: int


@contextmanager
def kernel_floor(bench: Workbench) -> Iterator[Rival]:
    """floor.c with as many bytes as a picture has."""
    port = free_port()
    mean_bytes = sum(map(len, bench.pictures)) // len(bench.pictures)
    with _running([bench.tool("floor"), str(port), str(mean_bytes), str(FPS)], port, bench) as pid:
        yield Rival(port, "/", pid)


@contextmanager
def ustreamer(bench: Workbench, camera: FakeCamera) -> Iterator[Rival]:
    """ustreamer passing the camera's own JPEGs through, every one of them. Raises NotRunError."""
    if shutil.which("ustreamer") is None:
        raise NotRunError("ustreamer is not installed")
    port = free_port()
    device = ["--device", DEVICE, "--format", "MJPEG", "--encoder", "HW", "--persistent"]
    size = ["--resolution", f"{WIDTH}x{HEIGHT}", "--desired-fps", str(FPS)]
    serve = ["--host", HOST, "--port", str(port), "--drop-same-frames", "0", "--tcp-nodelay", "--log-level", "0"]
    with _running(["ustreamer", *device, *size, *serve], port, bench, camera.env) as pid:
        yield Rival(port, "/stream", pid)


@contextmanager
def _running(command: list[str], port: int, bench: Workbench, env: dict[str, str] | None = None) -> Iterator[int]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env={**os.environ, **(env or {})})
    try:
        wait_until(lambda: _answers(port), 5, f"{command[0]} answers")
        pin(process.pid, bench.cores.measured)
        yield process.pid
    finally:
        process.terminate()
        process.wait(5)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
