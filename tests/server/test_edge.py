"""What the server's edge promises beyond what stock hypercorn breaks (test_edge_promises.py)."""

import struct
from contextlib import suppress
from functools import partial

import pytest
import trio
import trio.testing
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import WSStream

from appliance.server.edge import connection, http1, pinned, serving
from tests.support.edge_app import (
    CHUNK,
    GRACEFUL_S,
    KEEP_ALIVE_S,
    SEND_TIMEOUT_S,
    SOON_S,
    create_app,
    edge_of,
    serve_edge,
)
from tests.support.edge_clients import GET, UPGRADE, Client, connected, frame, get, wait_for_count

HELLO = frame(1, b"hello")


async def test_a_head_that_never_ends_is_closed() -> None:
    async with edge_of(create_app()) as served, connected(served.port) as client, trio.open_nursery() as nursery:

        async def drip() -> None:
            await client.send(b"GET / HTTP/1.1\r\nHost: box\r\n")
            with suppress(trio.BrokenResourceError):
                while True:
                    await client.send(b"X: y\r\n")
                    await trio.sleep(KEEP_ALIVE_S / 10)

        nursery.start_soon(drip)
        started_s = trio.current_time()
        await client.read_to_end()
        assert trio.current_time() - started_s > KEEP_ALIVE_S / 2
        nursery.cancel_scope.cancel()


async def test_the_app_is_told_when_its_client_was_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "GRACE_S", 30.0)  # so that it is not the end of this that ends the app
    async with edge_of(create_app()) as served, connected(served.port) as client:
        await client.send(UPGRADE % (b"/ws/undecided", b""))
        await wait_for_count(served.port, "inside", 1)
        await client.send(HELLO)
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 400 ")
        await wait_for_count(served.port, "inside", 0)


async def test_a_disconnect_needs_no_room_and_asking_again_yields() -> None:
    async def send(message: object) -> None:
        """Say nothing."""

    call = http1.Call({"type": "websocket"}, send)  # type: ignore[arg-type]
    for _ in range(http1.UNREAD_MESSAGES):
        await call.put({"type": "websocket.receive", "bytes": b"", "text": None})
    with trio.fail_after(SOON_S):
        await call.put({"type": "websocket.disconnect", "code": 1001})
    kinds = [(await call.receive())["type"] for _ in range(http1.UNREAD_MESSAGES)]
    assert kinds == ["websocket.receive"] * http1.UNREAD_MESSAGES
    for _ in range(2):
        with trio.testing.assert_checkpoints():
            assert await call.receive() == {"type": "websocket.disconnect", "code": 1001}
    call.end()


async def test_a_slow_client_that_keeps_taking_is_not_reset() -> None:
    async with edge_of(create_app()) as served, connected(served.port, 4096) as client:
        await client.send(GET.replace(b"/ ", b"/large "))
        await client.read_until(b"\r\n\r\n")
        started_s, length = trio.current_time(), len(client.seen)
        while length < len(CHUNK) * 8:
            data = await client.stream.receive_some(65536)
            assert data
            length += len(data)
            await trio.sleep(len(data) / len(CHUNK) * SEND_TIMEOUT_S / 5)
        assert trio.current_time() - started_s > SEND_TIMEOUT_S


async def test_how_big_a_message_may_be_depends_on_the_path() -> None:
    small, big = frame(2, bytes(64 * 1024)), frame(2, bytes(1024 * 1024))
    async with edge_of(create_app()) as served:
        for path, message in (("/ws/echo", small), ("/ws/stream/echo", big)):
            async with connected(served.port) as client:
                await client.upgrade(path)
                await client.send(message)
                await client.read_until(bytes(64 * 1024))
        async with connected(served.port) as client:
            await client.upgrade("/ws/echo")
            with suppress(trio.BrokenResourceError):
                await client.send(big)
            assert struct.pack(">H", 1009) in await client.read_to_end()


