"""Viewers that go, freeze or change their mind while a frame is half sent: the others notice nothing, and what follows is whole."""

import gc
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from appliance.server.delivery import Delivery
from tests.server.test_lane import GET, ask
from tests.support.edge_clients import Client, connected
from tests.support.stage import BINARY, FEW_BYTES, SEND_BYTES, TEXT, Page, Stage, page, stage, upgraded, whole

BIG = 200_000  # bytes of a picture that no small buffer holds
TIMEOUT_S = 0.6


@pytest.fixture(autouse=True)
def no_tracebacks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """All of this is viewers' doing: none of it is an error of the box."""
    yield
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@asynccontextmanager
async def small_stage(*cameras: str) -> AsyncIterator[Stage]:
    async with stage(cameras or ("front",), f"send_timeout_s = {TIMEOUT_S}", send_bytes=SEND_BYTES) as box:
        yield box


async def half_sent(box: Stage, rendition: str = "high") -> None:
    """A frame begins to leave, and some of it stays here."""
    with trio.fail_after(5):
        while not [each for each in deliveries() if each._lane is not None and each._lane.half_sent]:
            box.publish(BIG, rendition)
            await wait_all_tasks_blocked(0.002)


def deliveries() -> list[Delivery]:
    return [each for each in gc.get_objects() if isinstance(each, Delivery)]


async def pong(viewer: Page) -> list[int]:
    """The slots of pictures that come before a pong that is asked for now."""
    await ask(viewer, "ping", t=1)
    slots: list[int] = []
    while True:
        opcode, payload = await viewer.frame()
        if opcode == TEXT and b'"pong"' in payload:
            return slots
        if opcode == BINARY:
            whole(payload[24:])
            slots.append(payload[3])


async def test_a_connection_that_is_reset_does_not_reach_the_camera() -> None:
    """Two streams on it: one finds out by its write, the other still waits for frames the express way."""
    for _ in range(5):
        async with small_stage("one", "two") as box, page(box.port, "/ws") as viewer:
            for name in ("one", "two"):
                await ask(viewer, "join_stream", stream_id=name)
            await pong(viewer)
            one, two = box.box.registry
            viewer.client.reset()
            for number in range(200):
                box.publish(BIG, stream=one)
                if number > 2:
                    box.publish(stream=two)
                await trio.lowlevel.checkpoint()
            await box.until_watched(0)


@pytest.mark.parametrize("path", ["/stream", "/ws/viewer/front", "/ws/viewer/front?format=json"])
@pytest.mark.parametrize("size_bytes", [BIG, 4_000])
async def test_who_stalls_is_reset_in_time_and_in_one_line(path: str, size_bytes: int) -> None:
    async with small_stage() as box, connected(box.port, FEW_BYTES) as client:
        await begin(client, path)
        await box.until_watched()
        began_s = trio.current_time()
        with trio.fail_after(TIMEOUT_S + 4):
            while box.stream.viewers:
                box.publish(size_bytes)
                await trio.sleep(0.02)
        assert trio.current_time() - began_s > TIMEOUT_S * 0.9


async def begin(client: Client, path: str) -> None:
    if path.startswith("/ws"):
        await upgraded(client, path)
    else:
        await client.send(GET % (path.encode(), b""))


async def test_a_page_that_freezes_is_reset_although_it_is_still_told_things() -> None:
    """Texts to it go on: numbers each second. More in the kernel's queue is not a sign of life."""
    async with stage(limits="send_timeout_s = 1.3") as box, page(box.port, receive_bytes=FEW_BYTES) as viewer:
        await box.until_watched()
        box.publish(100)
        last = (await viewer.picture()).number
        await ask(viewer, "ack", stream_id="front", frame_number=last)
        with trio.fail_after(6):
            while box.stream.viewers:
                box.publish(10_000)
                await trio.sleep(0.02)


async def test_other_wishes_during_half_a_frame() -> None:
    async with small_stage() as box, page(box.port, receive_bytes=FEW_BYTES) as viewer:
        await box.until_watched()
        for preset in ("low", "native", "auto", "high") * 2:
            await half_sent(box, box.stream.watched()[0])
            await ask(viewer, "set_preset", stream_id="front", preset=preset)
            await pong(viewer)
            last = box.publish(1000, box.stream.watched()[0])
            while (await viewer.picture()).number < last:
                pass


async def test_leaving_during_half_a_frame_and_joining_again() -> None:
    async with small_stage() as box, page(box.port, "/ws", FEW_BYTES) as viewer:
        slots: list[int] = []
        for _ in range(6):
            await ask(viewer, "join_stream", stream_id="front")
            await box.until_watched()
            await half_sent(box)
            await ask(viewer, "leave_stream", stream_id="front")
            await ask(viewer, "join_stream", stream_id="front")
            slots += await pong(viewer)
            number = box.publish()
            while True:
                picture = await viewer.picture()
                slots.append(picture.slot)
                if picture.number == number:
                    break
            await ask(viewer, "leave_stream", stream_id="front")
            slots += await pong(viewer)
        assert slots == sorted(slots), "a slot came back after another one was in use"


async def test_who_left_is_not_moved_to_another_rung() -> None:
    """On `auto`, with half a frame, on a link that becomes bad: the ladder is asked to the end."""
    async with (
        stage(limits="send_timeout_s = 5", send_bytes=SEND_BYTES) as box,
        page(box.port, "/ws", FEW_BYTES) as leaver,
        page(box.port) as other,
    ):
        await ask(leaver, "join_stream", stream_id="front", preset="auto")
        await box.until_watched(2)

        async def watch() -> None:
            with suppress(EOFError, trio.ClosedResourceError):
                await other.to_end()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch)
            for _ in range(4):
                box.publish(40_000)
                await trio.sleep(0.02)
            await half_sent(box)
            await ask(leaver, "leave_stream", stream_id="front")
            with trio.move_on_after(0.6):
                while True:
                    box.publish(40_000)
                    await trio.sleep(0.02)
            await pong(leaver)
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize("path", ["/stream", "/ws/viewer/front"])
async def test_removal_during_half_a_frame(path: str) -> None:
    async with small_stage() as box, connected(box.port, FEW_BYTES) as client:
        await begin(client, path)
        await box.until_watched()
        await half_sent(box)
        box.stream.remove()
        if path == "/stream":
            assert (await client.read_to_end()).endswith(b"\r\n--boundarydonotcross\r\n--boundarydonotcross--\r\n")
        else:
            viewer = Page(client)
            assert await viewer.to_end()
            assert viewer.code == 1000


@pytest.mark.parametrize("path", ["/stream", "/ws/viewer/front"])
async def test_removal_while_a_viewer_stalls(path: str) -> None:
    async with small_stage() as box, connected(box.port, FEW_BYTES) as client:
        await begin(client, path)
        await box.until_watched()
        await half_sent(box)
        box.stream.remove()
        await box.until_watched(0)
        with suppress(trio.BrokenResourceError):
            while await client.stream.receive_some(65536):
                pass


async def test_a_new_rate_for_everybody_is_a_new_measure() -> None:
    async with small_stage() as box, page(box.port) as viewer:
        await box.until_watched()
        box.stream.adjust(name="x", preset="high", fps=5, jpeg_quality=None)
        [delivery] = [each for each in deliveries() if not each._subscription.is_closed]
        with trio.fail_after(5):
            while delivery._link.flight.interval_s != 1 / 5:
                number = box.publish()
                while (await viewer.picture()).number != number:
                    pass
                await ask(viewer, "ack", stream_id="front", frame_number=number)
                await trio.sleep(0.01)
