"""Viewers who hurry, flood or leave at the wrong moment: each gets its due, nobody else notices, nothing is logged as a failure."""

import contextlib
import itertools
import json
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trio
from trio_websocket import ConnectionClosed

from tests.capture.test_usb_camera import open_viewer_when_up
from tests.support.boxes import BoxProcess, start_box
from tests.support.clients import Talk, eventually, open_mjpeg, open_viewer

FEW = '[server]\nbind = ["127.0.0.1:0"]\n[limits]\nmax_viewers = 3\n[[cameras]]\nid = "front"\nsource = "pattern"\n'


@pytest.fixture(autouse=True)
def no_tracebacks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever happens in these tests is a client's doing: none of it is an error of the box."""
    yield
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]


async def test_joining_and_leaving_without_reading_makes_no_crowd(box: str, http: httpx.AsyncClient) -> None:
    async with open_mjpeg(f"{box}/stream") as parts, open_viewer(box, "/ws") as flood:
        await parts.part()
        before = (await http.get(f"{box}/api/status")).json()["tasks"]
        join = json.dumps({"type": "join_stream", "data": {"stream_id": "front", "preset": "low"}})
        leave = json.dumps({"type": "leave_stream", "data": {"stream_id": "front"}})
        with trio.move_on_after(2), contextlib.suppress(ConnectionClosed):  # who says too much is sent away
            for text in itertools.cycle((join, leave)):
                await flood.socket.send_message(text)
        assert (await http.get(f"{box}/api/status")).json()["tasks"] < before + 150
        await parts.part()


async def test_a_burst_does_not_pass_the_limit(nursery: trio.Nursery, http: httpx.AsyncClient) -> None:
    url = await start_box(nursery, FEW)
    seen: list[int] = []

    async def come(number: int) -> None:
        async with httpx.AsyncClient() as client:
            path = "/api/streams/front/mjpeg" if number % 2 else "/api/streams/front/snapshot.jpg?max_age=0"
            with trio.move_on_after(2):
                await client.get(url + path)

    async def count() -> None:
        while True:
            seen.append((await http.get(f"{url}/api/status")).json()["viewers"])
            await trio.sleep(0.01)

    async with trio.open_nursery() as crowd:
        crowd.start_soon(count)
        async with trio.open_nursery() as clients:
            for number in range(40):
                clients.start_soon(come, number)
        crowd.cancel_scope.cancel()
    assert max(seen) == 3


async def talk(talker: Talk, word: str | bytes) -> None:
    """As fast as a client may, until the other end has had enough."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await talker.socket.send_message(word)
            await trio.sleep(0.005)


@pytest.mark.parametrize("path", ["/ws/viewer/demo", "/ws/stream/demo"])
async def test_a_stream_that_ends_while_people_talk(box: str, http: httpx.AsyncClient, path: str, jpeg: bytes) -> None:
    """The promised close code, also for those who are in the middle of a sentence."""
    source = "published" if "stream" in path else "pattern"
    word: str | bytes = jpeg if source == "published" else json.dumps({"type": "ping", "data": {"t": 1}})
    for _ in range(8):
        assert (await http.post(f"{box}/api/streams", json={"source": source, "id": "demo"})).status_code == 201
        async with open_viewer(box, path) as talker, trio.open_nursery() as nursery:
            nursery.start_soon(talk, talker, word)
            await talker.hear()
            await http.delete(f"{box}/api/streams/demo")
            with trio.fail_after(3):
                assert await talker.close_code() == (1001 if source == "published" else 1000)
            nursery.cancel_scope.cancel()


async def test_a_picture_pushed_at_a_stopped_stream_does_not_wait_for_its_start(
    nursery: trio.Nursery, jpeg: bytes
) -> None:
    url = await start_box(nursery, FEW.replace('source = "pattern"', 'source = "published"'))
    async with open_viewer(url, "/ws/stream/front") as producer, open_viewer(url, "/ws") as viewer:
        await producer.socket.send_message(jpeg)
        await producer.event("ack")
        await viewer.say("stop_stream", stream_id="front")
        await viewer.say("ping", t=1)
        await viewer.event("pong")
        await producer.socket.send_message(jpeg)
        assert (await producer.event("error"))["code"] == "stopped"
        await viewer.say("start_stream", stream_id="front")
        await viewer.say("join_stream", stream_id="front")
        with trio.move_on_after(2):
            assert (await viewer.frame()).placeholder


async def test_a_box_that_was_held_up_keeps_its_cameras(tmp_path: Path) -> None:
    """The server itself stands still for 3 s: its workers spoke all the time and are not to blame."""
    with BoxProcess(tmp_path) as box:
        async with open_viewer_when_up(box) as viewer:
            with trio.fail_after(8):
                await viewer.frame(placeholder=False)
            os.kill(box.process.pid, signal.SIGSTOP)
            await trio.sleep(3.2)
            os.kill(box.process.pid, signal.SIGCONT)

            async def awake() -> bool:
                async with httpx.AsyncClient() as client:
                    return (await client.get(f"{box.url}/healthz")).status_code == 200

            await eventually(awake, 3)
            await trio.sleep(1)
            async with httpx.AsyncClient() as client:
                status = (await client.get(f"{box.url}/api/status")).json()
        assert status["streams"][0]["counters"]["worker_restarts"] == 0
