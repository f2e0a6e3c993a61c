"""`/ws` and `/ws/viewer/{id}`, against the running box."""

import base64
import itertools
import json
import time

import httpx
import pytest
import trio
from trio_websocket import ConnectionRejected

from appliance.wire import jpeg as wire_jpeg
from tests.support.boxes import start_box
from tests.support.clients import Talk, open_viewer

TWO = """
[server]
bind = ["127.0.0.1:0"]
[[cameras]]
id = "front"
source = "pattern"
[[cameras]]
id = "back"
source = "pattern"
width = 640
height = 480
"""


@pytest.fixture(params=[True, False], ids=["lane", "asgi"])
async def box(request: pytest.FixtureRequest, nursery: trio.Nursery) -> str:
    """The box, and the box as it is where the lane does not fit."""
    return await start_box(nursery, with_lane=request.param)


async def test_a_viewer_is_told_then_sees(box: str) -> None:
    async with open_viewer(box, "/ws/viewer/front") as viewer:
        with trio.fail_after(5):
            info = await viewer.event("stream_info", status="live")
            frames = [await viewer.frame() for _ in range(10)]
    assert (info["preset"], info["width"], info["height"], info["fps"]) == ("high", 1280, 720, 30)
    assert set(info) == {
        *("stream_id", "name", "status", "reason", "running", "preset", "presets", "width", "height", "fps"),
        *("jpeg_quality", "viewers", "dropped", "slot", "format", "auto", "rung", "reduced", "numbers", "recovery"),
    }
    assert all(second.number > first.number for first, second in itertools.pairwise(frames))
    assert all(wire_jpeg.inspect(frame.payload) == (frame.width, frame.height) == (1280, 720) for frame in frames)
    assert abs(time.time() - frames[-1].captured_us / 1e6) < 1


async def test_json_frames_are_exactly_row_11(box: str) -> None:
    async with open_viewer(box, "/ws/viewer/front?format=json&preset=low") as viewer:
        with trio.fail_after(5):
            heard = await viewer.event("frame")
    assert set(heard) == {"stream_id", "timestamp", "frame", "frame_number", "quality"}
    assert (heard["stream_id"], heard["quality"]) == ("front", "low")
    assert wire_jpeg.inspect(base64.b64decode(heard["frame"])) == (568, 320)
    assert abs(time.time() - heard["timestamp"]) < 2


async def test_one_connection_joins_many_streams(nursery: trio.Nursery) -> None:
    url = await start_box(nursery, TWO)
    async with open_viewer(url, "/ws") as viewer:
        with trio.fail_after(8):
            await viewer.say("join_stream", stream_id="front", preset="low")
            front = await viewer.event("stream_info", stream_id="front")
            await viewer.say("join_stream", stream_id="back", preset="native", fps=5)
            back = await viewer.event("stream_info", stream_id="back")
            assert front["slot"] != back["slot"]
            sizes: dict[int, tuple[int, int]] = {}
            while len(sizes) < 2:
                frame = await viewer.frame(placeholder=False)
                sizes[frame.slot] = (frame.width, frame.height)
            assert sizes == {front["slot"]: (568, 320), back["slot"]: (640, 480)}
            await viewer.say("leave_stream", stream_id="front")
            await viewer.say("ping", t=1)
            await viewer.event("pong")
            assert {(await viewer.frame()).slot for _ in range(8)} == {back["slot"]}


async def test_change_preset_without_a_break(box: str) -> None:
    async with open_viewer(box, "/ws/viewer/front?preset=low") as viewer:
        with trio.fail_after(5):
            last = await viewer.frame(placeholder=False)
            await viewer.say("set_preset", stream_id="front", preset="high")
            await viewer.event("stream_info", preset="high")
            while last.height != 720:
                last = await viewer.frame()
                assert not last.placeholder
            await viewer.say("set_preset", stream_id="front", preset="high", fps=5)
            assert (await viewer.event("stream_info", fps=5))["preset"] == "high"


async def test_ping_answers_with_the_clock(box: str) -> None:
    async with open_viewer(box, "/ws") as viewer:
        await viewer.say("ping", t=12.5)
        with trio.fail_after(2):
            pong = await viewer.event("pong")
        assert pong["t"] == 12.5
        assert abs(pong["time"] - time.time()) < 1


async def test_acks_bound_what_is_in_flight(box: str) -> None:
    """A viewer that draws nothing more gets a handful of frames, then about one a second: what arrives later is new."""
    async with open_viewer(box, "/ws/viewer/front?preset=low&fps=15") as viewer:
        first = last = await viewer.frame(placeholder=False)
        await viewer.say("ack", stream_id="front", frame_number=first.number)
        count = 0
        with trio.move_on_after(1.5):
            while True:
                last = await viewer.frame()
                count += 1
        assert 2 <= count <= 6
        await viewer.say("ack", stream_id="front", frame_number=last.number)
        with trio.fail_after(2):
            fresh = await viewer.frame()
            fresh = await viewer.frame()
        assert time.time() - fresh.captured_us / 1e6 < 0.5


