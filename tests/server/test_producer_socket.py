"""`/ws/stream/{id}`: a remote producer, against the running box."""

import base64
import json
import time

import cv2
import httpx
import numpy as np
import pytest
import simplejpeg
import trio
from trio_websocket import ConnectionRejected

from appliance.frame import Frame
from appliance.wire import message
from tests.support.boxes import start_box
from tests.support.clients import Talk, eventually, open_mjpeg, open_viewer

PUBLISHED = """
[server]
bind = ["127.0.0.1:0"]
[[cameras]]
id = "remote"
source = "published"
preset = "native"
[[cameras]]
id = "front"
source = "pattern"
"""


@pytest.fixture
async def url(nursery: trio.Nursery) -> str:
    return await start_box(nursery, PUBLISHED)


async def push_all(producer: Talk, picture: bytes) -> None:
    """Push the same picture until cancelled."""
    while True:
        await producer.socket.send_message(picture)
        await producer.event("ack")
        await trio.sleep(0.03)


async def test_pushed_pictures_arrive_untouched(url: str, nursery: trio.Nursery, jpeg: bytes) -> None:
    async with open_viewer(url, "/ws/stream/remote") as producer, open_viewer(url, "/ws/viewer/remote") as viewer:
        nursery.start_soon(push_all, producer, jpeg)
        with trio.fail_after(8):
            frames = [await viewer.frame(placeholder=False) for _ in range(5)]
        assert {frame.payload for frame in frames} == {jpeg}
        assert (frames[0].width, frames[0].height) == (320, 240)
        nursery.cancel_scope.cancel()


async def test_other_presets_are_encoded(url: str, nursery: trio.Nursery) -> None:
    large = cv2.imencode(".jpg", np.full((720, 1280, 3), 90, np.uint8))[1].tobytes()
    async with open_viewer(url, "/ws/stream/remote") as producer:
        nursery.start_soon(push_all, producer, large)
        with trio.fail_after(8):
            async with open_mjpeg(f"{url}/api/streams/remote/mjpeg?preset=low") as parts:
                async for part in parts:
                    shape = simplejpeg.decode_jpeg(part.body).shape
                    if shape == (320, 568, 3):
                        break
        nursery.cancel_scope.cancel()


async def test_three_forms_and_their_acks(url: str, jpeg: bytes) -> None:
    captured_us = time.time_ns() // 1000 - 250_000
    frame = Frame(jpeg, 77, captured_us, 0.0, 320, 240)
    encoded = base64.b64encode(jpeg).decode()
    async with open_viewer(url, "/ws/stream/remote") as producer, open_viewer(url, "/ws/viewer/remote") as viewer:
        forms: list[str | bytes] = [
            jpeg,
            message.encode(frame, 0, 0),
            json.dumps({"type": "frame_data", "data": {"frame": encoded, "timestamp": captured_us / 1e6}}),
            json.dumps({"type": "frame", "data": {"stream_id": "x", "frame": encoded, "frame_number": 9}}),
        ]
        seen: list[int] = []
        for number, form in enumerate(forms, 1):
            await trio.sleep(
                0.05
            )  # a producer's own rhythm; closer together than the stream's rate, pictures are skipped
            await producer.socket.send_message(form)
            with trio.fail_after(5):
                assert (await producer.event("ack"))["frame_number"] == number
                got = await viewer.frame(placeholder=False)
            seen.append(got.captured_us)
        assert abs(seen[1] - captured_us) <= 1
        assert abs(seen[2] - captured_us) <= 1000
        assert abs(seen[3] / 1e6 - time.time()) < 5


async def test_what_is_no_whole_jpeg_is_dropped_counted_and_answered(
    url: str, http: httpx.AsyncClient, jpeg: bytes
) -> None:
    bad: list[str | bytes] = [
        b"",
        b"not a picture",
        jpeg[:-100],
        jpeg[2:],
        b"\xff\xd8" + b"\x00" * 500 + b"\xff\xd9",
        b"\x01\x09" + bytes(300),
        "{",
        '{"type": "frame_data", "data": {"frame": "%%%"}}',
        '{"type": "hello", "data": {"frame": ""}}',
        '{"x": ' + "[" * 20_000,
    ]
    async with open_viewer(url, "/ws/stream/remote") as producer, open_viewer(url, "/ws/viewer/remote") as viewer:
        for each in bad:
            await producer.socket.send_message(each)
            with trio.fail_after(3):
                assert (await producer.event("error"))["code"] == "bad_frame"
        await producer.socket.send_message(jpeg)
        with trio.fail_after(5):
            await producer.event("ack")
            assert (await viewer.frame(placeholder=False)).payload == jpeg
        status = (await http.get(f"{url}/api/status")).json()
        [counters] = [stream["counters"] for stream in status["streams"] if stream["id"] == "remote"]
        assert counters["rejected"] == len(bad)


@pytest.mark.parametrize(("path", "status"), [("/ws/stream/nobody", 404), ("/ws/stream/front", 409)])
async def test_where_nothing_can_be_pushed(url: str, path: str, status: int) -> None:
    with pytest.raises(ConnectionRejected) as refusal:
        async with open_viewer(url, path):
            pass
    assert refusal.value.status_code == status


async def test_a_second_producer_is_refused_and_may_come_later(url: str, http: httpx.AsyncClient, jpeg: bytes) -> None:
    async with open_viewer(url, "/ws/stream/remote") as producer:
        with pytest.raises(ConnectionRejected) as refusal:
            async with open_viewer(url, "/ws/stream/remote"):
                pass
        assert refusal.value.status_code == 409
        await producer.socket.send_message(jpeg)
        await producer.event("ack")

    async def free_again() -> bool:
        try:
            async with open_viewer(url, "/ws/stream/remote") as next_one:
                await next_one.socket.send_message(jpeg)
                await next_one.event("ack")
        except ConnectionRejected:
            return False
        return True

    await eventually(free_again)


async def test_a_producer_that_leaves_is_missed_and_comes_back(url: str, nursery: trio.Nursery, jpeg: bytes) -> None:
    async with open_viewer(url, "/ws/viewer/remote") as viewer:
        with trio.fail_after(5):
            await viewer.event("stream_info", status="offline", reason="waiting for a producer")
            await viewer.frame(placeholder=True)
        for _ in range(2):
            async with open_viewer(url, "/ws/stream/remote") as producer:
                await producer.socket.send_message(jpeg)
                with trio.fail_after(5):
                    await viewer.event("stream_info", status="live")
            with trio.fail_after(5):
                await viewer.event("stream_info", status="offline", reason="waiting for a producer")
