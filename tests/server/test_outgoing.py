"""The one writer of a connection, over real TCP with buffers so small that hardly a message leaves in one piece."""

import random
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from appliance.server.edge import outgoing
from appliance.server.edge.outgoing import Outgoing
from appliance.wire.buffers import Buffers

HEAD = struct.Struct(">BII")  # who sends, the how-manieth message of theirs, its length
TIMEOUT_S = 0.4
MUCH = bytes(1_000_000)  # no pair of these buffers holds it


class Pair:
    """Both ends of a connection: what leaves here, and a reader there."""

    def __init__(self, near: trio.SocketStream, far: trio.SocketStream) -> None:
        self.resets = 0
        self.complaints: list[str] = []
        self.way = Outgoing(near, TIMEOUT_S, lambda line, *details: self.complaints.append(line))
        self.way.on_reset = self._count_reset
        self.far = far

    def _count_reset(self) -> None:
        self.resets += 1

    async def rest(self) -> bytes:
        """All that comes until the end."""
        seen = b""
        with trio.fail_after(5):
            while data := await self.far.receive_some(65536):
                seen += data
        return seen


@asynccontextmanager
async def pair(buffer_bytes: int = 4096) -> AsyncIterator[Pair]:
    with socket.create_server(("127.0.0.1", 0)) as door, trio.socket.socket() as far:
        for sock in (door, far):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        await far.connect(door.getsockname())
        near = trio.SocketStream(trio.socket.from_stdlib_socket(door.accept()[0]))
        async with trio.SocketStream(far) as far_stream:
            ends = Pair(near, far_stream)
            try:
                yield ends
            finally:
                ends.way.close()


def message(sender: int, count: int, size_bytes: int) -> Buffers:
    half = bytes([sender + count & 0xFF]) * (size_bytes // 2)
    return Buffers.of(HEAD.pack(sender, count, 2 * len(half)), half, half)


async def read_messages(ends: Pair, rng: random.Random, expected: int) -> Counter[int]:
    """Take messages apart, at an uneven pace. Each is whole, and each sender's are in order."""
    seen, counts = bytearray(), Counter[int]()
    while counts.total() < expected:
        data = await ends.far.receive_some(rng.choice((100, 3000, 65536)))
        assert data, f"ended after {counts}"
        seen += data
        while len(seen) >= HEAD.size:
            sender, count, size_bytes = HEAD.unpack_from(seen)
            if len(seen) < HEAD.size + size_bytes:
                break
            assert count == counts[sender]
            assert seen[HEAD.size : HEAD.size + size_bytes] == bytes([sender + count & 0xFF]) * size_bytes
            del seen[: HEAD.size + size_bytes]
            counts[sender] += 1
    assert not seen
    return counts


async def chat(way: Outgoing, rng: random.Random, sender: int, messages: int) -> None:
    """hypercorn's texts and pongs, and frames that could not leave at once."""
    for count in range(messages):
        await way.send(*message(sender, count, rng.choice((0, 2, 20, 9_000, 40_000))).pieces)
        await trio.sleep(rng.random() / 1000)


async def stream(way: Outgoing, rng: random.Random, sender: int, messages: int) -> None:
    """A viewer: at once if it can be, else pushed by a task that others interrupt at any point."""
    for count in range(messages):
        buffers = message(sender, count, rng.choice((10, 5_000, 60_000)))
        if not way.send_now(buffers):
            await way.send(*buffers.pieces)
        while way.half_sent and rng.random() < 0.8:  # else whoever comes next finishes it
            with trio.move_on_after(rng.random() / 500):
                await way.push()
        await trio.lowlevel.checkpoint()
    while way.half_sent:
        await way.push()


@pytest.mark.parametrize("seed", range(20))
async def test_messages_of_many_senders_are_whole_and_in_order(seed: int) -> None:
    rng = random.Random(seed)
    async with pair(rng.choice((16_384, 32_768))) as ends, trio.open_nursery() as nursery:
        for sender, (speaks, messages) in enumerate(((chat, 40), (chat, 40), (stream, 60), (stream, 60))):
            nursery.start_soon(speaks, ends.way, random.Random(seed * 10 + sender), sender, messages)
        with trio.fail_after(20):
            assert await read_messages(ends, rng, 200) == {0: 40, 1: 40, 2: 60, 3: 60}
        assert (ends.resets, ends.complaints) == (0, [])


async def test_of_a_send_cancelled_halfway_nothing_more_comes() -> None:
    async with pair() as ends:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ends.way.send, MUCH)
                await wait_all_tasks_blocked()
                scope.cancel()
        assert (ends.resets, ends.way.over, ends.way.half_sent) == (1, True, False)
        with pytest.raises(trio.BrokenResourceError):
            await ends.rest()


