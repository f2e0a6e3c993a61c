"""Clients of the server's edge that misbehave, each followed by one that does not."""

import logging
import struct
from contextlib import suppress

import pytest
import trio
import trio.testing

from appliance.server.edge import http1
from tests.support.edge_app import (
    CHUNK,
    GRACEFUL_S,
    create_app,
    edge_of,
)
from tests.support.edge_clients import GET, UPGRADE, connected, frame, get, wait_for_count


def post(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join((b"POST / HTTP/1.1", b"Host: box", *headers, b"", body))


CHUNKED = b"Transfer-Encoding: chunked"
HELLO = frame(1, b"hello")
MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "empty lines": b"\r\n\r\n\r\n",
    "null bytes": bytes(4096),
    "noise": bytes(range(256)) * 16,
    "a TLS greeting": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "an SSH greeting": b"SSH-2.0-OpenSSH_9.6\r\n",
    "half a request line": b"GET / HT",
    "half a head": b"GET / HTTP/1.1\r\nHost: box\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a null in a header": b"GET / HTTP/1.1\r\nHost: b\x00x\r\n\r\n",
    "a space before a colon": b"GET / HTTP/1.1\r\nHost : box\r\n\r\n",
    "a huge header": b"GET / HTTP/1.1\r\nHost: box\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "very many headers": b"GET / HTTP/1.1\r\nHost: box\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    "a huge target": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: box\r\n\r\n",
    "a target that is no path": b"GET * HTTP/1.1\r\nHost: box\r\n\r\n",
    "an absolute target": b"GET http://elsewhere/ HTTP/1.1\r\nHost: box\r\n\r\n",
    "bad escapes": b"GET /%ff%00%zz HTTP/1.1\r\nHost: box\r\n\r\n",
    "a target without a path": b"GET ?preset= HTTP/1.1\r\nHost: box\r\n\r\n",
    "half a bracket": b"GET http://[ HTTP/1.1\r\nHost: box\r\n\r\n",
    "half a bracket, escaped": b"GET http://%5B HTTP/1.1\r\nHost: box\r\n\r\n",
    "a host with an empty label": b"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n",
    "a host with a long label": b"GET / HTTP/1.1\r\nHost: " + b"a" * 64 + b":80\r\n\r\n",
    "a host of strange letters": b"GET / HTTP/1.1\r\nHost: \xa0..\xff\r\n\r\n",
    "an unknown version": b"GET / HTTP/9.9\r\nHost: box\r\n\r\n",
    "CONNECT": b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: box\r\n\r\n" + bytes(100),
    "the HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"),
    "an upgrade to h2c": b"GET / HTTP/1.1\r\nHost: box\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
    "an upgrade to something": b"GET /endless HTTP/1.1\r\nHost: box\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nmore",
    "two requests at once": GET * 2,
    "many requests at once": GET * 100,
    "a request behind an endless one": GET.replace(b"/ ", b"/endless ") + GET,
    "an unannounced body": GET + b"\x00" * 1000,
    "a body that is cut": post(b"abc", b"Content-Length: 10"),
    "a body that is too long": post(b"abcdefghij", b"Content-Length: 3"),
    "a negative length": post(b"abc", b"Content-Length: -3"),
    "two lengths": post(b"abc", b"Content-Length: 3", b"Content-Length: 4"),
    "a length and chunks": post(b"3\r\nabc\r\n0\r\n\r\n", b"Content-Length: 3", CHUNKED),
    "an unknown encoding": post(b"abc", b"Transfer-Encoding: gzip"),
    "a huge length": post(b"abc", b"Content-Length: 99999999999999999999"),
    "a bad chunk size": post(b"zz\r\n", CHUNKED),
    "a bad chunk end": post(b"3\r\nabcXX0\r\n\r\n", CHUNKED),
    "a chunk that is cut": post(b"ffff\r\nabc", CHUNKED),
    "a bad chunk nobody reads": post(b"zz\r\n", CHUNKED).replace(b"/ ", b"/unread "),
    "Expect: 100-continue": post(b"", b"Content-Length: 3", b"Expect: 100-continue"),
    "Expect: something": post(b"abc", b"Content-Length: 3", b"Expect: miracles"),
    "a stray byte after an upgrade": UPGRADE % (b"/ws/echo", b"") + b"x",
    "frames after an upgrade": UPGRADE % (b"/ws/echo", b"") + HELLO * 3,
    "a request after an upgrade": UPGRADE % (b"/ws/echo", b"") + GET,
    "an upgrade to nowhere": UPGRADE % (b"/ws/nowhere", b""),
    "an upgrade to nowhere, and a frame": UPGRADE % (b"/ws/nowhere", b"") + HELLO,
    "an upgrade of a strange host": UPGRADE.replace(b"box", b"a..b") % (b"/ws/echo", b"") + HELLO,
    "an upgrade of a page": UPGRADE % (b"/", b""),
    "an upgrade by POST": UPGRADE.replace(b"GET", b"POST") % (b"/ws/echo", b"Content-Length: 3\r\n") + b"abc",
    "an upgrade with a body": UPGRADE % (b"/ws/echo", b"Content-Length: 5\r\n") + b"hello",
    "an upgrade by HTTP/1.0": UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0") % (b"/ws/echo", b""),
    "an upgrade without a key": UPGRADE.replace(b"Key", b"Kez") % (b"/ws/echo", b""),
    "an upgrade with a strange version": UPGRADE.replace(b"13", b"\xff\xfe") % (b"/ws/echo", b""),
    "an upgrade with bad extensions": UPGRADE % (b"/ws/echo", b"Sec-WebSocket-Extensions: ;;=,\xff\r\n"),
    "an upgrade with bad subprotocols": UPGRADE % (b"/ws/echo", b"Sec-WebSocket-Protocol: ,\xff\xfe,\r\n"),
}
FRAMES: dict[str, bytes] = {
    "an unmasked frame": frame(1, b"hello", mask=False),
    "reserved bits": frame(1, b"hello", first_bits=0xF0),
    "an unknown opcode": frame(3, b"hello"),
    "an unknown control opcode": frame(11, b"hello"),
    "a fragmented ping": frame(9, b"hello", first_bits=0),
    "a long ping": frame(9, bytes(126)),
    "many pings": frame(9, b"hello") * 1000,
    "an unasked pong": frame(10, b"hello"),
    "a continuation of nothing": frame(0, b"hello"),
    "two first fragments": frame(1, b"a", first_bits=0) + frame(1, b"b"),
    "text that is not UTF-8": frame(1, b"\xff\xfe"),
    "half a character": frame(1, b"\xe2\x82", first_bits=0) + frame(0, b"x"),
    "an empty message": frame(1, b""),
    "endless fragments": frame(1, b"x" * 60_000, first_bits=0) + frame(0, b"x" * 60_000, first_bits=0) * 5,
    "a length of 2^63": b"\x82\xff" + b"\xff" * 8 + bytes(100),
    "a length spelled too long": b"\x82\xfe" + struct.pack(">H", 5) + bytes(4) + b"hello",
    "half a frame": HELLO[:-2],
    "too big a message": frame(2, bytes(200_000)),
    "a bad closing code": frame(8, struct.pack(">H", 1005)),
    "a closing code of one byte": frame(8, b"x"),
    "a closing reason that is not UTF-8": frame(8, struct.pack(">H", 1000) + b"\xff"),
    "frames after closing": frame(8, struct.pack(">H", 1000)) + HELLO * 3,
    "two closings": frame(8, struct.pack(">H", 1000)) * 2,
    "many messages": HELLO * 500,
}


