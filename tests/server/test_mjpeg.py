"""MJPEG, snapshots and the drop-in addresses, against the running box."""

import time

import httpx
import pytest
import simplejpeg
import trio

from appliance.wire import jpeg as wire_jpeg
from tests.support.boxes import start_box
from tests.support.clients import open_mjpeg

ALIASES = ["/stream", "/?action=stream", "/?action=stream_0", "/webcam/?action=stream", "/webcam?action=stream"]


@pytest.fixture(params=[True, False], ids=["lane", "asgi"])
async def box(request: pytest.FixtureRequest, nursery: trio.Nursery) -> str:
    """The box, and the box as it is where the lane does not fit."""
    return await start_box(nursery, with_lane=request.param)


@pytest.mark.parametrize("path", ["/api/streams/front/mjpeg", *ALIASES])
async def test_parts_are_whole_pictures_with_their_time(box: str, path: str) -> None:
    with trio.fail_after(10):
        async with open_mjpeg(box + path) as parts:
            for _ in range(5):
                part = await anext(parts)
                assert wire_jpeg.inspect(part.body) == (1280, 720)
                assert abs(time.time() - float(part.headers["x-timestamp"])) < 2
                assert len(part.headers["x-timestamp"].partition(".")[2]) == 6


async def test_the_boundary_follows_each_picture_at_once(box: str) -> None:
    """A reader must not wait for the next picture to know that this one is complete."""
    async with await trio.open_tcp_stream("127.0.0.1", int(box.rpartition(":")[2])) as stream:
        await stream.send_all(b"GET /stream?fps=0.5 HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        answer = b""
        with trio.fail_after(5):
            while answer.count(b"--boundarydonotcross") < 2:
                answer += await stream.receive_some()
    _, _, body = answer.partition(b"\r\n\r\n")
    assert body.startswith(b"--boundarydonotcross\r\nContent-Type: image/jpeg\r\n")
    assert body.endswith(b"\xff\xd9\r\n--boundarydonotcross\r\n")


async def test_a_quiet_stream_repeats_its_last_picture(box: str) -> None:
    async with open_mjpeg(f"{box}/stream?fps=0.1") as parts:
        first = await anext(parts)
        with trio.fail_after(3):
            assert await anext(parts) == first


async def test_headers_suit_browsers_and_proxies(box: str, http: httpx.AsyncClient) -> None:
    async with http.stream("GET", f"{box}/stream") as response:
        assert response.headers["content-type"] == "multipart/x-mixed-replace;boundary=boundarydonotcross"
        assert "no-store" in response.headers["cache-control"]
        assert response.headers["x-accel-buffering"] == "no"
        assert "hypercorn" not in response.headers.get("server", "")


async def test_head_and_options_on_a_stream_end(box: str, http: httpx.AsyncClient) -> None:
    with trio.fail_after(3):
        for path in ("/stream", "/api/streams/front/mjpeg", "/?action=stream", "/snapshot"):
            head = await http.head(box + path)
            assert (head.status_code, head.content) == (200, b"")
        assert (await http.options(f"{box}/stream")).status_code == 200


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("preset=ultra", "unknown_preset"),
        ("fps=0", "bad_number"),
        ("fps=x", "bad_number"),
        ("fps=nan", "bad_number"),
        ("advance_headers=yes", "bad_number"),
    ],
)
async def test_bad_queries(box: str, http: httpx.AsyncClient, query: str, code: str) -> None:
    answer = await http.get(f"{box}/api/streams/front/mjpeg?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize(("preset", "size"), [("low", (568, 320)), ("medium", (854, 480)), ("high", (1280, 720))])
async def test_presets_have_their_size(box: str, preset: str, size: tuple[int, int]) -> None:
    async with open_mjpeg(f"{box}/api/streams/front/mjpeg?preset={preset}") as parts:
        assert wire_jpeg.inspect((await anext(parts)).body) == size


async def test_snapshot_is_newer_than_its_request(box: str, http: httpx.AsyncClient) -> None:
    for path in ("/api/streams/front/snapshot.jpg", "/snapshot", "/?action=snapshot", "/webcam/?action=snapshot"):
        asked = time.time()
        answer = await http.get(box + path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert float(answer.headers["x-timestamp"]) >= asked
        assert simplejpeg.decode_jpeg(answer.content).shape == (720, 1280, 3)


async def test_snapshot_with_max_age_takes_what_is_there(box: str, http: httpx.AsyncClient) -> None:
    async with open_mjpeg(f"{box}/stream") as parts:
        await anext(parts)
        answer = await http.get(f"{box}/api/streams/front/snapshot.jpg?max_age=2")
        assert time.time() - float(answer.headers["x-timestamp"]) < 2.2


async def test_snapshot_without_a_picture(box: str, http: httpx.AsyncClient) -> None:
    await http.delete(f"{box}/api/streams/front")
    answer = await http.get(f"{box}/api/streams/front/snapshot.jpg")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["error"] == {"code": "no_picture", "message": "no picture of 'front': stopped"}
    # ustreamer's address answers with a picture all the same, and says so.
    drop_in = await http.get(f"{box}/snapshot")
    assert (drop_in.status_code, drop_in.headers["x-ustreamer-online"]) == (200, "false")
    wire_jpeg.inspect(drop_in.content)


async def test_state_has_the_fields_of_ustreamer(box: str, http: httpx.AsyncClient) -> None:
    async with open_mjpeg(f"{box}/stream") as parts:
        await anext(parts)
        state = (await http.get(f"{box}/state")).json()
    assert state["ok"] is True
    result = state["result"]
    assert list(result) == ["instance_id", "encoder", "source", "stream"]
    assert set(result["encoder"]) == {"type", "quality"}
    assert result["source"]["resolution"] == {"width": 1280, "height": 720}
    assert result["source"]["online"] is True
    assert set(result["source"]) == {"resolution", "online", "desired_fps", "captured_fps"}
    assert set(result["stream"]) == {"queued_fps", "clients", "clients_stat"}
    assert result["stream"]["clients"] == 1
    [client] = result["stream"]["clients_stat"].values()
    assert set(client) == {"fps", "extra_headers", "advance_headers", "dual_final_frames", "zero_data", "key"}


async def test_no_more_viewers_than_allowed(nursery: trio.Nursery, http: httpx.AsyncClient) -> None:
    text = '[server]\nbind = ["127.0.0.1:0"]\n[limits]\nmax_viewers = 1\n[[cameras]]\nid = "a"\nsource = "pattern"\n'
    url = await start_box(nursery, text)
    async with open_mjpeg(f"{url}/stream") as parts:
        await anext(parts)
        full = await http.get(f"{url}/stream")
        assert (full.status_code, full.headers["retry-after"], full.json()["error"]["code"]) == (503, "5", "full")
        await anext(parts)
