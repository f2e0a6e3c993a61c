"""What a crowd gets goes out without a copy for each, and is the same bytes in the same order."""

import resource
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest
import trio

from appliance.server.edge import crowd
from appliance.server.edge.crowd import CROWD
from appliance.wire.buffers import Buffers
from tests.server.test_outgoing import Pair, pair

ROOMY_BYTES = 1024 * 1024


def picture(number: int) -> Buffers:
    return Buffers.of(b"head %d" % number, bytes([number]) * 100_000, b"tail")


def whole(buffers: Buffers) -> bytes:
    return b"".join(buffers.pieces)


def give(buffers: Buffers, crowd_: list[Pair]) -> list[int]:
    """As a hub does it: all are asked, then all are written to, then all are asked what became of it."""
    ready = [each.way for each in crowd_ if each.way.prepare(buffers)]
    for way in ready:
        way.write()
    return [way.written() for way in ready]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def receive(ends: Pair, count: int) -> bytes:
    seen = b""
    with trio.fail_after(5):
        while len(seen) < count:
            data = await ends.far.receive_some(min(65536, count - len(seen)))
            assert data
            seen += data
    return seen


@contextmanager
def without_descriptors() -> Iterator[None]:
    """Until the block ends no file can be opened."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("count", [1, CROWD - 1, CROWD, CROWD + 10])
async def test_everybody_gets_the_same_bytes(count: int) -> None:
    async with AsyncExitStack() as stack:
        all_ends = [await stack.enter_async_context(pair(ROOMY_BYTES)) for _ in range(count)]
        files = open_files()
        pictures = [picture(number) for number in range(3)]
        for each in pictures:
            assert give(each, all_ends) == [each.size_bytes] * count
            for ends in all_ends:
                assert await receive(ends, each.size_bytes) == whole(each)
        assert open_files() == files
        assert [(each.takers, each.file) for each in pictures] == [(0, None)] * 3


async def test_who_takes_only_a_part_gets_the_rest_later() -> None:
    async with AsyncExitStack() as stack:
        slow = await stack.enter_async_context(pair(4096))
        others = [await stack.enter_async_context(pair(ROOMY_BYTES)) for _ in range(CROWD)]
        first, second = picture(1), picture(2)
        assert give(first, [slow, *others])[0] == first.size_bytes
        assert slow.way.half_sent
        assert len(give(second, [slow, *others])) == CROWD  # it is not asked while half a message waits
        async with trio.open_nursery() as nursery:
            nursery.start_soon(slow.way.send, b"after")
            assert await receive(slow, first.size_bytes + 5) == whole(first) + b"after"
        for ends in others:
            assert await receive(ends, 2 * first.size_bytes) == whole(first) + whole(second)


async def test_who_is_gone_or_full_disturbs_nobody() -> None:
    async with AsyncExitStack() as stack:
        gone = await stack.enter_async_context(pair(ROOMY_BYTES))
        others = [await stack.enter_async_context(pair(ROOMY_BYTES)) for _ in range(CROWD)]
        one = picture(1)
        ready = [each.way for each in (gone, *others) if each.way.prepare(one)]
        gone.way.close()
        for way in ready:
            way.write()
        assert [way.written() for way in ready] == [0] + [one.size_bytes] * CROWD
        for ends in others:
            assert await receive(ends, one.size_bytes) == whole(one)


async def test_without_a_free_descriptor_it_is_copied() -> None:
    async with AsyncExitStack() as stack:
        all_ends = [await stack.enter_async_context(pair(ROOMY_BYTES)) for _ in range(CROWD)]
        one = picture(1)
        with without_descriptors():
            taken = give(one, all_ends)
        assert taken == [one.size_bytes] * CROWD
        for ends in all_ends:
            assert await receive(ends, one.size_bytes) == whole(one)


async def test_a_crowd_is_served_without_copies() -> None:
    """That it is sendfile at all, on this kernel: the message is in a file while it is being written."""
    async with AsyncExitStack() as stack:
        all_ends = [await stack.enter_async_context(pair(ROOMY_BYTES)) for _ in range(CROWD)]
        one = picture(1)
        ready = [each.way for each in all_ends if each.way.prepare(one)]
        for way in ready:
            way.write()
        assert one.file not in (None, crowd.REFUSED)
        for way in ready:
            way.written()
