"""/api/status: who gets what, what that comes to, and where a picture's time goes."""

import json
import time
from pathlib import Path

import httpx
import msgspec
import pytest
import trio

from appliance.config import Camera, Config
from appliance.frame import Frame
from appliance.server.status_api import VIEWERS_AT_A_TIME, BoxStatus, status_of
from appliance.server.views import info_of, totals_of
from appliance.streams.registry import Registry
from appliance.streams.stream import Stream
from appliance.streams.subscription import Subscription
from appliance.system.board import POWER_CONCERN
from appliance.system.looking import Lookout
from appliance.wire.events import Dropped, Stages
from tests.support.boxes import start_box
from tests.support.clients import eventually, open_mjpeg, open_viewer
from tests.support.sysfs import Sysfs

STAGES = ("camera_ms", "worker_ms", "server_ms", "wire_ms", "drawn_ms")


@pytest.fixture
async def stream() -> Stream:
    """A stream that nothing runs: only what a test does happens."""
    return Registry(Config(cameras=[Camera(id="front", source="pattern")])).get("front")


def serve(stream: Stream, subscription: Subscription, *, frames: int = 20, wire_ms: float | None = None) -> None:
    """So many frames of the last second; after `wire_ms` and 5 ms of drawing each is on screen."""
    began_s = time.monotonic() - 1
    for number in range(frames):
        captured_s = began_s + number / frames
        frame = Frame(b"", number, 0, captured_s, 2, 2, read_s=captured_s + 0.03, made_s=captured_s + 0.04)
        stream.totals.published(frame)
        subscription.figures.sent(frame, 10_000, captured_s + 0.05)
        if wire_ms is not None:
            subscription.figures.landed(number, captured_s + 0.065 + wire_ms / 1000, 0.02, 0.005)


async def test_each_viewer_and_all_together(stream: Stream) -> None:
    page, player, gone = stream.subscribe("low"), stream.subscribe("high"), stream.subscribe("high")
    page.kind, player.kind, player.address = "websocket", "mjpeg", "192.0.2.7"
    serve(stream, page, wire_ms=10)
    serve(stream, player)
    serve(stream, gone, wire_ms=10)
    page.figures.lost("unacknowledged")
    gone.figures.lost("unsent")
    stream.leave(gone)
    status = await status_of(stream)
    seen, unseen = status.watching
    assert (seen.kind, seen.preset, seen.rung, seen.auto) == ("websocket", "low", "low", False)
    assert seen.fps == pytest.approx(20, abs=0.1)
    assert seen.kbytes_per_s == pytest.approx(200, abs=1)
    assert (seen.age_ms_p50, seen.age_ms_p95, seen.rtt_ms) == (65.0, 65.0, 20.0)
    assert (seen.frames_sent, seen.bytes_sent, seen.dropped) == (20, 200_000, Dropped(1, 0))
    assert seen.stages == Stages(30.0, 10.0, 10.0, 10.0, 5.0)
    assert (unseen.kind, unseen.preset, unseen.age_ms_p50) == ("mjpeg", "high", None)
    assert unseen.stages == Stages(30.0, 10.0, 10.0)
    assert "192.0.2.7" not in msgspec.json.encode(status).decode()
    numbers = status.numbers
    assert (numbers.viewers_ever, numbers.frames_sent, numbers.bytes_sent) == (3, 60, 600_000)
    assert numbers.dropped == Dropped(1, 1)
    assert (numbers.age_ms_p50, numbers.age_ms_p95) == (65.0, 65.0)
    latency = msgspec.structs.asdict(numbers.latency)
    assert [latency[stage] for stage in STAGES] == [30.0, 10.0, 10.0, 10.0, 5.0]
    assert latency["sum_ms"] == 65.0
    totals = totals_of([status, status])
    assert (totals.viewers_ever, totals.frames_sent, totals.dropped) == (6, 120, Dropped(2, 2))


async def test_nobody_and_nothing(stream: Stream) -> None:
    status = await status_of(stream)
    assert (status.watching, status.numbers.fps_sent, status.numbers.viewers_ever) == ([], 0.0, 0)
    assert set(msgspec.structs.asdict(status.numbers.latency).values()) == {None}
    assert totals_of([]).frames_sent == 0


