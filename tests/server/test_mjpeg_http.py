"""How an MJPEG stream is asked for, and what its answer looks like on the wire: old players, odd ones, and browsers that draw late."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from appliance.wire import jpeg as wire_jpeg
from tests.support.clients import eventually
from tests.support.edge_clients import Client, connected

CHROME = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)
FIREFOX = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
DRAWS = "Accept: image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
NEXT = b"\r\n--boundarydonotcross\r\nContent-Type: image/jpeg\r\n\r\n"


@asynccontextmanager
async def asked(box: str, *lines: str) -> AsyncIterator[Client]:
    """A connection that has sent a request: its first line, and headers."""
    async with connected(int(box.rpartition(":")[2])) as client:
        await client.send("\r\n".join([lines[0], "Host: 127.0.0.1", *lines[1:], "", ""]).encode())
        yield client


async def length_of_next(client: Client) -> int:
    """What the next part's head, up to its empty line, says of the length."""
    head = await client.read_until(b"\r\n\r\n")
    said = re.fullmatch(
        rb"--boundarydonotcross\r\nContent-Type: image/jpeg\r\nContent-Length: (\d+)\r\nX-Timestamp: [\d.]+\r\n\r\n",
        head,
    )
    assert said, head
    return int(said[1])


async def assert_parts_follow(client: Client, count: int = 3) -> None:
    """Nothing but parts, one at the other's end."""
    for _ in range(count):
        length = await length_of_next(client)
        picture = (await client.read_until(b"\xff\xd9\r\n"))[:-2]
        assert len(picture) == length
        wire_jpeg.inspect(picture)


@pytest.mark.parametrize(
    "lines",
    [
        ("GET /stream HTTP/1.0",),
        ("GET /stream HTTP/1.0", "Connection: keep-alive"),
        ("GET /stream HTTP/1.1", "Connection: keep-alive"),
        ("GET /stream HTTP/1.1", "Connection: close", "TE: chunked, trailers", "Accept-Encoding: gzip, br"),
        ("GET /stream HTTP/1.1", "Range: bytes=0-", "Icy-MetaData: 1"),
        (
            "GET /stream HTTP/1.1",
            "Connection: Upgrade, HTTP2-Settings",
            "Upgrade: h2c",
            "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
        ),
    ],
    ids=" ".join,
)
async def test_the_answer_is_not_chunked_and_ends_with_its_connection(box: str, lines: tuple[str, ...]) -> None:
    """Whatever a player says: there is one way to answer, and every player knows it."""
    async with asked(box, *lines) as client:
        head = (await client.read_until(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200 ok\r\n")
        assert b"\r\nconnection: close\r\n" in head
        assert b"\r\ntransfer-encoding:" not in head
        assert b"\r\ncontent-length:" not in head
        await assert_parts_follow(client)


async def test_who_asks_on_during_a_stream_gets_the_stream(box: str) -> None:
    """A pipelined request, with the first one or later: it is never answered, and not one byte of an answer gets between the parts."""
    async with asked(box, "GET /stream HTTP/1.1", "", "GET /healthz HTTP/1.1") as client:
        await client.read_until(b"\r\n\r\n")
        await assert_parts_follow(client)
        await client.send(b"HEAD /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n\x00 nonsense")
        await assert_parts_follow(client, 10)


async def test_who_asks_on_and_leaves_is_gone_at_once(box: str, http: httpx.AsyncClient) -> None:
    async def is_alone() -> bool:
        return not (await http.get(f"{box}/api/status")).json()["viewers"]

    async with asked(box, "GET /stream HTTP/1.1", "", "GET /healthz HTTP/1.1") as client:
        await client.read_until(b"\r\n\r\n")
        await assert_parts_follow(client)
        assert not await is_alone()
    await eventually(is_alone, within_s=2)


async def test_nonsense_during_a_stream_is_not_answered(box: str) -> None:
    """A chunked body that is none: no 400 gets between the parts."""
    async with asked(box, "GET /stream HTTP/1.1", "Transfer-Encoding: chunked") as client:
        await client.read_until(b"\r\n\r\n")
        await client.send(b"zzzz\r\n\r\n")
        await assert_parts_follow(client, 10)


async def test_after_a_head_the_connection_may_ask_again(box: str) -> None:
    async with asked(box, "HEAD /api/streams/front/mjpeg HTTP/1.1") as client:
        head = (await client.read_until(b"\r\n\r\n")).lower()
        assert b"\r\ncontent-type: multipart/x-mixed-replace;boundary=boundarydonotcross\r\n" in head
        await client.send(b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert (await client.read_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        await assert_parts_follow(client)


@pytest.mark.parametrize(
    ("lines", "advance"),
    [
        (("GET /stream?fps=2 HTTP/1.1", CHROME, DRAWS), True),
        (("GET /api/streams/front/mjpeg?fps=2 HTTP/1.1", CHROME, "Accept: text/html,*/*;q=0.8"), True),
        (("GET /stream?fps=2 HTTP/1.1", CHROME, "Accept: */*"), False),
        (("GET /stream?fps=2 HTTP/1.1", FIREFOX, DRAWS), False),
        (("GET /stream?fps=2&advance_headers=0 HTTP/1.1", CHROME, DRAWS), False),
        (("GET /?action=stream&fps=2&advance_headers=1 HTTP/1.1", FIREFOX, DRAWS), True),
        (("GET /webcam/?action=stream&fps=2&advance_headers=1 HTTP/1.0",), True),
    ],
)
async def test_the_next_head_follows_at_once_for_those_who_need_it(
    box: str, lines: tuple[str, ...], advance: bool
) -> None:
    """Chromium draws a part when the next one's head has come: twice a second there is one here, and nothing is left to wait for."""
    async with asked(box, *lines) as client:
        await client.read_until(b"\r\n\r\n")
        if not advance:
            await assert_parts_follow(client, 2)
            return
        assert await client.read_until(b"\r\n\r\n") == NEXT[2:]
        for _ in range(3):
            picture = (await client.read_until(NEXT)).removesuffix(NEXT)
            assert wire_jpeg.inspect(picture) == (1280, 720)
            assert client.seen == b"", "the next picture is half a second away"


async def test_a_stream_with_heads_in_advance_ends_with_its_closing_boundary(box: str, http: httpx.AsyncClient) -> None:
    assert (await http.post(f"{box}/api/streams", json={"source": "pattern", "id": "demo"})).status_code == 201
    async with asked(box, "GET /api/streams/demo/mjpeg?advance_headers=1 HTTP/1.1") as client:
        await client.read_until(NEXT[2:])
        await client.read_until(NEXT)
        await http.delete(f"{box}/api/streams/demo")
        rest = NEXT + await client.read_to_end()
        assert rest.endswith(NEXT + b"\r\n--boundarydonotcross--\r\n"), rest[-200:]
