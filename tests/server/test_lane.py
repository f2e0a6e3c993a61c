"""What arrives when frames go past quart, h11 and wsproto, between what those say: every byte is looked at."""

import itertools
import struct
from functools import partial

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from appliance.wire import events, multipart
from tests.support.edge_clients import connected
from tests.support.stage import (
    BINARY,
    CLOSE,
    FEW_BYTES,
    PING,
    PONG,
    SEND_BYTES,
    TEXT,
    Page,
    Stage,
    page,
    stage,
    upgraded,
    whole,
)

MANY = [f"camera-{number}" for number in range(16)]
GET = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n"


async def pour(stage: Stage, size_bytes: int = 60_000, every_s: float = 0.004) -> None:
    """Cameras that never rest."""
    while True:
        for stream in stage.box.registry:
            stage.publish(size_bytes, stream=stream)
        await trio.sleep(every_s)


async def ask(page: Page, kind: str, **data: object) -> None:
    await page.say(TEXT, events.encode(kind, data).encode())


async def test_pings_are_answered_between_frames() -> None:
    async with stage(send_bytes=SEND_BYTES) as box, page(box.port) as viewer, trio.open_nursery() as nursery:
        nursery.start_soon(pour, box)
        payloads = [bytes([number]) * number for number in (0, 1, 2, 125) for _ in range(5)]

        async def ping() -> None:
            for payload in payloads:
                await viewer.say(PING, payload)
                await trio.sleep(0.01)

        nursery.start_soon(ping)
        numbers: list[int] = []
        pongs: list[bytes] = []
        while len(pongs) < len(payloads) or len(numbers) < 30:
            opcode, payload = await viewer.frame()
            if opcode == PONG:
                pongs.append(payload)
            elif opcode == BINARY:
                numbers.append(whole(payload[24:]))
        assert pongs == payloads
        assert numbers == sorted(set(numbers))
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("code", [1000, 1001, 4000])
async def test_a_close_in_the_middle_of_frames_is_answered_and_the_last_word(code: int) -> None:
    for frames in range(3):
        async with (
            stage(send_bytes=SEND_BYTES) as box,
            page(box.port, receive_bytes=FEW_BYTES) as viewer,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(partial(pour, box, 60_000, 0.001))
            for _ in range(frames):
                await viewer.picture()
            await viewer.say(CLOSE, struct.pack(">H", code))
            await viewer.to_end()  # which looks for what follows the Close
            assert viewer.code == code
            nursery.cancel_scope.cancel()


async def test_our_close_is_the_last_word_too() -> None:
    async with (
        stage(send_bytes=SEND_BYTES) as box,
        page(box.port, receive_bytes=FEW_BYTES) as viewer,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(pour, box)
        await viewer.picture()
        for _ in range(20):
            await viewer.say(TEXT, b"rubbish")
        await viewer.to_end()
        assert viewer.code == 1008
        nursery.cancel_scope.cancel()


async def test_what_a_client_says_in_pieces_is_heard() -> None:
    async with stage() as box, page(box.port, "/ws") as viewer, trio.open_nursery() as nursery:
        nursery.start_soon(pour, box)
        words = events.encode("join_stream", {"stream_id": "front"}).encode()
        await viewer.say(TEXT, words[:10], first_bits=0)
        await viewer.say(PING, b"between")
        await viewer.say(0, words[10:20], first_bits=0)
        await viewer.say(0, words[20:])
        assert await viewer.frame() == (PONG, b"between")
        last = (await viewer.picture()).number
        ack = events.encode("ack", {"stream_id": "front", "frame_number": last}).encode()
        for at in range(1, len(ack), 7):  # whole frames, in as many pieces as TCP may make of them
            whole_frame = struct.pack(">BB", 0x81, 0x80 | len(ack)) + bytes(4) + ack
            await viewer.client.send(whole_frame[:at])
            await wait_all_tasks_blocked(0.002)
            await viewer.client.send(whole_frame[at:])
        await viewer.picture()
        nursery.cancel_scope.cancel()


async def test_sixteen_streams_share_a_connection_that_is_slow() -> None:
    async with (
        stage(MANY, send_bytes=SEND_BYTES) as box,
        page(box.port, "/ws", 16_384) as viewer,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(partial(pour, box, 30_000, 0.02))
        for name in MANY:
            await ask(viewer, "join_stream", stream_id=name, preset="high")
        numbers: dict[int, list[int]] = {}
        while len(numbers) < len(MANY) or min(map(len, numbers.values())) < 3:
            picture = await viewer.picture()
            numbers.setdefault(picture.slot, []).append(picture.number)
            await trio.sleep(0.002)
        for of_one in numbers.values():
            assert all(before < after for before, after in itertools.pairwise(of_one)), of_one
        for name in MANY[:8]:
            await ask(viewer, "leave_stream", stream_id=name)
        await ask(viewer, "ping", t=1)
        while True:
            opcode, payload = await viewer.frame()
            if opcode == TEXT and b'"pong"' in payload:
                break
        nursery.cancel_scope.cancel()


async def parts(seen: bytes) -> list[int]:
    """The pictures of a whole MJPEG body, which ends as it should."""
    numbers = []
    assert seen.startswith(multipart.OPENING)
    assert seen.endswith(multipart.OPENING + multipart.CLOSING), seen[-200:]
    body = seen.removeprefix(multipart.OPENING).removesuffix(multipart.CLOSING)
    while body:
        head, _, body = body.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
        numbers.append(whole(body[:length]))
        assert body[length:].startswith(b"\r\n" + multipart.OPENING)
        body = body[length + 2 + len(multipart.OPENING) :]
    return numbers


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
@pytest.mark.parametrize("earlier", [[], [b"GET /healthz", b"HEAD /stream", b"GET /nothing"]])
async def test_an_mjpeg_answer_from_its_head_to_its_closing_boundary(version: bytes, earlier: list[bytes]) -> None:
    async with stage(send_bytes=SEND_BYTES) as box, connected(box.port, FEW_BYTES) as client:
        for request in earlier:
            await client.send(request + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            head = (await client.read_until(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]) if b"GET" in request else 0
            while len(client.seen) < length:
                client.seen += await client.stream.receive_some(65536)
            client.seen = client.seen[length:]
        await client.send((GET % (b"/stream", b"")).replace(b"1.1", version))
        head = (await client.read_until(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200 ok\r\n")
        assert b"\r\nconnection: close\r\n" in head
        assert b"chunked" not in head
        assert b"content-length" not in head
        assert head.count(b"\r\ndate: ") == head.count(b"\r\ncontent-type: ") == 1
        await box.until_watched()
        for _ in range(4):
            box.publish(60_000)
            await trio.sleep(0.01)
        box.stream.remove()
        numbers = await parts(await client.read_to_end())
        assert numbers
        assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("with_lane", [True, False])
async def test_a_client_that_closes_its_half_is_taken_to_have_left(with_lane: bool) -> None:
    """TCP does not say whether it goes on reading. No player we know of closes its half, and who left must not be sent to."""
    async with stage(with_lane=with_lane) as box, connected(box.port) as client:
        await client.send(GET % (b"/stream", b""))
        await box.until_watched()
        box.publish()
        await client.read_until(multipart.OPENING)
        await client.stream.send_eof()
        await box.until_watched(0)
        await client.read_to_end()


async def test_a_lane_is_taken_over_and_then_the_app_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as box, connected(box.port) as client:
        monkeypatch.setattr(multipart, "CONTENT_TYPE", "no\nheader")  # after the take-over
        await client.send(GET % (b"/stream", b""))
        seen = await client.read_to_end()
        assert seen.startswith(b"HTTP/1.1 500 "), seen[:200]
        assert seen.count(b"HTTP/1.1") == 1


async def test_a_connection_may_become_a_websocket_after_other_answers() -> None:
    async with stage() as box, connected(box.port) as client:
        await client.send(b"HEAD /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await client.read_until(b"\r\n\r\n")
        viewer = await upgraded(client, "/ws/viewer/front")
        await box.until_watched()
        number = box.publish()
        assert (await viewer.picture()).number == number
