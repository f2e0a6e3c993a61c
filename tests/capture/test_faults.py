"""Every way a worker can end or hang, with the real program and real signals: the viewer's connection outlives all of them."""

import os
import signal
from pathlib import Path

import httpx
import pytest
import trio

from tests.support.boxes import start_box, workers_of
from tests.support.clients import Talk, eventually, open_mjpeg, open_viewer


async def worker() -> int:
    """The one capture worker of this process, once it is there."""

    async def started() -> bool:
        return len(workers_of(os.getpid())) == 1

    await eventually(started)
    return workers_of(os.getpid())[0]


async def heals(viewer: Talk, words: str) -> None:
    """On this very connection: a placeholder with the reason within 3 s, live pictures within 3 s of that."""
    with trio.fail_after(3):
        assert words in await viewer.told_and_shown()
    with trio.fail_after(3):
        await viewer.event("stream_info", status="live")
        await viewer.frame(placeholder=False)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGKILL, "was ended by signal 9"),
        (signal.SIGSTOP, "stopped answering"),
        (signal.SIGTERM, "was ended by signal 15"),
        (signal.SIGSEGV, "was ended by signal 11"),
    ],
)
async def test_a_worker_that_ends_or_hangs(box: str, number: signal.Signals, words: str) -> None:
    async with open_viewer(box, "/ws/viewer/front") as viewer, open_mjpeg(f"{box}/stream") as parts:
        with trio.fail_after(5):
            before = await viewer.frame(placeholder=False)
            await parts.part()
        pid = await worker()
        os.kill(pid, number)
        await heals(viewer, words)
        after = await viewer.frame(placeholder=False)
        assert after.number > before.number
        with trio.fail_after(3):
            await parts.part()
        assert not Path(f"/proc/{pid}").exists(), "a zombie is left"
        assert await worker() != pid


async def test_numbers_go_up_across_restarts(box: str) -> None:
    async with open_viewer(box, "/ws/viewer/front?preset=low") as viewer:
        numbers = []
        with trio.fail_after(12):
            for _ in range(2):
                numbers.append((await viewer.frame(placeholder=False)).number)
                os.kill(await worker(), signal.SIGKILL)
                numbers.append((await viewer.frame(placeholder=True)).number)
            numbers.append((await viewer.frame(placeholder=False)).number)
    assert numbers == sorted(set(numbers))


async def test_other_streams_do_not_notice(nursery: trio.Nursery) -> None:
    text = '[server]\nbind = ["127.0.0.1:0"]\n' + "".join(
        f'[[cameras]]\nid = "{name}"\nsource = "pattern"\nwidth = 320\nheight = 240\n' for name in ("a", "b")
    )
    url = await start_box(nursery, text)
    async with open_viewer(url, "/ws/viewer/b") as other:
        first = await other.frame(placeholder=False)
        for pid in workers_of(os.getpid()):
            if f"cam-{'a'}" in Path(f"/proc/{pid}/comm").read_text():
                os.kill(pid, signal.SIGSTOP)
        seen = []
        with trio.move_on_after(3):
            while True:
                seen.append(await other.frame())
        assert not any(frame.placeholder for frame in seen)
        assert len(seen) > 60, f"{len(seen)} frames in 3 s"
        assert first.number < seen[-1].number


async def test_restarts_back_off(box: str, http: httpx.AsyncClient) -> None:
    """A worker that dies again and again is started less and less often."""
    kills = 0
    with trio.move_on_after(6):
        while True:
            for pid in workers_of(os.getpid()):
                os.kill(pid, signal.SIGKILL)
                kills += 1
            await trio.sleep(0.02)
    # 0.5 + 1 + 2 + 4 s: four or five attempts in 6 s, and never more.
    assert 3 <= kills <= 6
    [stream] = (await http.get(f"{box}/api/streams")).json()["streams"]
    assert (stream["status"], stream["reason"]) == ("offline", "the capture process was ended by signal 9")


async def test_stopping_a_stream_ends_its_worker_at_once(box: str, http: httpx.AsyncClient) -> None:
    await worker()
    await http.delete(f"{box}/api/streams/front")

    async def gone() -> bool:
        return not workers_of(os.getpid())

    await eventually(gone, within_s=2)


async def test_a_worker_that_dies_while_its_stream_is_stopped(nursery: trio.Nursery, http: httpx.AsyncClient) -> None:
    """Both in the same breath, many times: whichever is noticed first, the box lives on."""
    cameras = "".join(
        f'[[cameras]]\nid = "{name}"\nsource = "pattern"\nwidth = 320\nheight = 240\n' for name in ("a", "b", "c")
    )
    url = await start_box(nursery, f'[server]\nbind = ["127.0.0.1:0"]\n{cameras}')

    async def three_workers() -> bool:
        return len(workers_of(os.getpid())) == 3

    for _ in range(10):
        await eventually(three_workers)
        for pid in workers_of(os.getpid()):
            os.kill(pid, signal.SIGKILL)
        for name in ("a", "b", "c"):
            assert (await http.delete(f"{url}/api/streams/{name}")).status_code == 204
        for name in ("a", "b", "c"):
            assert (await http.post(f"{url}/api/streams", json={"id": name})).status_code == 200


async def test_nothing_is_encoded_while_nobody_watches(box: str) -> None:
    pid = await worker()

    def cpu_s() -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    await trio.sleep(1.0)  # a span of time is what is measured here
    before_s = cpu_s()
    await trio.sleep(2.0)
    assert cpu_s() - before_s <= 0.06, "an idle worker takes at most 3 % of a core"
