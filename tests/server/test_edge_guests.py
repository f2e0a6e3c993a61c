"""How many may be connected, and for how long without asking for anything: real sockets, small limits, several addresses."""

import json
import logging
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
import trio

from appliance.server.edge import guests, serving
from tests.support import edge_app
from tests.support.edge_app import KEEP_ALIVE_S, SOON_S, create_app, edge_of
from tests.support.edge_clients import GET, UPGRADE, Client, connected, frame, get

HERE, THERE = "127.0.0.1", "127.0.0.2"
HELLO = frame(1, b"hello")


@asynccontextmanager
async def connected_from(address: str, port: int) -> AsyncIterator[Client]:
    sock = trio.socket.socket()
    await sock.bind((address, 0))
    async with trio.SocketStream(sock) as stream:
        await sock.connect((HERE, port))
        yield Client(stream, sock)


@asynccontextmanager
async def watched(*addresses: str, **terms: object) -> AsyncIterator[int]:
    """A server with a WebSocket from each address that is in, and proves at the end that it was not disturbed. Its port."""
    async with edge_of(create_app(), **terms) as served, AsyncExitStack() as stack:
        inside = [await stack.enter_async_context(connected_from(each, served.port)) for each in addresses]
        for client in inside:
            await client.upgrade("/ws/echo")
        yield served.port
        for client in inside:
            await client.send(HELLO)
            await client.read_until(b"hello")


@pytest.fixture(autouse=True)
def never_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a slow machine settles nobody; tests say from when on connections are."""
    monkeypatch.setattr(guests, "SETTLED_S", 600.0)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that ask for nothing end only because they have to make room."""
    monkeypatch.setattr(edge_app, "KEEP_ALIVE_S", 60.0)


def assert_turned_away(answer: bytes, limit: str) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 "), answer[:100]
    assert b"\r\nRetry-After: 5\r\n" in head
    assert b"\r\nConnection: close" in head
    error = json.loads(body)["error"]
    assert error["code"] == "full"
    assert f"limits.max_{limit} " in error["message"]


async def eventually(condition: Callable[[], bool], within_s: float = SOON_S) -> None:
    with trio.fail_after(within_s):
        while not condition():  # noqa: ASYNC110 - counted elsewhere
            await trio.sleep(0.01)


async def ask(client: Client) -> None:
    await client.send(GET)
    await client.read_until(b"fine")


async def test_who_finds_no_room_is_told_and_who_is_in_stays() -> None:
    refused = Counter[str]()
    async with watched(HERE, THERE, max_connections=2, refused=refused) as port:
        for said in (b"", GET, GET + bytes(50_000)):  # an answer survives what was said before it
            async with connected(port) as third:
                with suppress(trio.BrokenResourceError):
                    await third.send(said)
                assert_turned_away(await third.read_to_end(), "connections")
    assert refused == {"connections": 3}


async def test_an_address_has_its_own_limit() -> None:
    refused = Counter[str]()
    async with watched(HERE, HERE, max_connections_per_address=2, refused=refused) as port:
        async with connected_from(HERE, port) as third:
            assert_turned_away(await third.read_to_end(), "connections_per_address")
        async with connected_from(THERE, port) as neighbour:
            await ask(neighbour)
    assert refused == {"connections_per_address": 1}


@pytest.mark.usefixtures("patient")
async def test_who_asks_for_nothing_makes_room_for_its_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    async with watched(HERE, max_connections_per_address=2) as port, connected_from(HERE, port) as silent:
        async with connected_from(HERE, port) as too_soon:
            assert_turned_away(await too_soon.read_to_end(), "connections_per_address")
        monkeypatch.setattr(guests, "SETTLED_S", 0.0)
        assert await get(port) == "fine"
        assert await silent.read_to_end() == b""


@pytest.mark.usefixtures("patient")
async def test_who_crowds_makes_room_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guests, "SETTLED_S", 0.0)
    async with watched(HERE, max_connections=4) as port, connected_from(HERE, port) as page:
        await ask(page)
        async with connected_from(THERE, port) as first, connected_from(THERE, port) as second:
            async with connected_from("127.0.0.3", port) as newcomer:
                await ask(newcomer)
                assert await first.read_to_end() == b""
            await ask(page)  # it waited longer, but not in a crowd
            await ask(second)


@pytest.mark.usefixtures("patient")
async def test_a_crowd_that_keeps_coming_does_not_keep_others_out() -> None:
    most = guests.CROWD + 1
    async with watched(HERE, max_connections=most) as port, AsyncExitStack() as stack:
        for _ in range(guests.CROWD):
            await stack.enter_async_context(connected_from(THERE, port))
        async with connected_from("127.0.0.3", port) as newcomer:  # nobody has settled
            await ask(newcomer)
            async with connected_from(THERE, port) as one_more:
                assert_turned_away(await one_more.read_to_end(), "connections")


