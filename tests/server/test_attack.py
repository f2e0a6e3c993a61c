"""Two thousand connections that ask for nothing, slowly: those who watch do not notice, and none of it lasts."""

import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trio

from appliance.server.edge.connection import GRACE_S
from appliance.server.edge.guests import FAREWELL_S
from appliance.system.limits import allow_open_files
from tests.server.test_edge_guests import HERE, connected_from
from tests.support.boxes import PATTERN, BoxProcess
from tests.support.clients import Mjpeg

CONNECTIONS, ADDRESSES = 2000, 20
REQUEST_TIMEOUT_S = 4.0
ELSEWHERE = "127.0.0.99"
MOST_GROWTH_KBYTES = 40_000
BUSY_S = 4.0  # what a machine with two cores takes to open them all, with other tests beside it

BYTE_A_SECOND = (b"G",)
HEADERS_FOR_EVER = (b"GET / HTTP/1.1\r\nHost: localhost\r\n", *(b"X-%d: y\r\n" % number for number in range(100)))
MANNERS: tuple[tuple[bytes, ...], ...] = ((), BYTE_A_SECOND * 100, HEADERS_FOR_EVER)


@asynccontextmanager
async def watching(port: int, address: str) -> AsyncIterator[list[float]]:
    """A viewer; when its pictures came."""
    came_s: list[float] = []

    async def watch() -> None:
        async with connected_from(address, port) as client:
            parts = Mjpeg(client.stream, "/stream?preset=low&fps=15")  # type: ignore[arg-type]  # it is one
            await parts.begin()
            async for _ in parts:
                came_s.append(time.monotonic())
            raise AssertionError("a viewer was disturbed")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        with trio.fail_after(5):
            while len(came_s) < 15:  # noqa: ASYNC110 - the other end decides when
                await trio.sleep(0.05)
        yield came_s
        nursery.cancel_scope.cancel()


async def annoy(port: int, number: int, ends: Counter[str], lived_s: list[float]) -> None:
    """One connection that never completes a request; how it ended, and after how long."""
    async with connected_from(f"127.0.0.{1 + number % ADDRESSES}", port) as client, trio.open_nursery() as nursery:
        began_s = time.monotonic()
        nursery.start_soon(trickle, client.stream, MANNERS[number % len(MANNERS)])
        seen = b""
        try:
            while data := await client.stream.receive_some(4096):
                seen += data
            ends["refused" if b" 503 " in seen else "closed"] += 1
        except trio.BrokenResourceError:
            ends["reset"] += 1
        lived_s.append(time.monotonic() - began_s)
        nursery.cancel_scope.cancel()


async def trickle(stream: trio.abc.SendStream, words: tuple[bytes, ...]) -> None:
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        for word in words:
            await stream.send_all(word)
            await trio.sleep(1)


def resident_kbytes(pid: int) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


@pytest.mark.slow
async def test_two_thousand_connections_that_ask_for_nothing(tmp_path: Path) -> None:
    assert allow_open_files(CONNECTIONS + 200) >= CONNECTIONS + 200
    limits = f"[limits]\nrequest_timeout_s = {REQUEST_TIMEOUT_S}\n"
    ends, lived_s = Counter[str](), list[float]()
    with BoxProcess(tmp_path, limits + PATTERN) as box:
        await trio.to_thread.run_sync(box.wait_until_live)
        async with watching(box.port, HERE) as near, watching(box.port, ELSEWHERE) as far:
            before_kbytes, began_s = resident_kbytes(box.process.pid), time.monotonic()
            async with trio.open_nursery() as nursery:
                for number in range(CONNECTIONS):
                    nursery.start_soon(annoy, box.port, number, ends, lived_s)
            ended_s = time.monotonic()
            grown_kbytes = resident_kbytes(box.process.pid) - before_kbytes
        log = box.log.read_text()
    for came_s in (near, far):
        during_s = [when_s for when_s in came_s if began_s <= when_s <= ended_s]
        print(
            f"{len(during_s) / (ended_s - began_s):.1f} fps, longest gap", max(map(gap, itertools.pairwise(during_s)))
        )
        assert len(during_s) / (ended_s - began_s) > 12
    print(ends, f"{max(lived_s):.1f} s, {grown_kbytes} kB more")
    assert ends.total() == CONNECTIONS
    assert max(lived_s) < REQUEST_TIMEOUT_S + max(GRACE_S, FAREWELL_S) + BUSY_S
    assert grown_kbytes < MOST_GROWTH_KBYTES
    assert len(log.splitlines()) < 20 + (ended_s - began_s)
    assert "Traceback" not in log


def gap(pair: tuple[float, float]) -> float:
    return pair[1] - pair[0]
