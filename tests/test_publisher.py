"""`camera-appliance publish`: a camera on one box, watched on another."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from appliance.publisher import target
from tests.support.boxes import BoxProcess, start_box, workers_of
from tests.support.clients import open_viewer

PUBLISHED = '[server]\nbind = ["127.0.0.1:0"]\n[[cameras]]\nid = "remote"\nsource = "published"\npreset = "native"\n'


@contextmanager
def publishing(url: str) -> Iterator["subprocess.Popen[bytes]"]:
    arguments = ["publish", url, "--id", "remote", "--source", "pattern", "--width", "640", "--height", "480"]
    process = subprocess.Popen([sys.executable, "-m", "appliance", *arguments])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def test_pictures_of_the_other_machine(nursery: trio.Nursery) -> None:
    url = await start_box(nursery, PUBLISHED)
    with publishing(url):
        async with open_viewer(url, "/ws/viewer/remote") as viewer:
            with trio.fail_after(15):
                frame = await viewer.frame(placeholder=False)
            assert (frame.width, frame.height) == (640, 480)
            count = 0
            with trio.move_on_after(2):
                while True:
                    await viewer.frame(placeholder=False)
                    count += 1
            assert count >= 40, "close to 30 a second arrive"


async def test_it_reconnects_by_itself(tmp_path: Path) -> None:
    """The box is killed and started again on the same port; the publisher, started before either, finds it both times."""
    box = BoxProcess(tmp_path, PUBLISHED)
    with publishing(box.url):
        for _ in range(2):
            with box:
                await trio.to_thread.run_sync(box.wait_until_live, "remote")
            box = again(box, tmp_path)
    box.process.kill()
    box.process.wait()


def again(box: BoxProcess, folder: Path) -> BoxProcess:
    """The same box on the same port."""
    return BoxProcess(folder, PUBLISHED, port=box.port)


@pytest.mark.parametrize(
    ("url", "stream_id", "address"),
    [
        ("http://box:8000", "front", "ws://box:8000/ws/stream/front"),
        ("https://box/", "front", "wss://box/ws/stream/front"),
        ("ws://box/ws/stream/front", None, "ws://box/ws/stream/front"),
        ("http://box/cams/", "front", "ws://box/cams/ws/stream/front"),
    ],
)
def test_addresses(url: str, stream_id: str | None, address: str) -> None:
    assert target(url, stream_id) == address


def test_ctrl_c_ends_it_and_its_worker() -> None:
    with publishing("http://127.0.0.1:9") as process:
        deadline_s = time.monotonic() + 10
        while not workers_of(process.pid):
            assert time.monotonic() < deadline_s
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=5) == 0
