"""What can be set on a camera, over REST and WebSocket, against the running program and a V4L2 camera made in software."""

import errno
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import trio

from tests.cameras.conftest import FakeCamera
from tests.support.boxes import BoxProcess
from tests.support.clients import Talk, eventually, open_viewer

TEXT = """
[server]
bind = ["127.0.0.1:0"]
[[cameras]]
id = "front"
source = "usb:{}"
width = 640
height = 360
[[cameras]]
id = "plain"
source = "pattern"
"""


class Running(NamedTuple):
    """A box and its camera."""

    camera: FakeCamera
    box: BoxProcess

    @property
    def url(self) -> str:
        return f"{self.box.url}/api/streams/front/controls"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory, stand_in: Path, photos: list[bytes]) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("controls")
    camera = FakeCamera(folder, stand_in, photos)
    with BoxProcess(folder, TEXT.format(camera.path), env=camera.env) as box:
        box.wait_until_live()
        yield Running(camera, box)


@pytest.fixture
async def running(process: Running, http: httpx.AsyncClient) -> AsyncIterator[Running]:
    """With nothing set, before and after."""
    assert (await http.delete(process.url)).status_code == 200
    yield process
    process.camera.forget()


def by_id(listed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {control["id"]: control for control in listed["controls"]}


async def test_listed_with_range_default_and_unit(running: Running, http: httpx.AsyncClient) -> None:
    controls = by_id((await http.get(running.url)).json())
    assert len(controls) == 11
    assert controls["white_balance_temperature"] == {
        "id": "white_balance_temperature",
        "name": "White Balance Temperature",
        "kind": "integer",
        "value": 4600,
        "default": 4600,
        "minimum": 2800,
        "maximum": 6500,
        "step": 10,
        "unit": "K",
        "choices": [],
        "active": False,
        "held_by": "white_balance_automatic",
        "read_only": False,
    }
    assert controls["power_line_frequency"]["choices"][1] == {"value": 1, "label": "50 Hz"}


async def test_what_the_camera_does_by_itself_is_seen_when_asked(running: Running, http: httpx.AsyncClient) -> None:
    running.camera.note("exposure_time_absolute", 99)

    async def seen() -> bool:
        return bool(by_id((await http.get(running.url)).json())["exposure_time_absolute"]["value"] == 99)

    await eventually(seen)


async def test_set_and_put_back(running: Running, http: httpx.AsyncClient) -> None:
    answer = await http.patch(running.url, json={"brightness": 10, "auto_exposure": 1, "exposure_time_absolute": 77})
    assert answer.status_code == 200
    controls = by_id(answer.json())
    assert (controls["brightness"]["value"], controls["exposure_time_absolute"]["value"]) == (10, 77)
    assert controls["exposure_time_absolute"]["active"]
    assert running.camera.controls.items() >= {("brightness", 10), ("auto_exposure", 1), ("exposure_time_absolute", 77)}
    assert by_id((await http.patch(running.url, json={"brightness": None})).json())["brightness"]["value"] == 0
    one = await http.delete(running.url, params={"id": "auto_exposure"})
    assert (one.status_code, by_id(one.json())["auto_exposure"]["value"]) == (200, 3)
    await http.patch(running.url, json={"contrast": 95, "focus_automatic_continuous": False})
    controls = by_id((await http.delete(running.url)).json())
    assert [key for key, each in controls.items() if each["value"] != each["default"] and each["active"]] == []
    assert running.camera.controls["contrast"] == 50


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"brightness": 65}, "bad_value", "brightness: -64 to 64, not 65"),
        ({"contrast": 10, "brightness": "x"}, "bad_value", "brightness: -64 to 64, not 'x'"),
        ({"contrast": 51}, "bad_value", "contrast: 0 to 100 in steps of 5, not 51"),
        ({"auto_exposure": 0}, "bad_value", "one of 1 (Manual Mode), 3 (Aperture Priority Mode), not 0"),
        ({"brightness": 10**40}, "bad", "brightness"),
        ({"privacy": True}, "bad_value", "lets nobody set it"),
        ({"privacy": None, "zoom": 1}, "unknown_control", "no control 'zoom' here; there are brightness, contrast"),
        ({"brightness": [1]}, "bad_request", "expected"),
        ([], "bad_request", "expected object"),
    ],
)
async def test_what_is_impossible_is_refused_with_what_would_be_possible(
    running: Running, http: httpx.AsyncClient, body: object, code: str, words: str
) -> None:
    before = running.camera.controls
    answer = await http.patch(running.url, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"].startswith(code)
    assert words.lower() in answer.json()["error"]["message"].lower()
    assert running.camera.controls == before, "all or nothing"


async def test_what_the_camera_refuses(running: Running, http: httpx.AsyncClient) -> None:
    running.camera.note("refuse brightness", errno.EIO)
    answer = await http.patch(running.url, json={"brightness": 5})
    assert (answer.status_code, answer.json()["error"]) == (
        409,
        {"code": "control_refused", "message": "brightness: the camera refuses it (input/output error)"},
    )
    answer = await http.patch(running.url, json={"focus_absolute": 5})
    assert "focus_automatic_continuous decides it now" in answer.json()["error"]["message"]


async def test_streams_without_controls_or_without_themselves(running: Running, http: httpx.AsyncClient) -> None:
    plain = running.url.replace("front", "plain")
    assert (await http.get(plain)).json() == {"controls": []}
    assert (await http.delete(plain)).json() == {"controls": []}
    answer = await http.patch(plain, json={"brightness": 1})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_controls")
    for method in ("GET", "PATCH", "DELETE"):
        answer = await http.request(method, running.url.replace("front", "nobody"), json={})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_stream")
    foreign = {"Origin": "http://evil.example"}
    for method in ("PATCH", "DELETE"):
        answer = await http.request(method, running.url, json={"brightness": 1}, headers=foreign)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")
    assert (await http.delete(running.url, params={"id": "zoom"})).json()["error"]["code"] == "unknown_control"


async def told(talk: Talk, **values: object) -> dict[str, dict[str, Any]]:
    """The controls, once they have these values; `x_active`: whether x is active."""
    with trio.fail_after(5):
        while True:
            controls = by_id(await talk.event("controls", stream_id="front"))
            said = {key: each["value"] for key, each in controls.items()}
            said |= {f"{key}_active": each["active"] for key, each in controls.items()}
            if said.items() >= values.items():
                return controls


async def test_over_websocket_who_asked_is_told_of_each_change(running: Running, http: httpx.AsyncClient) -> None:
    async with open_viewer(running.box.url, "/ws") as asks, open_viewer(running.box.url, "/ws") as sets:
        await asks.say("get_controls", stream_id="front")
        await told(asks, brightness=0)
        await sets.say("set_controls", stream_id="front", values={"brightness": 20, "auto_exposure": 1})
        for talk in (asks, sets):
            await told(talk, brightness=20, exposure_time_absolute_active=True)
        await http.patch(running.url, json={"brightness": 30})
        await told(asks, brightness=30)
        await asks.say("get_controls", stream_id="front")
        await told(asks, brightness=30)
        await sets.say("set_controls", stream_id="front", values={"brightness": None})
        await told(asks, brightness=0)


async def test_over_websocket_a_slider_ends_where_it_was_left(running: Running) -> None:
    async with open_viewer(running.box.url, "/ws/viewer/front") as viewer:
        for value in range(-60, 61):
            await viewer.say("set_controls", stream_id="front", values={"brightness": value})
        await told(viewer, brightness=60)
        assert (await viewer.frame()).payload

        async def there() -> bool:
            return running.camera.controls["brightness"] == 60

        await eventually(there)


async def test_over_websocket_refusals_go_to_who_asked(running: Running) -> None:
    running.camera.note("refuse contrast", errno.EIO)
    async with open_viewer(running.box.url, "/ws") as talk:
        for values, code in (
            ({"brightness": 65}, "bad_value"),
            ({"zoom": 1}, "unknown_control"),
            ({"contrast": 5}, "control_refused"),
            ({"brightness": {}}, "bad_message"),
        ):
            await talk.say("set_controls", stream_id="front", values=values)
            with trio.fail_after(5):
                assert (await talk.event("error"))["code"] == code
        await talk.say("get_controls", stream_id="nobody")
        assert (await talk.event("error"))["code"] == "unknown_stream"
        await talk.say("get_controls", stream_id="plain")
        assert (await talk.event("controls", stream_id="plain"))["controls"] == []


async def test_what_is_set_while_the_camera_is_away_holds_when_it_is_back(
    running: Running, http: httpx.AsyncClient
) -> None:
    """Also what was set before. A replugged camera is at its own defaults."""
    await http.patch(running.url, json={"brightness": 11})
    running.camera.unplug()

    async def status(wanted: str) -> bool:
        return bool((await http.get(f"{running.box.url}/api/streams/front")).json()["status"] == wanted)

    await eventually(lambda: status("offline"))
    answer = await http.patch(running.url, json={"contrast": 20})
    assert (answer.status_code, by_id(answer.json())["contrast"]["value"]) == (200, 20)
    assert running.camera.controls == {}
    running.camera.be("fine")
    await eventually(lambda: status("live"))
    assert running.camera.controls == {"brightness": 11, "contrast": 20}
