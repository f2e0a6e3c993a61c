"""A publisher and other ends that are no box: each is told in words, soon, and tried again."""

import base64
import hashlib
import logging
import re
import struct
from collections.abc import Awaitable, Callable

import pytest
import trio

from appliance.config import Config
from appliance.publisher import camera_of, stay_connected, target
from appliance.streams.registry import Registry

Answer = Callable[[trio.SocketStream], Awaitable[None]]
UPGRADE = b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
NO_ANSWER = "it ended the connection before it had answered"
NO_WEBSOCKET = "what it answered is not a WebSocket's answer"


async def reset(stream: trio.SocketStream) -> None:
    stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, struct.pack("ii", 1, 0))
    await stream.aclose()


def saying(answer: bytes, then: Answer) -> Answer:
    async def say(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(answer)
        await then(stream)

    return say


async def close(stream: trio.SocketStream) -> None:
    await stream.aclose()


async def wait(stream: trio.SocketStream) -> None:
    await trio.sleep_forever()


async def accept_and_close(stream: trio.SocketStream) -> None:
    key = re.search(rb"(?i)sec-websocket-key: (\S+)", await stream.receive_some())
    assert key is not None
    digest = hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    await stream.send_all(UPGRADE + base64.b64encode(digest) + b"\r\n\r\n")
    await trio.sleep(0.1)
    await stream.send_all(b"\x88\x02\x03\xe9")
    await stream.aclose()


CASES: dict[str, tuple[Answer, str]] = {
    "closes at once": (close, NO_ANSWER),
    "resets at once": (reset, NO_ANSWER),
    "closes after the request": (saying(b"", close), NO_ANSWER),
    "resets after the request": (saying(b"", reset), NO_ANSWER),
    "resets in its answer": (saying(b"HTTP/1.1 101 x\r\nUpg", reset), NO_ANSWER),
    "no HTTP": (saying(b"\x00\xffgarbage\r\n\r\n", wait), NO_WEBSOCKET),
    "another key": (saying(UPGRADE + b"AAAA\r\n\r\n", wait), NO_WEBSOCKET),
    "an upgrade to nothing": (saying(b"HTTP/1.1 101 x\r\n\r\n", wait), NO_WEBSOCKET),
    "404": (saying(b"HTTP/1.1 404 x\r\nContent-Length: 4\r\n\r\nnone", close), "refused with status 404 none"),
    "accepts and stops": (accept_and_close, "the other box ended the connection (it is stopping, or removed the stream)"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_it_is_told_soon_and_tried_again(
    case: str, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    answer, reason = CASES[case]
    calls = trio.Semaphore(0)

    async def answering(stream: trio.SocketStream) -> None:
        calls.release()
        await answer(stream)

    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, answering, [listener])
    url = f"ws://127.0.0.1:{listener.socket.getsockname()[1]}/ws/stream/remote"
    nursery.start_soon(stay_connected, url, Registry(Config(cameras=[camera_of("pattern", 640, 480, 30)])).default())
    with trio.fail_after(6):  # less than the time it would wait for an answer
        await calls.acquire()
        await calls.acquire()
    said = [each.message for each in caplog.records if each.name == "appliance.publish" and each.levelno >= logging.WARNING]  # fmt: skip
    assert said[0] == f"{url}: {reason}"
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "host",
    [
        "a" * 64,
        f"box.{'a' * 70}.example",
        "..",
        ".box",
        "b\u00fc" * 40,
        "box..example",
        "b\u200dx",
        "box:1/\u00fc/x?",
        "box/a b/?",
    ],
)
def test_hosts_that_no_name_can_be(host: str) -> None:
    with pytest.raises(ValueError, match=r"is not an address; give http://HOST:PORT with --id ID"):
        target(f"http://{host}:8000", "front")


@pytest.mark.parametrize("host", ["box.local", "a" * 50, "b\u00fccher.example", "box_1", "10.0.0.7", "[fe80::1]"])
def test_hosts_that_can_be_looked_up(host: str) -> None:
    assert target(f"http://{host}:8000", "front") == f"ws://{host}:8000/ws/stream/front"
