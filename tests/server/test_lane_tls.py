"""Frames over TLS: each viewer's own task sends them, since encryption is more than a publisher has time for."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from appliance.wire import multipart
from tests.server.test_delivery import NARROW_BYTES_PER_S, SIZES, Seen, camera, slow_client, until
from tests.server.test_edge_tls import connected_securely
from tests.server.test_edge_tls import tls as tls  # a fixture
from tests.server.test_lane import GET, ask, parts
from tests.support.clients import Mjpeg
from tests.support.edge_clients import Client
from tests.support.stage import CLOSE, PING, PONG, SEND_BYTES, Stage, stage, upgraded, whole


@asynccontextmanager
async def secure(context: ssl.SSLContext, seen: Seen | None = None) -> AsyncIterator[tuple[Stage, Client]]:
    """A box, and a client of it that reads as fast as `seen` says."""
    limits = "send_timeout_s = 2"
    async with (
        stage(limits=limits, send_bytes=SEND_BYTES, tls=context) as box,
        connected_securely(box.secure_port) as client,
    ):
        slow_client(client, seen or Seen())
        yield box, client


async def test_mjpeg_is_whole_to_its_closing_boundary(tls: ssl.SSLContext) -> None:
    async with secure(tls) as (box, client), trio.open_nursery() as nursery:
        await client.send(GET % (b"/stream", b""))
        head = (await client.read_until(b"\r\n\r\n")).lower()
        assert b"\r\nconnection: close\r\n" in head
        assert b"chunked" not in head
        await box.until_watched()
        nursery.start_soon(camera, box)
        while client.seen.count(multipart.OPENING) < 10:
            client.seen += await client.stream.receive_some()
        box.stream.remove()
        nursery.cancel_scope.cancel()
        numbers = await parts(await client.read_to_end())
        assert len(numbers) >= 9
        assert numbers == sorted(set(numbers))


async def test_frames_and_pongs_are_whole_and_a_close_is_the_last_word(tls: ssl.SSLContext) -> None:
    async with secure(tls) as (box, client), trio.open_nursery() as nursery:
        viewer = await upgraded(client, "/ws/viewer/front")
        await box.until_watched()
        nursery.start_soon(camera, box)
        pongs = 0
        for number in range(20):
            await viewer.say(PING, bytes([number]))
            picture = await viewer.picture()
            await ask(viewer, "ack", stream_id="front", frame_number=picture.number)
        while pongs < 3:
            opcode, payload = await viewer.frame()
            pongs += opcode == PONG
            if opcode == 2:
                whole(payload[24:])
            else:
                await viewer.say(PING, b"more")
        await viewer.say(CLOSE, b"\x03\xe8")
        await viewer.to_end()
        assert viewer.code == 1000
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("acks", [True, False])
async def test_a_slow_viewer_on_auto_gets_less(tls: ssl.SSLContext, acks: bool) -> None:
    seen = Seen(bytes_per_s=NARROW_BYTES_PER_S)
    async with secure(tls, seen) as (box, client), trio.open_nursery() as nursery:

        async def watch() -> None:
            if not acks:
                reader = Mjpeg(client.stream, "/stream?preset=auto")  # type: ignore[arg-type]
                await reader.begin()
                async for part in reader:
                    seen.take(whole(part.body), len(part.body))
            viewer = await upgraded(client, "/ws/viewer/front?preset=auto")
            while True:
                picture = await viewer.picture()
                seen.take(picture.number, len(picture.payload))
                await ask(viewer, "ack", stream_id="front", frame_number=picture.number)

        nursery.start_soon(watch)
        await box.until_watched()
        nursery.start_soon(camera, box)
        [subscription] = box.stream.subscriptions
        await until(lambda: subscription.rendition != "high", 6)
        await until(lambda: bool(seen.sizes) and seen.sizes[-1] < SIZES["high"], 3)
        nursery.cancel_scope.cancel()
