"""REST for streams, against the running box."""

import httpx
import pytest
import trio

from tests.support.boxes import start_box
from tests.support.clients import eventually, open_mjpeg, open_viewer


async def test_list_show_and_default_state(box: str, http: httpx.AsyncClient) -> None:
    [stream] = (await http.get(f"{box}/api/streams")).json()["streams"]
    assert (stream["id"], stream["name"], stream["source"], stream["preset"]) == (
        "front",
        "Front door",
        "pattern",
        "high",
    )
    assert stream["presets"] == ["low", "medium", "high", "native"]
    shown = (await http.get(f"{box}/api/streams/front")).json()
    assert set(shown) == set(stream)


async def test_unknown_stream_is_404_everywhere(box: str, http: httpx.AsyncClient) -> None:
    for method, path in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/mjpeg"),
        ("GET", "/snapshot.jpg"),
    ]:
        answer = await http.request(method, f"{box}/api/streams/nobody{path}", json={} if method == "PATCH" else None)
        assert answer.status_code == 404
        assert answer.json() == {"error": {"code": "unknown_stream", "message": "there is no stream 'nobody'"}}


async def test_create_watch_and_remove(box: str, http: httpx.AsyncClient) -> None:
    made = await http.post(f"{box}/api/streams", json={"source": "pattern", "id": "demo", "width": 640, "height": 480})
    assert made.status_code == 201
    assert made.headers["location"] == "/api/streams/demo"
    async with open_mjpeg(f"{box}/api/streams/demo/mjpeg?preset=native") as parts:
        part = await anext(parts)
        assert part.headers["content-type"] == "image/jpeg"
        assert (await http.delete(f"{box}/api/streams/demo")).status_code == 204
        with trio.fail_after(3):  # a removed stream ends cleanly, which `parts` checks
            async for part in parts:
                assert part.body.endswith(b"\xff\xd9")
    assert (await http.get(f"{box}/api/streams/demo")).status_code == 404
    assert len((await http.get(f"{box}/api/streams")).json()["streams"]) == 1


async def test_ids_are_made_up_when_none_is_given(box: str, http: httpx.AsyncClient) -> None:
    first = (await http.post(f"{box}/api/streams", json={"source": "pattern"})).json()["id"]
    second = (await http.post(f"{box}/api/streams", json={"source": "pattern"})).json()["id"]
    assert (first, second) == ("stream-1", "stream-2")


async def test_stop_and_start_a_configured_camera(box: str, http: httpx.AsyncClient) -> None:
    assert (await http.delete(f"{box}/api/streams/front")).status_code == 204
    stopped = (await http.get(f"{box}/api/streams/front")).json()
    assert (stopped["status"], stopped["reason"]) == ("offline", "stopped")
    assert (await http.get(f"{box}/healthz")).status_code == 200  # at rest on purpose is not ill
    assert (await http.post(f"{box}/api/streams", json={"id": "front"})).status_code == 200

    async def live() -> bool:
        return bool((await http.get(f"{box}/api/streams/front")).json()["status"] == "live")

    await eventually(live)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 400, "the id of a stream"),
        ({"id": "front", "fps": 15}, 400, "nothing else"),
        ({"id": "nobody"}, 404, "no stream 'nobody'"),
        ({"id": "front", "source": "pattern"}, 409, "already"),
        ({"source": "file:///etc/passwd"}, 400, "is not a source"),
        ({"source": "usb:../../etc/passwd"}, 400, "is not a source"),
        ({"source": "usb:/etc/passwd"}, 400, "a request may name /dev/video"),
        ({"source": "usb:/dev/watchdog"}, 400, "a request may name /dev/video"),
        ({"source": "csi:/etc/passwd", "fps": 0}, 400, "fps"),  # libcamera's ids are no files: any will do
        ({"source": "usb:/dev/v4l/by-id/../../watchdog"}, 400, "a request may name /dev/video"),
        ({"source": "pattern", "width": 8192, "height": 8192}, 400, "at most"),
        ({"source": "rtsp://10.0.0.1/x"}, 400, "others stand in the configuration"),
        ({"source": "pattern", "id": "../x"}, 400, "id:"),
        ({"source": "pattern", "width": 10**9}, 400, "width:"),
        ({"source": "pattern", "fps": "many"}, 400, "fps:"),
        ({"source": "pattern", "preset": "ultra"}, 400, "no preset 'ultra'"),
        ({"source": "pattern", "presets": ["ultra"]}, 400, "no preset 'ultra'"),
        ({"source": "pattern", "nmae": "x"}, 400, "unknown field nmae"),
        ({"source": "pattern", "name": "x" * 65}, 400, "name:"),
        ({"source": "pattern", "name": "a\u0007b"}, 400, "cannot be printed"),
        ([], 400, "expected"),
    ],
)
async def test_bad_bodies(box: str, http: httpx.AsyncClient, body: object, status: int, words: str) -> None:
    answer = await http.post(f"{box}/api/streams", json=body)
    assert answer.status_code == status
    assert words.lower() in answer.json()["error"]["message"].lower()
    assert len((await http.get(f"{box}/api/streams")).json()["streams"]) == 1


async def test_what_is_not_json_or_too_large(box: str, http: httpx.AsyncClient) -> None:
    for content in (b"", b"{", b"\xff\xfe", b'{"source": "pattern"} x', b'{"source": nul}'):
        answer = await http.post(f"{box}/api/streams", content=content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_json")
    large = await http.post(f"{box}/api/streams", content=b" " * 70_000)
    assert (large.status_code, large.json()["error"]["code"]) == (413, "request_entity_too_large")


async def test_wrong_methods_say_which_are_right(box: str, http: httpx.AsyncClient) -> None:
    answer = await http.put(f"{box}/api/streams", json={})
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))
    assert (await http.post(f"{box}/api/streams/front/mjpeg")).status_code == 405


async def test_change_for_everybody(box: str, http: httpx.AsyncClient) -> None:
    async with open_viewer(box, "/ws/viewer/front?preset=medium") as viewer:
        await viewer.event("stream_info", status="live", fps=24)
        answer = await http.patch(f"{box}/api/streams/front", json={"fps": 15, "jpeg_quality": 60, "name": "Back door"})
        assert answer.json()["fps"] == 15
        with trio.fail_after(5):
            told = await viewer.event("stream_info", fps=15)
        assert (told["jpeg_quality"], told["name"]) == (60, "Back door")
        answer = await http.patch(f"{box}/api/streams/front", json={"fps": None, "jpeg_quality": None, "preset": "low"})
        assert (answer.json()["fps"], answer.json()["jpeg_quality"], answer.json()["preset"]) == (None, None, "low")
    for bad in ({"jpeg_quality": 20}, {"fps": 0}, {"preset": "ultra"}, {"status": "live"}, {"name": "\u0000"}):
        assert (await http.patch(f"{box}/api/streams/front", json=bad)).status_code == 400


async def test_no_more_streams_than_allowed(nursery: trio.Nursery, http: httpx.AsyncClient) -> None:
    text = '[server]\nbind = ["127.0.0.1:0"]\n[limits]\nmax_streams = 2\n[[cameras]]\nid = "a"\nsource = "pattern"\n'
    url = await start_box(nursery, text)
    assert (await http.post(f"{url}/api/streams", json={"source": "pattern"})).status_code == 201
    full = await http.post(f"{url}/api/streams", json={"source": "pattern"})
    assert (full.status_code, full.headers["retry-after"]) == (503, "10")
