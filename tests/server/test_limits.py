"""The limits of a whole box: who comes beyond one is told so, and those who are in notice nothing."""

import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
import trio
from trio_websocket import ConnectionClosed, ConnectionRejected

from appliance.server import listen
from appliance.server.allowance import Allowance
from tests.server.test_edge_guests import HERE, THERE, connected_from, watched
from tests.server.test_edge_tls import tls  # noqa: F401 - a fixture
from tests.support.boxes import start_box
from tests.support.clients import Mjpeg, Talk, open_viewer
from tests.support.edge_clients import Client

BOX = """
[server]
bind = ["127.0.0.1:0"]
[limits]
max_viewers = 4
max_viewers_per_address = 2
request_timeout_s = 0.5
[[cameras]]
id = "front"
source = "pattern"
[[cameras]]
id = "back"
source = "pattern"
[[cameras]]
id = "pushed"
source = "published"
"""


@pytest.fixture
async def url(nursery: trio.Nursery) -> str:
    """Address of a box with room for two viewers of one address, and four in all."""
    return await start_box(nursery, BOX)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


@asynccontextmanager
async def watching(url: str, address: str = HERE, status: int = 200) -> AsyncIterator[Mjpeg]:
    """An MJPEG viewer from `address`; one that is let in gets a picture at the end too."""
    async with connected_from(address, port_of(url)) as client:
        parts = Mjpeg(client.stream, "/stream")  # type: ignore[arg-type]  # it is one
        await parts.begin()
        assert parts.status == status
        if status == 200:
            await parts.part()
        yield parts
        if status == 200:
            with trio.fail_after(2):
                await parts.part()


async def viewers(http: httpx.AsyncClient, url: str) -> int:
    count: int = (await http.get(f"{url}/api/status")).json()["viewers"]
    return count


# Viewers.


async def test_viewers_of_one_address_leave_room_for_others(url: str, http: httpx.AsyncClient) -> None:
    forged = {"X-Forwarded-For": "10.1.2.3", "Forwarded": "for=10.1.2.3", "Remote-Addr": "10.1.2.3"}
    async with watching(url), open_viewer(url, "/ws/viewer/back") as web:
        await web.frame()
        for path in ("/stream", "/snapshot", "/api/streams/back/mjpeg", "/api/streams/back/snapshot.jpg"):
            full = await http.get(url + path, headers=forged)
            assert (full.status_code, full.headers["retry-after"]) == (503, "5")
            assert full.json()["error"]["code"] == "full"
            assert "limits.max_viewers_per_address " in full.json()["error"]["message"]
        with pytest.raises(ConnectionRejected) as refusal:
            async with open_viewer(url, "/ws/viewer/front"):
                pass
        assert refusal.value.status_code == 503
        async with open_viewer(url, "/ws") as talker:
            await talker.say("join_stream", stream_id="front")
            assert (await talker.event("error"))["code"] == "full"
        async with watching(url, THERE), watching(url, THERE), watching(url, "127.0.0.3", status=503):
            await web.frame()
    async with watching(url), watching(url):
        assert await viewers(http, url) == 2


async def test_each_stream_joined_counts(url: str, http: httpx.AsyncClient) -> None:
    async with open_viewer(url, "/ws") as talker:
        for stream_id in ("front", "back"):
            await talker.say("join_stream", stream_id=stream_id)
            await talker.event("stream_info", stream_id=stream_id)
        async with watching(url, status=503):
            await talker.say("leave_stream", stream_id="front")
            await talker.say("ping", t=1)
            await talker.event("pong")
        async with watching(url):
            await talker.frame()


async def test_a_snapshot_counts_only_while_it_waits(url: str, http: httpx.AsyncClient) -> None:
    async with watching(url):
        for _ in range(5):
            assert (await http.get(f"{url}/snapshot")).status_code == 200
        assert await viewers(http, url) == 1


# Messages.


def test_an_allowance_is_so_much_a_second_and_a_burst() -> None:
    allowance = Allowance(burst_s=2)
    assert sum(allowance.covers_one_more(1000, 8) for _ in range(50)) == 16
    assert not allowance.covers_one_more(1001, 8)  # what was too many is owed as well
    assert all(allowance.covers_one_more(1100 + number / 8, 8) for number in range(500))


@pytest.mark.parametrize("path", ["/ws", "/ws/viewer/front", "/ws/stream/pushed"])
async def test_who_talks_without_end_is_sent_away(url: str, path: str, jpeg: bytes) -> None:
    word = jpeg if "stream" in path else json.dumps({"type": "ping", "data": {"t": 1}})
    async with watching(url, THERE) as other, open_viewer(url, path) as talker, trio.open_nursery() as nursery:
        nursery.start_soon(talk, talker, word)
        with trio.fail_after(10):
            assert await talker.close_code() == 1013
        with trio.fail_after(1):
            await other.part()


async def talk(talker: Talk, word: str | bytes) -> None:
    with suppress(ConnectionClosed):
        while True:
            await talker.socket.send_message(word)


async def test_acknowledging_every_frame_of_a_fast_stream_is_not_too_much(url: str) -> None:
    """Twice as many acks as any page sends, for longer than the burst lasts."""
    async with open_viewer(url, "/ws/viewer/front") as viewer:
        with trio.move_on_after(4):
            while True:
                number = (await viewer.frame()).number
                for _ in range(4):  # the pattern makes 30 frames a second
                    await viewer.say("ack", stream_id="front", frame_number=number)
        await viewer.frame()


# Time.


@pytest.mark.parametrize("body", [b"", b"{"])
async def test_a_body_must_be_complete_in_time(url: str, body: bytes) -> None:
    async with watching(url, THERE), connected_from(HERE, port_of(url)) as client, trio.open_nursery() as nursery:
        await client.send(b"POST /api/streams HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        nursery.start_soon(trickle, client, body)
        began_s = time.monotonic()
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 408 ")
        assert 0.4 < time.monotonic() - began_s < 3
        nursery.cancel_scope.cancel()


async def trickle(client: Client, data: bytes) -> None:
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        while data:
            await client.send(data[:1])
            await trio.sleep(0.05)


@pytest.mark.parametrize("greeting", [b"", bytes.fromhex("16030100c8010000c40303")])
async def test_a_tls_handshake_must_be_complete_in_time(tls: ssl.SSLContext, greeting: bytes) -> None:  # noqa: F811
    secure = listen.bind([f"{HERE}:0"])
    async with watched(HERE, secure_sockets=secure, tls=tls, max_connections=2) as port:
        async with connected_from(HERE, secure[0].getsockname()[1]) as slow, trio.open_nursery() as nursery:
            nursery.start_soon(trickle, slow, greeting)
            await slow.read_to_end()
            nursery.cancel_scope.cancel()
        async with connected_from(THERE, port), connected_from(HERE, secure[0].getsockname()[1]) as refused:
            assert await refused.read_to_end() == b""