async def test_stop_and_start_for_everybody_on_one_connection(box: str) -> None:
    async with open_viewer(box, "/ws/viewer/front?preset=low") as viewer, open_viewer(box, "/ws") as other:
        with trio.fail_after(10):
            await viewer.frame(placeholder=False)
            await other.say("stop_stream", stream_id="front")
            told = await viewer.event("stream_info", status="offline")
            assert told["reason"] == "stopped"
            await viewer.frame(placeholder=True)
            await other.say("start_stream", stream_id="front")
            await viewer.event("stream_info", status="live")
            await viewer.frame(placeholder=False)


async def test_a_removed_stream_says_so_and_ends(box: str, http: httpx.AsyncClient) -> None:
    await http.post(f"{box}/api/streams", json={"source": "pattern", "id": "demo"})
    async with open_viewer(box, "/ws/viewer/demo") as single, open_viewer(box, "/ws") as many:
        with trio.fail_after(8):
            await many.say("join_stream", stream_id="demo")
            await many.frame()
            await single.frame()
            await http.delete(f"{box}/api/streams/demo")
            assert (await many.event("stream_info", status="offline"))["reason"] == "removed"
            assert await single.close_code() == 1000
            await many.say("ping", t=1)
            await many.event("pong")


async def refused(viewer: Talk, text: str | bytes) -> str:
    """Say `text`; the code of the error it is answered with."""
    await viewer.socket.send_message(text)
    with trio.fail_after(2):
        code: str = (await viewer.event("error"))["code"]
        return code


async def test_bad_messages_get_one_clear_error_each(box: str) -> None:
    async with open_viewer(box, "/ws") as viewer:
        for text in (
            "{",
            "[]",
            '{"type": "fly"}',
            '{"type": "join_stream", "data": {}}',
            "\u0000",
            '{"type": 3}',
            b"\x01\x02",
        ):
            assert await refused(viewer, text) == "bad_message"
        join = {"type": "join_stream", "data": {"stream_id": "front"}}
        assert await refused(viewer, json.dumps({**join, "data": {"stream_id": "nobody"}})) == "unknown_stream"
        assert (
            await refused(viewer, json.dumps({**join, "data": {"stream_id": "front", "preset": "x"}}))
            == "unknown_preset"
        )
        assert await refused(viewer, json.dumps({**join, "data": {"stream_id": "front", "fps": -1}})) == "bad_message"
        for event in ("leave_stream", "set_preset"):
            assert await refused(viewer, json.dumps({"type": event, "data": {"stream_id": "front"}})) == "not_joined"
        await viewer.say("join_stream", stream_id="front")
        with trio.fail_after(3):
            await viewer.frame()


async def test_who_sends_only_rubbish_is_shown_out(box: str) -> None:
    async with open_viewer(box, "/ws") as viewer:
        for _ in range(20):
            await refused(viewer, "rubbish")
        with trio.fail_after(3):
            assert await viewer.close_code() == 1008


async def test_a_message_too_large_ends_the_connection(box: str) -> None:
    async with open_viewer(box, "/ws") as viewer, open_viewer(box, "/ws/viewer/front") as other:
        await viewer.socket.send_message("x" * 100_000)
        with trio.fail_after(3):
            assert await viewer.close_code() == 1009
            await other.frame()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/ws/viewer/nobody", {}, 404),
        ("/ws/viewer/front?preset=ultra", {}, 400),
        ("/ws/viewer/front?format=xml", {}, 400),
        ("/ws/viewer/front?fps=0", {}, 400),
        ("/ws", {"Origin": "http://evil.example"}, 403),
        ("/ws/nothing", {}, 404),
    ],
)
async def test_refused_before_the_upgrade(box: str, path: str, headers: dict[str, str], status: int) -> None:
    with pytest.raises(ConnectionRejected) as refusal:
        async with open_viewer(box, path, **headers):
            pass
    assert refusal.value.status_code == status


async def test_no_more_viewers_than_allowed(nursery: trio.Nursery) -> None:
    text = '[server]\nbind = ["127.0.0.1:0"]\n[limits]\nmax_viewers = 1\n[[cameras]]\nid = "a"\nsource = "pattern"\n'
    url = await start_box(nursery, text)
    async with open_viewer(url, "/ws/viewer/a") as first:
        await first.frame()
        with pytest.raises(ConnectionRejected) as refusal:
            async with open_viewer(url, "/ws/viewer/a"):
                pass
        assert refusal.value.status_code == 503
        async with open_viewer(url, "/ws") as second:
            assert await refused(second, '{"type": "join_stream", "data": {"stream_id": "a"}}') == "full"
        await first.frame()
