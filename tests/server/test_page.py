"""The page's files, the OpenAPI document, health and status, against the running box."""

import re

import httpx
import pytest
import trio

from appliance.server import openapi
from appliance.server.page import load_assets, web_folder
from tests.support.boxes import start_box
from tests.support.clients import eventually


async def test_the_page_and_all_it_names(box: str, http: httpx.AsyncClient) -> None:
    page = await http.get(f"{box}/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    for path in re.findall(r'(?:src|href)="(/web/[^"]+)"', page.text):
        assert (await http.get(box + path)).status_code == 200, path


async def test_assets_have_types_and_are_asked_for_again_cheaply(box: str, http: httpx.AsyncClient) -> None:
    for name, content_type in (("main.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        first = await http.get(f"{box}/web/{name}")
        assert first.headers["content-type"].startswith(content_type)
        again = await http.get(f"{box}/web/{name}", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/web/../pyproject.toml",
        "/web/%2e%2e/pyproject.toml",
        "/web/..%2fpyproject.toml",
        "/web//etc/passwd",
        "/web/",
        "/web/main.js/..",
        "/web/main.js%00",
        "/web/..\\pyproject.toml",
        "/etc/passwd",
        "/web/%ff",
        "/api/streams/../../etc",
    ],
)
async def test_path_tricks_find_nothing(box: str, path: str) -> None:
    """Sent as they are: an HTTP library would tidy them up first."""
    async with await trio.open_tcp_stream("127.0.0.1", int(box.rpartition(":")[2])) as stream:
        await stream.send_all(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode("latin1"))
        answer = b""
        with trio.fail_after(3):
            async for chunk in stream:
                answer += chunk
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400", b"HTTP/1.1 308")), answer[:200]
    assert b"requires-python" not in answer
    assert b"root:" not in answer


def test_assets_are_exactly_the_folder() -> None:
    assets = load_assets(web_folder())
    assert "index.html" in assets
    assert all(".." not in name and not name.startswith("/") for name in assets)


async def test_openapi_matches_the_routes(box: str, http: httpx.AsyncClient) -> None:
    from appliance.config import Config
    from appliance.server.app import create_app
    from appliance.server.box import Box
    from appliance.streams.registry import Registry

    async def nothing() -> list[dict[str, object]]:
        return []

    app = create_app(Box(config=Config(), registry=Registry(Config()), attached_cameras=nothing, names=[]))
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule)), method)
        for rule in app.url_map.iter_rules()
        if not rule.websocket
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not str(rule).startswith(("/web/", "/favicon"))
    }
    document = (await http.get(f"{box}/openapi.json")).json()
    described = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    assert described == routes
    assert document == openapi.document()
    text = (await http.get(f"{box}/openapi.json")).text
    for reference in set(re.findall(r"#/components/schemas/(\w+)", text)):
        assert reference in document["components"]["schemas"]


async def test_health_names_who_is_ill(nursery: trio.Nursery, http: httpx.AsyncClient) -> None:
    text = (
        '[server]\nbind = ["127.0.0.1:0"]\n[[cameras]]\nid = "a"\nsource = "usb:/dev/v4l/by-id/nobody"\n'
        '[[cameras]]\nid = "b"\nsource = "pattern"\n'
    )
    url = await start_box(nursery, text)

    async def told() -> bool:
        health = await http.get(f"{url}/healthz")
        return (
            health.status_code == 503
            and list(health.json()["failing"]) == ["a"]
            and "no such" in health.json()["failing"]["a"]
        )

    await eventually(told)


async def test_status_counts(box: str, http: httpx.AsyncClient) -> None:
    await http.get(f"{box}/snapshot")

    async def counted() -> bool:
        status = (await http.get(f"{box}/api/status")).json()
        assert set(status) == {
            "version",
            "uptime_s",
            "viewers",
            "tasks",
            "warnings",
            "configuration",
            "presets",
            "refused",
            "board",
            "reduction",
            "totals",
            "streams",
        }
        assert status["warnings"] == []
        counters = status["streams"][0]["counters"]
        return bool(counters["captured"] > 0 and counters["last_picture_age_s"] < 2 and counters["rejected"] == 0)

    await eventually(counted)


async def test_a_bind_beyond_loopback_warns(nursery: trio.Nursery, http: httpx.AsyncClient) -> None:
    url = await start_box(nursery, '[server]\nbind = ["0.0.0.0:0"]\n[[cameras]]\nid = "a"\nsource = "pattern"\n')
    [warning] = (await http.get(f"{url.replace('0.0.0.0', '127.0.0.1')}/api/status")).json()["warnings"]
    assert "no access control" in warning
    assert "change and remove its cameras" in warning


async def test_attached_cameras(box: str, http: httpx.AsyncClient) -> None:
    cameras = (await http.get(f"{box}/api/cameras")).json()["cameras"]
    assert {"source": "pattern", "name": "Test pattern", "formats": []} in cameras