async def test_a_send_cancelled_before_its_turn_leaves_no_trace() -> None:
    async with pair() as ends, trio.open_nursery() as nursery:
        nursery.start_soon(ends.way.send, MUCH)
        await wait_all_tasks_blocked()
        with trio.move_on_after(0.01) as patience:
            await ends.way.send(b"never said")
        assert patience.cancelled_caught
        nursery.start_soon(partial(ends.way.send, b"the end"))
        await wait_all_tasks_blocked()
        nursery.start_soon(ends.way.goodbye)
        assert await ends.rest() == MUCH + b"the end"


async def test_who_takes_nothing_is_reset_in_time() -> None:
    async with pair() as ends:
        began_s = trio.current_time()
        await ends.way.send(MUCH)
        assert TIMEOUT_S * 0.9 < trio.current_time() - began_s < TIMEOUT_S + 1
        assert ends.resets
        assert ends.complaints == ["%s: took nothing for %g s and is reset"]
        with pytest.raises(trio.BrokenResourceError):
            await ends.rest()


async def test_who_takes_slowly_but_takes_is_not_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "SLICE_BYTES", 64 * 1024)  # so that this takes less of our time
    async with pair(16_384) as ends, trio.open_nursery() as nursery:
        began_s, seen = trio.current_time(), 0
        nursery.start_soon(ends.way.send, MUCH)
        while seen < len(MUCH):
            seen += (taken := len(await ends.far.receive_some(16_384)))
            await trio.sleep(TIMEOUT_S / 8 * taken / outgoing.SLICE_BYTES)
        assert trio.current_time() - began_s > TIMEOUT_S
        assert not ends.resets


async def test_nothing_follows_goodbye() -> None:
    async with pair() as ends:
        assert ends.way.send_now(Buffers.of(b"before"))
        await ends.way.goodbye()
        await ends.way.send(b"after")
        assert not ends.way.send_now(Buffers.of(b"after"))
        await ends.way.push()
        await ends.way.goodbye()
        assert await ends.rest() == b"before"
        assert not ends.resets


async def test_prompt_says_whether_a_message_may_leave_now() -> None:
    async with pair() as ends, trio.open_nursery() as nursery:
        way = ends.way
        prompt = partial(getattr, way, "prompt")  # mypy thinks that what it saw once stays
        assert prompt()
        way.carries = False
        assert not prompt()
        assert (way.send_now(Buffers.of(b"not yet")), way._prepared.size_bytes) == (False, 0)  # nor is it kept
        way.carries = True
        assert prompt()

        assert way.send_now(Buffers.of(MUCH))
        assert (way.half_sent, prompt()) == (True, False)
        nursery.start_soon(way.send, b"one")  # finishes it first
        nursery.start_soon(way.send, b"two")
        await wait_all_tasks_blocked()
        way.carries = False
        way.carries = True  # somebody is writing: that alone does not clear the way
        assert not prompt()
        seen = b""
        with trio.fail_after(5):
            while len(seen) < len(MUCH) + 6:
                seen += await ends.far.receive_some(65536)
                assert not (prompt() and way.half_sent)
        assert seen in (MUCH + b"onetwo", MUCH + b"twoone")
        await wait_all_tasks_blocked()
        assert prompt()

        await way.goodbye()
        way.carries = True
        assert not prompt()
        way.close()
        way.carries = True
        assert not prompt()


async def test_a_cancelled_push_leaves_prompt_right() -> None:
    async with pair() as ends, trio.open_nursery() as nursery:
        assert ends.way.send_now(Buffers.of(MUCH))
        with trio.move_on_after(0.02):
            while True:
                await ends.way.push()
        assert ends.way.half_sent
        assert not ends.way.prompt
        nursery.start_soon(ends.way.goodbye)
        assert await ends.rest() == MUCH


@pytest.mark.parametrize("end", ["close", "reset", "give_up"])
async def test_a_descriptor_that_became_somebody_elses_is_left_alone(end: str) -> None:
    async with pair() as ends:
        number = ends.way.socket.fileno()
        assert ends.way.prepare(Buffers.of(b"stray bytes"))  # the worst moment
        getattr(ends.way, end)()
        others = [socket.socketpair() for _ in range(20)]
        try:
            taken = [(one, other) for two in others for one, other in (two, two[::-1]) if one.fileno() == number]
            [(stranger, peer)] = taken
            stranger.send(b"unread")  # so that to ask it for its queue would tell
            ends.way.write()
            assert ends.way.written() == 0
            assert ends.way.unacknowledged_bytes == 0
            assert not ends.way.send_now(Buffers.of(b"stray bytes"))
            await ends.way.send(b"stray bytes")
            await ends.way.push()
            await ends.way.goodbye()
            ends.way.reset()
            assert peer.recv(100) == b"unread"
            stranger.send(b"still mine")
            assert peer.recv(100) == b"still mine"
        finally:
            for sock in (each for two in others for each in two):
                sock.close()