async def test_what_befell_the_camera(stream: Stream) -> None:
    stream.restarts, stream.mending.usb_resets, stream.mending.unplugged, stream.mending.stuck = 5, 1, 3, 2
    stream.mending.plan("usb_reset", 3, 5.0, "the camera stopped delivering pictures")
    status = await status_of(stream)
    assert status.recovery == stream.recovery == info_of(stream, stream.subscribe("low"), 0, "binary").recovery
    assert status.recovery is not None
    counters = status.counters
    assert (counters.worker_restarts, counters.usb_resets, counters.unplugged, counters.stuck_workers) == (5, 1, 3, 2)
    totals = totals_of([status, status])
    assert (totals.worker_restarts, totals.usb_resets, totals.unplugged, totals.stuck_workers) == (10, 2, 6, 4)


async def test_many_viewers_do_not_hold_the_streams_up(stream: Stream, nursery: trio.Nursery) -> None:
    """The answer is worked out in pieces; between them others get their turn. Who leaves meanwhile is told of all the same."""
    subscriptions = [stream.subscribe("low") for _ in range(200)]
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1
            if turns == 3:
                stream.leave(subscriptions.pop())

    nursery.start_soon(others)
    status = await status_of(stream)
    nursery.cancel_scope.cancel()
    assert len(status.watching) == 200
    assert turns > 200 // VIEWERS_AT_A_TIME // 2


async def test_stream_info_says_what_a_viewer_gets(stream: Stream) -> None:
    subscription = stream.subscribe("auto")
    info = info_of(stream, subscription, 3, "binary")
    assert (info.auto, info.rung, info.numbers) == (True, subscription.rung_name, None)
    serve(stream, subscription, wire_ms=10)
    numbers = subscription.figures.numbers(time.monotonic())
    assert info_of(stream, subscription, 3, "binary", numbers).numbers is numbers
    assert not info_of(stream, stream.subscribe("low"), 3, "binary").auto


async def test_the_board_and_what_is_wrong_with_it(
    nursery: trio.Nursery, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    sysfs = Sysfs(tmp_path)
    sysfs.under_voltage(True)
    sysfs.gone("/run/systemd/timesync/synchronized")
    url = await start_box(nursery, lookout=Lookout(tmp_path, 0.05))
    status = msgspec.json.decode((await http.get(f"{url}/api/status")).content, type=BoxStatus)
    assert status.board.temperature_c == 48.3, "known before anybody could ask"
    assert status.board.concerns[0] == POWER_CONCERN
    assert status.warnings == [POWER_CONCERN], "the urgent ones"
    sysfs.under_voltage(False)

    async def is_well() -> bool:
        told = msgspec.json.decode((await http.get(f"{url}/api/status")).content, type=BoxStatus)
        return not told.warnings and told.board.versions.get("model", "").startswith("Raspberry Pi 4")

    await eventually(is_well)


async def test_the_running_box_says_where_the_time_goes(box: str, http: httpx.AsyncClient) -> None:
    """The issue's own words: the latency split of a running stream is visible in /api/status."""
    async with (
        open_viewer(box, "/ws/viewer/front?preset=low") as viewer,
        open_mjpeg(f"{box}/api/streams/front/mjpeg?preset=low") as player,
    ):

        async def all_known() -> bool:
            for _ in range(5):
                frame = await viewer.frame()
                ack = {"stream_id": "front", "frame_number": frame.number, "drawn_after_ms": 4.0}
                await viewer.socket.send_message(json.dumps({"type": "ack", "data": ack}))
                await player.part()
            status = msgspec.json.decode((await http.get(f"{box}/api/status")).content, type=BoxStatus)
            [front] = status.streams
            if None in msgspec.structs.astuple(front.numbers.latency) or len(front.watching) != 2:
                return False
            page = next(each for each in front.watching if each.kind == "websocket")
            assert {each.kind for each in front.watching} == {"websocket", "mjpeg"}
            latency = front.numbers.latency
            assert latency.sum_ms == pytest.approx(sum(getattr(latency, stage) for stage in STAGES), abs=0.1)
            assert status.totals.frames_sent == front.numbers.frames_sent >= front.watching[0].frames_sent
            return page.age_ms_p50 is not None and page.stages.drawn_ms is not None and page.fps > 1

        await eventually(all_known, within_s=15)
