"""The whole program as a process: start, stop, and what is left behind."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trio

from tests.support.boxes import BoxProcess, workers_of
from tests.support.clients import open_mjpeg, open_viewer


@pytest.fixture
def process(tmp_path: Path) -> Iterator[BoxProcess]:
    with BoxProcess(tmp_path) as box:
        box.wait_until_live()
        yield box


def test_start_to_first_frame(tmp_path: Path) -> None:
    """Bar: 1.5 s on a quiet machine; twice that here, where other tests may run beside it."""
    began_s = time.monotonic()
    with BoxProcess(tmp_path) as box:
        while True:
            try:
                answer = httpx.get(f"{box.url}/api/streams/front/snapshot.jpg")
            except httpx.TransportError:
                time.sleep(0.01)
                continue
            assert answer.status_code == 200
            break
    assert time.monotonic() - began_s < 3.0


async def test_stop_with_five_viewers_and_one_that_never_reads(process: BoxProcess) -> None:
    """SIGTERM: status 0 within 3 s, a clean end for the live ones."""
    ends: list[int | str] = []

    async def watch_mjpeg() -> None:
        async with open_mjpeg(f"{process.url}/stream") as parts:
            async for _ in parts:  # ends only with the closing boundary
                pass
        ends.append("clean")

    async def watch_socket(path: str) -> None:
        async with open_viewer(process.url, path) as viewer:
            ends.append(await viewer.close_code())

    with socket.create_connection(("127.0.0.1", process.port)) as stalled:
        stalled.sendall(b"GET /stream?preset=native HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(watch_mjpeg)
            for path in ("/ws/viewer/front", "/ws/viewer/front?format=json", "/ws"):
                nursery.start_soon(watch_socket, path)
            await trio.sleep(3)  # long enough for the stalled viewer's buffers to be full
            status, took_s = await trio.to_thread.run_sync(process.stop)
    assert status == 0
    assert took_s <= 3.0
    assert sorted(map(str, ends)) == ["1001", "1001", "1001", "clean", "clean"]
    assert "Traceback" not in process.log.read_text()


def test_no_orphan_when_the_server_is_killed(process: BoxProcess) -> None:
    [worker] = workers_of(process.process.pid)
    process.process.send_signal(signal.SIGKILL)
    process.process.wait()
    deadline_s = time.monotonic() + 2
    while Path(f"/proc/{worker}/status").exists() and time.monotonic() < deadline_s:
        if "\nState:\tZ" in Path(f"/proc/{worker}/status").read_text():
            break  # dead; whoever adopted it has yet to notice
        time.sleep(0.02)
    else:
        assert not Path(f"/proc/{worker}").exists(), "the worker lives on and holds its camera"


def test_the_server_loads_no_codec(process: BoxProcess) -> None:
    maps = Path(f"/proc/{process.process.pid}/maps").read_text()
    for name in ("cv2", "numpy", "simplejpeg", "libav", "picamera"):
        assert name not in maps
    [worker] = workers_of(process.process.pid)
    assert "numpy" in Path(f"/proc/{worker}/maps").read_text()


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with BoxProcess(tmp_path) as box:
        box.wait_until_live()
        box.process.send_signal(signal.SIGINT)
        box.process.send_signal(signal.SIGINT)
        assert box.process.wait(timeout=5) in (0, 130)


def test_a_port_in_use_is_one_clear_line(process: BoxProcess, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "appliance", "run", "--config", str(tmp_path / "appliance.toml")],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 69
    assert f"127.0.0.1:{process.port}" in done.stderr
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr
