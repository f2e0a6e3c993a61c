"""The guard of the server's edge, from outside: real sockets, a real quart-trio app, and what stock hypercorn gets wrong.

A promise is checked twice, with the server in a process of its own: the edge must keep it and stock hypercorn must break
it. When the second half fails, a new hypercorn has learned something, and a part of server/edge/ may go.
"""

import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
import trio
import trio.testing

from tests.support.edge_app import KEEP_ALIVE_S
from tests.support.edge_clients import GET, UPGRADE, Served, connected, frame, get, served_by, wait_for_count


async def a_stray_byte_after_an_upgrade_ends_only_its_connection(served: Served) -> None:
    for _ in range(20):
        async with connected(served.port) as client:
            await client.send(UPGRADE % (b"/ws/echo", b"") + b"x")
            await client.stream.send_eof()  # the byte may have come in time to count as half a frame's head
            await client.read_to_end()
        assert await get(served.port) == "fine"


async def a_malformed_chunk_ends_only_its_connection(served: Served) -> None:
    for _ in range(60):  # a race that stock loses one time in five
        async with connected(served.port) as client:
            await client.send(b"POST /unread HTTP/1.1\r\nHost: box\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
            await client.read_to_end()
        assert await get(served.port) == "fine"


async def a_loop_of_sends_after_a_reset_leaves_the_others_running(served: Served) -> None:
    async with connected(served.port) as client:
        await client.upgrade("/ws/send")
        client.reset()
    await wait_for_count(served.port, "inside", 0)


async def a_loop_of_sends_after_a_closing_frame_leaves_the_others_running(served: Served) -> None:
    async with connected(served.port) as client:
        await client.upgrade("/ws/send")
        await client.send(frame(8, struct.pack(">H", 1001)))
        await client.read_to_end()
    await wait_for_count(served.port, "inside", 0)


async def a_stalled_viewer_is_reset_after_the_send_timeout(served: Served) -> None:
    async with connected(served.port, 4096) as web, connected(served.port, 4096) as page:
        await web.upgrade("/ws/send")
        await page.send(b"GET /endless HTTP/1.1\r\nHost: box\r\n\r\n")
        await wait_for_count(served.port, "inside", 2)
        await wait_for_count(served.port, "inside", 0)


async def the_app_can_give_up_a_send(served: Served) -> None:
    async with connected(served.port, 4096) as client:
        await client.upgrade("/ws/impatient")
        await wait_for_count(served.port, "cut", 1)


async def shutdown_waits_for_no_stalled_viewer(served: Served) -> None:
    async with connected(served.port, 4096) as web, connected(served.port, 4096) as page:
        await web.upgrade("/ws/send")
        await page.send(b"GET /endless HTTP/1.1\r\nHost: box\r\n\r\n")
        await wait_for_count(served.port, "inside", 2)
        await served.must_stop()


async def a_finished_connection_is_closed_after_the_keep_alive_timeout(served: Served) -> None:
    async with connected(served.port) as client:
        await client.send(GET)
        assert b"fine" in await client.read_to_end()


async def connection_close_closes(served: Served) -> None:
    async with connected(served.port) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n")
        with trio.fail_after(KEEP_ALIVE_S / 2):
            assert b"fine" in await client.read_to_end()


async def an_http_1_0_answer_ends_with_its_connection(served: Served) -> None:
    async with connected(served.port) as client:
        await client.send(b"GET / HTTP/1.0\r\n\r\n")
        with trio.fail_after(KEEP_ALIVE_S / 2):
            assert b"fine" in await client.read_to_end()


async def frames_are_never_deflated(served: Served) -> None:
    async with connected(served.port) as client:
        await client.send(UPGRADE % (b"/ws/echo", b"Sec-WebSocket-Extensions: permessage-deflate\r\n"))
        head = await client.read_until(b"\r\n\r\n")
        assert b" 101 " in head
        assert b"deflate" not in head


async def unread_messages_do_not_keep_a_connection(served: Served) -> None:
    async with connected(served.port) as client:
        await client.upgrade("/ws/deaf")
        await wait_for_count(served.port, "inside", 1)
        await client.send(frame(1, b"hello?") * 60)
    await wait_for_count(served.port, "inside", 0)


async def too_big_a_message_ends_the_connection(served: Served) -> None:
    async with connected(served.port) as client:
        await client.upgrade("/ws/echo")
        await client.send(frame(2, bytes(64 * 1024 + 1)))
        assert struct.pack(">H", 1009) in await client.read_to_end()


async def a_refused_upgrade_ends_the_connection(served: Served) -> None:
    async with connected(served.port) as client:
        await client.send(UPGRADE.replace(b"Version: 13", b"Version: 12") % (b"/ws/echo", b""))
        with trio.fail_after(KEEP_ALIVE_S / 2):
            assert b" 400 " in await client.read_to_end()


async def http_2_is_not_spoken(served: Served) -> None:
    async with connected(served.port) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: box\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
        assert (await client.read_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    async with connected(served.port) as client:
        await client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 505 ")


PROMISES = [
    a_stray_byte_after_an_upgrade_ends_only_its_connection,
    a_malformed_chunk_ends_only_its_connection,
    a_loop_of_sends_after_a_reset_leaves_the_others_running,
    a_loop_of_sends_after_a_closing_frame_leaves_the_others_running,
    a_stalled_viewer_is_reset_after_the_send_timeout,
    the_app_can_give_up_a_send,
    shutdown_waits_for_no_stalled_viewer,
    a_finished_connection_is_closed_after_the_keep_alive_timeout,
    connection_close_closes,
    an_http_1_0_answer_ends_with_its_connection,
    frames_are_never_deflated,
    unread_messages_do_not_keep_a_connection,
    too_big_a_message_ends_the_connection,
    a_refused_upgrade_ends_the_connection,
    http_2_is_not_spoken,
]
BROKEN = (AssertionError, trio.TooSlowError, trio.BrokenResourceError, OSError)


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_edge_keeps(promise: Callable[[Served], Awaitable[None]]) -> None:
    async with served_by("edge") as served:
        await promise(served)
        if served.process.returncode is None:
            assert await get(served.port) == "fine"
            await served.must_stop()


async def test_stock_hypercorn_breaks_every_one() -> None:
    kept: list[str] = []
    at_once = trio.CapacityLimiter(5)  # most of it is waiting for what stock never does

    async def check(promise: Callable[[Served], Awaitable[None]]) -> None:
        async with at_once, served_by("stock") as served:
            with suppress(*BROKEN):
                await promise(served)
                kept.append(promise.__name__)

    async with trio.open_nursery() as nursery:
        for promise in PROMISES:
            nursery.start_soon(check, promise)
    assert not kept