async def test_who_is_told_that_there_is_no_room_cannot_stay_all_the_same() -> None:
    async with watched(HERE, max_connections=1) as port, connected(port) as stubborn:
        with suppress(trio.BrokenResourceError), trio.fail_after(guests.FAREWELL_S + SOON_S):
            while True:
                await stubborn.send(b"x" * 100)
                await trio.sleep(0.05)


async def test_a_flood_costs_neither_log_nor_tasks(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    began_s = trio.current_time()
    refused = Counter[str]()
    async with watched(HERE, THERE, max_connections=2, refused=refused) as port:
        tasks = trio.lowlevel.current_statistics().tasks_living
        crowd = [await trio.open_tcp_stream(HERE, port) for _ in range(400)]
        await eventually(lambda: refused["connections"] == 400)
        assert trio.lowlevel.current_statistics().tasks_living <= tasks + guests.MAX_FAREWELLS + 2
        await eventually(lambda: trio.lowlevel.current_statistics().tasks_living <= tasks, guests.FAREWELL_S + 1)
        for each in crowd:
            await each.aclose()
    assert 1 <= len(caplog.records) <= 2 + trio.current_time() - began_s


# Time.


SLOW: dict[str, Callable[[int], bytes]] = {
    "silence": lambda _: b"",
    "a request line, a byte at a time": lambda number: GET[number : number + 1] if number < 10 else b"x",
    "headers for ever": lambda number: GET[:-2] if number == 0 else b"X-%d: y\r\n" % number,
    "a handshake that is never complete": lambda number: (UPGRADE % (b"/ws/echo", b""))[:-2] if number == 0 else b"X",
    "a TLS greeting, a byte at a time": lambda _: b"\x16",
}


async def talk_slowly(client: Client, words: Callable[[int], bytes]) -> None:
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        for number in range(1000):
            if data := words(number):
                await client.send(data)
            await trio.sleep(0.05)


@pytest.mark.parametrize("name", SLOW)
async def test_a_request_must_be_complete_in_time(name: str) -> None:
    async with watched(HERE) as port, connected_from(THERE, port) as slow, trio.open_nursery() as nursery:
        nursery.start_soon(talk_slowly, slow, SLOW[name])
        began_s = trio.current_time()
        await slow.read_to_end()
        assert trio.current_time() - began_s >= KEEP_ALIVE_S * 0.9 or "TLS" in name
        nursery.cancel_scope.cancel()


async def test_headers_have_a_size() -> None:
    async with watched(HERE) as port, connected(port) as client:
        with suppress(trio.BrokenResourceError):
            await client.send(GET[:-2] + b"X-Header: " + b"y" * serving.HEAD_BYTES)
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 431 ")
    async with watched(HERE) as port, connected(port) as client:
        with suppress(trio.BrokenResourceError), trio.fail_after(SOON_S):
            await client.send(GET[:-2])
            while True:
                await client.send(b"X-Header: y\r\n" * 1000)


async def test_a_head_that_is_complete_has_a_size_too() -> None:
    async with edge_of(create_app()) as served:
        for count, status in ((900, b"200"), (1200, b"431")):
            async with connected(served.port) as client:
                lines = [f"X-{number:04}: y\r\n" for number in range(count)]
                await client.send(
                    "".join(["GET / HTTP/1.1\r\nHost: box\r\n", *lines, "Padding: ", "x" * 6000, "\r\n\r\n"]).encode()
                )
                assert (await client.read_until(b"\r\n"))[9:12] == status


async def test_who_asks_without_end_and_reads_nothing_is_reset() -> None:
    async with watched(HERE) as port, connected(port, 4096) as client:
        with suppress(trio.BrokenResourceError), trio.fail_after(SOON_S + 5):
            while True:
                await client.send(GET * 1000)


async def test_a_websocket_may_be_silent() -> None:
    async with watched(HERE):
        await trio.sleep(KEEP_ALIVE_S * 2)


# What holds no message.


@pytest.mark.parametrize("small_talk", [frame(9, b""), frame(10, b""), frame(0, b"", first_bits=0)])
async def test_who_talks_without_saying_anything_is_sent_away(small_talk: bytes) -> None:
    refused = Counter[str]()
    async with watched(HERE, refused=refused) as port, connected(port) as client:
        await client.upgrade("/ws/echo")
        await client.send(frame(1, b"", first_bits=0))
        with suppress(trio.BrokenResourceError):
            await client.send(small_talk * 9000)
        assert (await client.read_to_end()).endswith(b"\x88\x02" + struct.pack(">H", 1013))
    assert refused == {"message_rate": 1}
