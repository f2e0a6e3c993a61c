"""What viewers get over links of every kind, through real sockets; the test is the camera, and makes what is wanted of it."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec
import pytest
import trio

from appliance.frame import Frame
from tests.server.test_lane import GET, ask
from tests.support.clients import Mjpeg
from tests.support.edge_clients import Client, connected
from tests.support.stage import FEW_BYTES, SEND_BYTES, TEXT, Page, Stage, page, stage, upgraded, whole

FPS = 30
SIZES = {"high": 40_000, "high~lean": 24_000, "medium": 15_000, "medium~lean": 10_000, "low": 6_000, "240": 2_000}
NARROW_BYTES_PER_S = 250_000  # a fifth of `high`


async def camera(box: Stage, told: Callable[[int], None] = lambda number: None) -> None:
    """Make what is wanted, and nothing else, at its rate. Time that was lost stays lost: two frames at once are one too many."""
    ticks = 0
    while True:
        for rendition in box.stream.wanted():
            if ticks % round(FPS / rendition.fps) == 0:
                name = box.stream.offer.renditions[rendition.slot]
                told(box.publish(SIZES.get(name, 3_000), name))
        ticks += 1
        await trio.sleep(1 / FPS)


class Seen:
    """What one viewer got, and how it wants to read."""

    def __init__(self, *, bytes_per_s: float = float("inf"), acks: bool = False) -> None:
        self.bytes_per_s, self.acks = bytes_per_s, acks
        self.numbers: list[int] = []
        self.sizes: list[int] = []

    def take(self, number: int, size_bytes: int) -> None:
        self.numbers.append(number)
        self.sizes.append(size_bytes)


def slow_client(client: Client, seen: Seen) -> None:
    """From now on it reads as fast as `seen` says."""
    receive_some = client.stream.receive_some

    async def slowly(max_bytes: int | None = None) -> bytes:
        data = await receive_some(max_bytes if seen.bytes_per_s == float("inf") else 4096)
        await trio.sleep(len(data) / seen.bytes_per_s)
        return bytes(data)

    client.stream.receive_some = slowly  # type: ignore[method-assign]


@asynccontextmanager
async def link(box: Stage, seen: Seen, receive_bytes: int | None) -> AsyncIterator[Client]:
    """A connection that carries as much as `seen` says now."""
    async with connected(box.port, receive_bytes) as client:
        slow_client(client, seen)
        yield client


async def watch_mjpeg(box: Stage, seen: Seen, query: str = "", receive_bytes: int | None = None) -> None:
    async with link(box, seen, receive_bytes) as client:
        reader = Mjpeg(client.stream, f"/stream{query}")  # type: ignore[arg-type]
        await reader.begin()
        async for part in reader:
            seen.take(whole(part.body), len(part.body))


async def watch_page(box: Stage, seen: Seen, query: str = "", receive_bytes: int | None = None) -> None:
    async with link(box, seen, receive_bytes) as client:
        viewer = await upgraded(client, f"/ws/viewer/front{query}")
        while True:
            picture = await viewer.picture()
            seen.take(picture.number, len(picture.payload))
            if seen.acks:
                await ask(viewer, "ack", stream_id="front", frame_number=picture.number)


async def test_the_books_are_right_when_a_viewer_at_ease_has_left() -> None:
    """What went without being noted one by one is in the totals, and the last of it too."""
    async with stage() as box:
        async with connected(box.port) as client:
            viewer = await upgraded(client, "/ws/viewer/front")
            await box.until_watched(1)
            got = 0
            for number in range(12):  # twice as long as books stay open
                box.publish(2_000 + number, "high")
                got += len((await viewer.picture()).payload)
                await trio.sleep(0.02)
        await box.until_watched(0)
        totals = box.stream.totals
        assert totals.frames_sent == 12
        assert 0 < totals.bytes_sent - got < 12 * 100  # the heads


async def test_fast_viewers_get_every_frame_whatever_others_do() -> None:
    """20 fast ones, 5 that take nothing, 5 that take 50 KB/s: of 40 KB a frame."""
    published: list[int] = []
    async with stage(limits="send_timeout_s = 2") as box, trio.open_nursery() as nursery:
        fast = [Seen() for _ in range(20)]
        slow = [Seen(bytes_per_s=50_000) for _ in range(5)]
        for number, seen in enumerate(fast + slow):
            watch = watch_page if number % 2 else watch_mjpeg
            nursery.start_soon(watch, box, seen, "", FEW_BYTES if seen in slow else None)
        await box.until_watched(25)
        for number in range(5):
            nursery.start_soon(stall, box, "/stream" if number % 2 else "/ws/viewer/front")
        await box.until_watched(30)
        nursery.start_soon(camera, box, published.append)
        await trio.sleep(1)
        frames_before = frames_alive()
        with trio.fail_after(8):
            while box.stream.viewers > 25:
                await box.stream.changed.wait()
        await trio.sleep(0.5)
        assert box.stream.viewers == 25
        last = published[-3]
        with trio.fail_after(3):
            while min(seen.numbers[-1] for seen in fast) < last:  # noqa: ASYNC110 - they are read by other tasks
                await trio.sleep(0.02)
        for seen in fast:
            assert [number for number in seen.numbers if number <= last] == published[: published.index(last) + 1]
        for seen in slow:
            assert seen.numbers
            assert seen.numbers == sorted(set(seen.numbers))
        assert frames_alive() <= frames_before + 10
        nursery.cancel_scope.cancel()


async def stall(box: Stage, path: str) -> None:
    """Ask, and read nothing."""
    async with connected(box.port, FEW_BYTES) as client:
        if path == "/stream":
            await client.send(GET % (path.encode(), b""))
        else:
            await upgraded(client, path)
        await trio.sleep_forever()


def frames_alive() -> int:
    gc.collect()
    return sum(isinstance(each, Frame) for each in gc.get_objects())


@pytest.mark.parametrize("send_bytes", [0, SEND_BYTES])
async def test_after_a_pause_the_newest_frame_comes(send_bytes: int) -> None:
    """A reader that says nothing and pauses for a second: what waits for it is a frame or two in the kernel, not the second."""
    published: list[int] = []
    async with stage(send_bytes=send_bytes) as box, page(box.port, receive_bytes=FEW_BYTES) as viewer:
        await box.until_watched()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(camera, box, published.append)
            for _ in range(3):
                await viewer.picture()
            await trio.sleep(1)
            paused_at = published[-1]
            old = []
            while (number := (await viewer.picture()).number) < paused_at - 2:
                old.append(number)
            assert len(old) <= 4, old
            assert published.index(number) >= published.index(paused_at) - 2
            nursery.cancel_scope.cancel()


async def until(condition: Callable[[], bool], within_s: float) -> None:
    with trio.fail_after(within_s):
        while not condition():  # noqa: ASYNC110 - it is other tasks' doing
            await trio.sleep(0.02)


async def test_auto_follows_the_link_and_who_chose_gets_what_was_chosen() -> None:
    async with stage(send_bytes=SEND_BYTES) as box, trio.open_nursery() as nursery:
        page_, player, chosen = (Seen(acks=acks) for acks in (True, False, False))
        nursery.start_soon(watch_page, box, page_, "?preset=auto", 16_384)
        nursery.start_soon(watch_mjpeg, box, player, "?preset=auto", 16_384)
        nursery.start_soon(watch_mjpeg, box, chosen, "?preset=high", 16_384)
        nursery.start_soon(camera, box)
        await until(lambda: min(len(each.numbers) for each in (page_, player, chosen)) > 10, 5)
        everybody = {each.kind + str(each.wish): each for each in box.stream.subscriptions}
        on_auto = [everybody["websocketauto"], everybody["mjpegauto"]]
        assert {each.rendition for each in on_auto} == {"high"}
        for seen in (page_, player, chosen):
            seen.bytes_per_s = NARROW_BYTES_PER_S
        await until(lambda: "high" not in {each.rendition for each in on_auto}, 6)
        assert everybody["mjpeghigh"].rendition == "high"
        await until(lambda: page_.sizes[-1] < SIZES["high"] > player.sizes[-1], 3)
        assert chosen.sizes[-1] == SIZES["high"]
        for seen in (page_, player, chosen):
            seen.bytes_per_s = float("inf")
        await until(lambda: {each.rung for each in on_auto} == {0}, 20)
        assert {wanted.slot for wanted in box.stream.wanted()} == {box.stream.offer.renditions.index("high")}
        nursery.cancel_scope.cancel()


async def test_acks_that_make_no_sense_are_harmless() -> None:
    async with stage() as box, page(box.port) as viewer:
        await box.until_watched()
        acknowledge = partial(ask, viewer, "ack", stream_id="front")
        await acknowledge(frame_number=2**63 - 1)  # never sent
        await acknowledge(frame_number=0)
        first = box.publish()
        assert (await viewer.picture()).number == first
        for number in (first, first, first + 1, first - 1):
            await acknowledge(frame_number=number, drawn_after_ms=1.5)
        for _ in range(3):  # acknowledges only every twentieth: the rest landed by then
            with trio.move_on_after(0.3):
                for _ in range(20):
                    last = box.publish()
                    while (await viewer.picture()).number != last:
                        pass
            await acknowledge(frame_number=last, drawn_after_ms=60_000)
        last = box.publish()
        with trio.fail_after(3):
            while (await viewer.picture()).number != last:
                pass
        await ask(viewer, "ack", stream_id="front", frame_number=last, drawn_after_ms=0)
        numbers = await told_numbers(viewer)
        assert numbers["stages"]["drawn_ms"] is not None
        assert 0 <= numbers["age_ms_p50"] < 3000


async def told_numbers(viewer: Page) -> dict[str, Any]:
    with trio.fail_after(4):
        while True:
            opcode, payload = await viewer.frame()
            if opcode == TEXT:
                event = msgspec.json.decode(payload)
                numbers: dict[str, Any] | None = event["data"].get("numbers")
                if numbers is not None and numbers["stages"]["drawn_ms"] is not None:
                    return numbers
