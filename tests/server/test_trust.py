"""Names and pages that may act on this box."""

import httpx
import pytest
import trio

from appliance.server.trust import host_is_ours, origin_is_ours
from tests.support.boxes import start_box


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8000",
        "192.168.1.5",
        "[::1]:8000",
        "[fe80::1]",
        "localhost",
        "camera",
        "camera:80",
        "camera.local",
        "CAMERA.LOCAL:8000",
        "camera.lan",
        "x.fritz.box",
        "cam.home.arpa",
        "camera.local.",
        "box.example.org:443",
    ],
)
def test_names_that_are_ours(host: str) -> None:
    assert host_is_ours(host, ["box.example.org"])


@pytest.mark.parametrize(
    "host", ["", "evil.example", "127.0.0.1.evil.example", "local.evil.example:8000", "a b", "[::1", "x:99999999"]
)
def test_names_that_are_not(host: str) -> None:
    assert not host_is_ours(host, ["box.example.org"])


@pytest.mark.parametrize(
    ("origin", "ours"),
    [
        (None, True),
        ("http://camera.local:8000", True),
        ("https://camera.local:8000", True),
        ("http://camera.local", False),
        ("http://camera.local:8001", False),
        ("http://evil.example", False),
        ("null", False),
        ("file://", False),
        ("http://[x", False),
        ("http://a]b", False),
        ("http://mainsail.local", True),
    ],
)
def test_pages_that_may_act(origin: str | None, ours: bool) -> None:
    assert origin_is_ours(origin, "camera.local:8000", ["http://mainsail.local"]) is ours


async def test_a_rebound_name_is_refused(box: str, http: httpx.AsyncClient) -> None:
    for path in ("/", "/api/streams", "/stream", "/snapshot", "/nowhere"):
        answer = await http.get(box + path, headers={"Host": "evil.example"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (421, "unknown_host")


async def test_a_foreign_page_changes_nothing(box: str, http: httpx.AsyncClient) -> None:
    foreign = {"Origin": "http://evil.example"}
    for method, path in (("POST", "/api/streams"), ("PATCH", "/api/streams/front"), ("DELETE", "/api/streams/front")):
        answer = await http.request(method, box + path, json={"source": "pattern"}, headers=foreign)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")
    shown = await http.get(f"{box}/api/streams", headers=foreign)
    assert "access-control-allow-origin" not in shown.headers
    assert shown.json()["streams"][0]["status"] in ("live", "starting")


async def test_an_origin_that_is_none_is_foreign(box: str, http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{box}/api/streams", json={"source": "pattern"}, headers={"Origin": "http://[x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")


async def test_an_allowed_page_may_watch_and_act(nursery: trio.Nursery, http: httpx.AsyncClient) -> None:
    text = '[server]\nbind = ["127.0.0.1:0"]\nallowed_origins = ["http://mainsail.local"]\n[[cameras]]\nid = "a"\nsource = "pattern"\n'
    url = await start_box(nursery, text)
    friend = {"Origin": "http://mainsail.local"}
    answer = await http.get(f"{url}/snapshot", headers=friend)
    assert answer.headers["access-control-allow-origin"] == "http://mainsail.local"
    assert (await http.patch(f"{url}/api/streams/a", json={"fps": 15}, headers=friend)).status_code == 200
    preflight = await http.options(f"{url}/api/streams/a", headers={**friend, "Access-Control-Request-Method": "PATCH"})
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