async def test_who_is_answered_before_its_request_ends_is_told_that_the_connection_does() -> None:
    """Or its next request would go to a connection that is closing."""
    async with edge_of(create_app()) as served, connected(served.port) as client:
        await client.send(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
        assert b"connection: close" in (await client.read_until(b"\r\n\r\n")).lower()


async def test_what_is_said_of_the_connection_is_true() -> None:
    """Of a request that came whole, the app may answer before its body was taken in or after: the client knows which."""
    async with edge_of(create_app()) as served:
        for _ in range(20):
            async with connected(served.port) as client:
                await client.send(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
                if b"connection: close" in (await client.read_until(b"\r\n\r\n")).lower():
                    await client.read_to_end()
                else:
                    await client.send(GET)
                    assert b"fine" in await client.read_until(b"fine")


async def test_an_answer_reaches_a_client_that_is_still_talking() -> None:
    async with edge_of(create_app()) as served, connected(served.port) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: box\r\nX: " + b"x" * 3_000_000)
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 431 ")


async def test_a_fault_of_the_app_is_logged_whole_and_cuts_its_answer(caplog: pytest.LogCaptureFixture) -> None:
    async with edge_of(create_app()) as served:
        async with connected(served.port) as client:
            await client.send(GET.replace(b"/ ", b"/crash "))
            seen = await client.read_to_end()
            assert b"half" in seen
            assert not seen.endswith(b"0\r\n\r\n")
        assert await get(served.port) == "fine"
    assert "a fault of the app's own" in caplog.text


async def test_at_shutdown_an_answer_may_end_by_itself() -> None:
    app = create_app()
    async with edge_of(app) as served, connected(served.port) as viewer, connected(served.port) as idle:
        app.config["CLOSING"] = served.closing
        await viewer.send(GET.replace(b"/ ", b"/until/closing "))
        await viewer.read_until(b"first")
        await idle.send(GET)
        await idle.read_until(b"fine")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(served.must_close_within, GRACEFUL_S / 2)
            assert (await viewer.read_to_end()).endswith(b"last\r\n0\r\n\r\n")
            assert await idle.read_to_end() == b""
            await viewer.stream.aclose()
            await idle.stream.aclose()


async def test_at_shutdown_endless_viewers_are_cut() -> None:
    async with edge_of(create_app()) as served, connected(served.port) as viewer, connected(served.port) as web:
        await viewer.send(GET.replace(b"/ ", b"/endless "))
        await web.upgrade("/ws/send")
        async with trio.open_nursery() as nursery:

            async def watch(client: Client) -> None:
                with suppress(trio.BrokenResourceError):
                    while await client.stream.receive_some(65536):
                        pass

            nursery.start_soon(watch, viewer)
            nursery.start_soon(watch, web)
            await served.must_close_within(GRACEFUL_S + 0.7)


async def test_serve_can_be_cancelled_in_the_middle_of_sends() -> None:
    async with trio.open_nursery() as nursery:
        urls = await nursery.start(partial(serve_edge, create_app(), trio.sleep_forever))
        port = int(urls[0].rpartition(":")[2])
        async with connected(port, 4096) as viewer:
            await viewer.send(GET.replace(b"/ ", b"/endless "))
            await wait_for_count(port, "inside", 1)
            nursery.cancel_scope.cancel()
            with trio.CancelScope(shield=True):
                await viewer.read_to_end()


async def test_more_connections_than_allowed_are_turned_away() -> None:
    async with edge_of(create_app(), max_connections=2) as served:
        async with connected(served.port) as first, connected(served.port) as second:
            for client in (first, second):
                await client.upgrade("/ws/echo")
            async with connected(served.port) as third:
                assert (await third.read_to_end()).startswith(b"HTTP/1.1 503 ")
        with trio.fail_after(SOON_S):
            while True:
                with suppress(AssertionError, trio.BrokenResourceError):
                    assert await get(served.port) == "fine"
                    break


async def test_the_app_is_started_and_ended() -> None:
    app, seen = create_app(), []
    app.before_serving(lambda: seen.append("started"))
    app.after_serving(lambda: seen.append("ended"))
    async with edge_of(app) as served:
        assert await get(served.port) == "fine"
        assert seen == ["started"]
        await served.must_close_within(SOON_S)
        assert seen == ["started", "ended"]


async def test_an_app_that_does_not_end_is_left_behind() -> None:
    app = create_app()
    app.after_serving(trio.sleep_forever)
    async with edge_of(app) as served:
        await served.must_close_within(GRACEFUL_S + 1)


def test_no_answer_says_what_serves_it() -> None:
    assert serving._config().response_headers("h11")[0][0] == b"date"
    assert len(serving._config().response_headers("h11")) == 1


def test_a_hypercorn_that_changed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "_PARAMETERS", ((H11Protocol.handle, "self something"),))
    monkeypatch.setattr(pinned, "_ATTRIBUTES", ((WSStream, "closed gone"),))
    with pytest.raises(RuntimeError, match=r"H11Protocol\.handle, WSStream\.gone changed"):
        pinned.check()
