"""A worker that cannot be ended: its camera comes back without it, and nobody else notices."""

import os
import signal
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trio

from tests.support.boxes import BoxProcess, workers_of
from tests.support.clients import Talk, eventually, open_viewer
from tests.support.stuck import unkillable

TWO = '[server]\nbind = ["127.0.0.1:0"]\n' + "".join(
    f'[[cameras]]\nid = "{name}"\nsource = "pattern"\nwidth = 320\nheight = 240\n' for name in ("a", "b")
)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[BoxProcess]:
    with BoxProcess(tmp_path, TWO) as box:
        for name in ("a", "b"):
            box.wait_until_live(name)
        yield box


def worker_of(box: BoxProcess, name: str) -> int:
    return next(
        pid for pid in workers_of(box.process.pid) if Path(f"/proc/{pid}/comm").read_text().strip() == f"cam-{name}"
    )


async def ages_s(viewer: Talk, for_s: float) -> list[float]:
    """How old pictures are when they come."""
    ages: list[float] = []
    with trio.move_on_after(for_s):
        while True:
            frame = await viewer.frame(placeholder=False)
            ages.append(time.time() - frame.captured_us / 1e6)
    return ages


async def test_nobody_else_notices(two: BoxProcess, http: httpx.AsyncClient) -> None:
    async def counters() -> dict[str, int]:
        answer = (await http.get(f"{two.url}/api/status")).json()
        found: dict[str, int] = answer["streams"][0]["counters"]
        return found

    async def one_is_stuck() -> bool:
        return (await counters())["stuck_workers"] == 1

    async def none_is() -> bool:
        return (await counters())["stuck_workers"] == 0

    pid = worker_of(two, "a")
    async with open_viewer(two.url, "/ws/viewer/b") as other, open_viewer(two.url, "/ws/viewer/a") as viewer:
        before_s = await ages_s(other, 3)
        with unkillable(pid):
            os.kill(pid, signal.SIGSTOP)
            during_s: list[float] = []
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_measure, other, during_s)
                with trio.fail_after(10):  # 1.8 s of silence are enough, on a machine with nothing else to do
                    assert "stopped answering" in await viewer.told_and_shown()
                with trio.fail_after(15):
                    await viewer.event("stream_info", status="live")
                await eventually(one_is_stuck)
                assert len(workers_of(two.process.pid)) == 3, "the old one survives beside its successor"
                nursery.cancel_scope.cancel()
        await eventually(none_is)
        assert not Path(f"/proc/{pid}").exists(), "a zombie is left"
    assert len(during_s) > 100
    print(f"ages before {_shown(before_s)}, during {_shown(during_s)}")
    assert statistics.median(during_s) <= 1.2 * statistics.median(before_s) + 0.01
    with unkillable(worker_of(two, "b")):
        assert two.stop()[1] < 3, "nor is the box held up when it is to stop"


async def _measure(viewer: Talk, ages: list[float]) -> None:
    while True:
        ages += await ages_s(viewer, 0.5)


def _shown(ages: list[float]) -> str:
    ranked = sorted(ages)
    return f"p50 {ranked[len(ranked) // 2] * 1000:.1f} ms, p99 {ranked[int(len(ranked) * 0.99)] * 1000:.1f} ms"