def assert_a_line_each_at_most(caplog: pytest.LogCaptureFixture) -> None:
    said = [record for record in caplog.records if record.levelno >= logging.INFO]
    assert not [record for record in said if record.levelno > logging.INFO or record.exc_info]
    assert len(said) <= 3  # connections of such clients


@pytest.mark.parametrize("name", [*MALFORMED, *FRAMES])
async def test_whatever_a_client_says_the_next_one_is_served(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with edge_of(create_app()) as served:
        for leave in ("politely", "with a reset", "in mid-air"):
            async with connected(served.port) as client:
                with suppress(trio.BrokenResourceError):  # an early answer may come as a reset
                    if name in FRAMES:
                        await client.upgrade("/ws/echo")
                        await client.send(FRAMES[name])
                    else:
                        await client.send(MALFORMED[name])
                    if b"/endless" in MALFORMED.get(name, b""):
                        await client.read_until(CHUNK[:1000])
                    elif leave == "politely":
                        await client.stream.send_eof()
                        await client.read_to_end()
                    elif leave == "with a reset":
                        client.reset()
            assert await get(served.port) == "fine"
        await wait_for_count(served.port, "inside", 0)
        await served.must_close_within(GRACEFUL_S + 1)
    assert_a_line_each_at_most(caplog)


@pytest.mark.parametrize(
    "name",
    ["a target without a path", "half a bracket", "a host with an empty label", "an upgrade of a strange host"],
)
async def test_what_the_app_cannot_take_in_is_refused_before_it(name: str) -> None:
    async with edge_of(create_app()) as served, connected(served.port) as client:
        await client.send(MALFORMED[name])
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("name", ["a.b.", "[::1]:80", "BOX.local:80", "x_y", ""])
async def test_other_hosts_are_the_apps_to_judge(name: str) -> None:
    async with edge_of(create_app()) as served, connected(served.port) as client:
        await client.send(GET.replace(b"box", name.encode()))
        assert (await client.read_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("pause_s", [None, 0, 0.0005, 0.002])
async def test_a_refused_upgrade_is_answered_by_the_app_whatever_is_said_early(
    pause_s: float | None, caplog: pytest.LogCaptureFixture
) -> None:
    async with edge_of(create_app()) as served:
        for _ in range(50):  # each another race
            async with connected(served.port) as client:
                upgrade = UPGRADE % (b"/ws/refused", b"")
                await client.send(upgrade + HELLO if pause_s is None else upgrade)
                if pause_s is not None:
                    await trio.sleep(pause_s)
                    with suppress(trio.BrokenResourceError):
                        await client.send(HELLO)
                answer = await client.read_to_end()
                assert answer.startswith(b"HTTP/1.1 404 ")
                assert b"no such stream" in answer
    assert not caplog.records


async def test_an_app_that_answers_too_late_is_not_heard(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http1, "EARLY_S", 0.0)  # so that both answer at about the same time
    async with edge_of(create_app()) as served:
        for _ in range(50):
            async with connected(served.port) as client:
                await client.send(UPGRADE % (b"/ws/refused", b"") + HELLO)
                answer = await client.read_to_end()
                assert answer.startswith(b"HTTP/1.1 400 ") or b"no such stream" in answer
                assert answer.count(b"HTTP/") == 1
    assert not caplog.records


async def test_a_frame_before_an_accepted_upgrade_is_taken() -> None:
    async with edge_of(create_app()) as served, connected(served.port) as client:
        await client.send(UPGRADE % (b"/ws/echo", b"") + HELLO)
        assert b" 101 " in await client.read_until(b"\r\n\r\n")
        await client.read_until(b"hello")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("an unmasked frame", 1002),
        ("reserved bits", 1002),
        ("an unknown opcode", 1002),
        ("text that is not UTF-8", 1007),
        ("half a character", 1007),
    ],
)
async def test_a_client_that_breaks_the_protocol_is_told_so(name: str, code: int) -> None:
    async with edge_of(create_app()) as served, connected(served.port) as client:
        await client.upgrade("/ws/echo")
        await client.send(FRAMES[name])
        assert (await client.read_to_end()).endswith(b"\x88\x02" + struct.pack(">H", code))
