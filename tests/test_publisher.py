"""`camera-appliance publish`: a camera on one box, watched on another."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio
import trio.testing

from appliance.capture.nursery import keep_cameras_alive
from appliance.config import Config
from appliance.publisher import Trouble, camera_of, stay_connected, target
from appliance.streams.registry import Registry
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
        ("wss://box/cams/ws/stream/front/", None, "wss://box/cams/ws/stream/front"),
        ("ws://[::1]:8000/ws/stream/", "front", "ws://[::1]:8000/ws/stream/front"),
    ],
)
def test_addresses(url: str, stream_id: str | None, address: str) -> None:
    assert target(url, stream_id) == address


@pytest.mark.parametrize("url", ["http://box:99999", "http://box:0", "http://[::1", "box", "ftp://box", "http://", ""])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match=r"is not an address; give http://HOST:PORT with --id ID"):
        target(url, "front")


@pytest.mark.parametrize(
    ("url", "stream_id", "line"),
    [
        ("http://box", None, "name the stream on the other box with --id ID"),
        ("ws://box/ws/stream/", None, "name the stream on the other box with --id ID"),
        ("http://box", "Front", "id: expected 1 to 32 of a-z, .*; 'Front' is not"),
        ("ws://box/ws/stream/a/b", None, "id: expected 1 to 32 of a-z, .*; 'a/b' is not"),
    ],
)
def test_what_is_no_stream(url: str, stream_id: str | None, line: str) -> None:
    with pytest.raises(ValueError, match=line):
        target(url, stream_id)


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (("published", 640, 480, 30), "source: published is what the other box has; here it is auto, pattern or usb:…"),
        (("usb", 640, 480, 30), "source: 'usb' is not a source; possible are .*"),
        (("pattern", 15, 480, 30), "width: expected int >= 16"),
        (("pattern", 640, 8193, 30), "height: expected int <= 8192"),
        (("pattern", 640, 480, 0), "fps: expected int >= 1"),
    ],
)
def test_cameras_that_cannot_be(asked: tuple[str, int, int, int], line: str) -> None:
    with pytest.raises(ValueError, match=f"^{line}$"):
        camera_of(*asked)


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the publisher warned of."""
    return [
        record.message
        for record in caplog.records
        if record.name == "appliance.publish" and record.levelno >= logging.WARNING
    ]


async def test_a_failure_is_told_once_and_again_when_it_changes(
    caplog: pytest.LogCaptureFixture, autojump_clock: trio.testing.MockClock
) -> None:
    stream = Registry(Config(cameras=[camera_of("pattern", 640, 480, 30)])).default()
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]  # nobody listens there
        with trio.move_on_after(60):
            await stay_connected(f"ws://127.0.0.1:{port}/ws/stream/remote", stream)
    assert warnings_in(caplog) == [
        f"ws://127.0.0.1:{port}/ws/stream/remote: all attempts to connect to 127.0.0.1:{port} failed"
    ]
    caplog.clear()
    trouble = Trouble("ws://box")
    for reason in ("one", "one", "another", "another", "one"):
        trouble.say(reason)
    assert warnings_in(caplog) == ["ws://box: one", "ws://box: another", "ws://box: one"]


async def test_a_box_without_tls_is_told_at_once(nursery: trio.Nursery, caplog: pytest.LogCaptureFixture) -> None:
    url = (await start_box(nursery, PUBLISHED)).replace("http:", "https:")
    stream = Registry(Config(cameras=[camera_of("pattern", 640, 480, 30)])).default()
    nursery.start_soon(stay_connected, target(url, "remote"), stream)
    with trio.fail_after(5):
        while not warnings_in(caplog):  # noqa: ASYNC110 - a log tells nobody
            await trio.sleep(0.02)
    assert "no TLS: [SSL" in warnings_in(caplog)[0]


async def test_a_lost_connection_is_told_in_words(
    nursery: trio.Nursery, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The box is killed while pictures travel."""
    caplog.set_level(logging.INFO)
    box = BoxProcess(tmp_path, PUBLISHED)
    registry = Registry(Config(cameras=[camera_of("pattern", 640, 480, 30)]))
    nursery.start_soon(keep_cameras_alive, registry)
    with box:
        await trio.to_thread.run_sync(box.wait_until_up)
        url = target(box.url, "remote")
        nursery.start_soon(stay_connected, url, registry.default())
        await trio.to_thread.run_sync(box.wait_until_live, "remote")
        box.process.kill()
        box.process.wait()
        with trio.fail_after(10):
            while not warnings_in(caplog):  # noqa: ASYNC110 - a log tells nobody
                await trio.sleep(0.05)
    assert warnings_in(caplog)[0] == f"{url}: the connection was lost"


def test_ctrl_c_ends_it_and_its_worker() -> None:
    with publishing("http://127.0.0.1:9") as process:
        deadline_s = time.monotonic() + 10
        while not workers_of(process.pid):
            assert time.monotonic() < deadline_s
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=5) == 0
