"""/metrics: what Prometheus reads is well-formed, true, and has no label that grows."""

import math
import re
import time
from pathlib import Path

import httpx
import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import parser
from prometheus_client.parser import text_string_to_metric_families as metrics_of

from appliance import __version__
from appliance.config import Camera, Config, Limits
from appliance.frame import Frame
from appliance.server.box import Box
from appliance.server.exposition import text_of
from appliance.streams.registry import Registry
from appliance.streams.stream import Stream
from appliance.system.board import Board, Disk, looked_at
from appliance.system.machine import ThisMachine
from tests.support.clients import eventually
from tests.support.sysfs import Sysfs
from tests.test_house import answer_of

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
BASE_UNITS = ("_seconds", "_bytes")
OTHER_UNITS = re.compile(r"_(ms|milliseconds|minutes|kbytes|kilobytes|kb|percent|us|microseconds)(_|$)")
LABELS = {"stream", "rendition", "cause", "stage", "le", "version"}
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def nothing() -> list[dict[str, object]]:
    return []


@pytest.fixture
async def quiet_box() -> Box:
    """A box that nothing runs in: only what a test does happens."""
    cameras = [Camera(id="front", source="pattern"), Camera(id="back", source="pattern", autostart=False)]
    config = Config(cameras=cameras, limits=Limits(max_streams=4))
    return Box(config=config, registry=Registry(config), attached_cameras=nothing, names=[])


def open_metrics_of(text: str) -> list[Metric]:
    """Of a strict parser: units, order and the end count."""
    return list(parser.text_string_to_metric_families(text))  # type: ignore[no-untyped-call]


def samples(text: bytes) -> Samples:
    families = list(metrics_of(text.decode()))
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def of(box: Box) -> Samples:
    return samples(text_of(box, "")[0])


def watched(stream: Stream) -> None:
    """Somebody got three frames, said where one of them was, and lost two."""
    figures = stream.subscribe("low").figures
    figures.note_every_s = 0.0
    captured_s = time.monotonic() - 0.2
    for number in range(3):
        frame = Frame(b"", number, 0, captured_s, 2, 2, read_s=captured_s + 0.03, made_s=captured_s + 0.04)
        stream.totals.published(frame)
        figures.sent(frame, 1000, captured_s + 0.05)
    figures.landed(1, captured_s + 0.12, 0.02, 0.01)
    figures.lost("unsent")
    figures.lost("unsent")


async def test_names_units_and_types_are_those_of_prometheus(quiet_box: Box) -> None:
    """What `promtool check metrics` looks for."""
    watched(quiet_box.registry.get("front"))
    text = text_of(quiet_box, "")[0].decode()
    families = {family.name: family for family in metrics_of(text)}
    assert len(families) > 15
    for family in families.values():
        ours = family.name.startswith("camera_appliance_")
        assert ours or family.name.startswith("process_"), family.name
        assert family.documentation.endswith("."), family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name
        assert not OTHER_UNITS.search(family.name), family.name
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter"), sample.name
            assert not sample.name.endswith(("_count", "_sum", "_bucket")) or family.type == "histogram"
            assert set(sample.labels) <= LABELS, sample.labels
            assert math.isfinite(sample.value)
    lines = text.splitlines()
    for name in (line.split()[2] for line in lines if line.startswith("# TYPE ")):
        assert sum(line.startswith(f"# HELP {name} ") for line in lines) == 1


async def test_both_formats_say_the_same(quiet_box: Box) -> None:
    watched(quiet_box.registry.get("front"))
    plain, content_type = text_of(quiet_box, "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
    assert content_type == PLAIN
    asked = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,*/*;q=0.1"
    opened, content_type = text_of(quiet_box, asked)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert opened.endswith(b"# EOF\n")
    families = {family.name: family for family in open_metrics_of(opened.decode())}
    for name, family in families.items():
        assert not family.unit or name.endswith(family.unit)
        assert not name.endswith(BASE_UNITS) or family.unit or name.startswith("process_"), name
    assert {sample.name for family in families.values() for sample in family.samples} == {
        name for name, _ in samples(plain)
    }


@pytest.mark.parametrize(
    "accept", ["application/openmetrics-text; version=abc", "text/plain; version=x", "\x00", "a" * 5000, ",;=,"]
)
async def test_any_accept_is_answered(quiet_box: Box, accept: str) -> None:
    text, content_type = text_of(quiet_box, accept)
    assert text
    assert content_type.startswith(("text/plain", "application/openmetrics-text; version=1.0.0"))


async def test_what_happened_is_what_it_says(quiet_box: Box) -> None:
    stream = quiet_box.registry.get("front")
    before = of(quiet_box)
    watched(stream)
    stream.captured_total, stream.restarts, stream.last_captured_s = 90, 2, time.monotonic() - 3
    stream.mending.usb_resets, stream.mending.unplugged, stream.mending.stuck = 1, 3, 1
    stream.set_status("live")
    quiet_box.refused["viewers"] += 4
    now = of(quiet_box)
    front = ("stream", "front")

    def value(name: str, *labels: tuple[str, str]) -> float:
        return now["camera_appliance_" + name, tuple(sorted([front, *labels]))]

    assert now["camera_appliance_build_info", (("version", __version__),)] == 1
    assert now["camera_appliance_refused_total", (("cause", "viewers"),)] == 4
    assert (value("stream_up"), value("stream_wanted")) == (1, 1)
    assert now["camera_appliance_stream_up", (("stream", "back"),)] == 0
    assert value("viewers", ("rendition", "low")) == 1
    assert value("viewers", ("rendition", "high")) == 0
    assert value("viewers_joined_total") == 1
    assert value("pictures_captured_total") == 90
    assert value("worker_restarts_total") == 2
    assert (value("usb_resets_total"), value("camera_unplugged_total"), value("stuck_workers")) == (1, 3, 1)
    assert (value("frames_sent_total"), value("sent_bytes_total")) == (3, 3000)
    assert value("frames_dropped_total", ("cause", "unsent")) == 2
    assert value("frames_dropped_total", ("cause", "unacknowledged")) == 0
    assert time.time() - value("last_picture_timestamp_seconds") == pytest.approx(3, abs=0.5)
    stages = {stage: value("latency_seconds", ("stage", stage)) for stage in ("camera", "worker", "server", "drawn")}
    assert stages == {"camera": 0.03, "worker": 0.01, "server": 0.01, "drawn": 0.01}
    assert value("latency_seconds", ("stage", "wire")) == pytest.approx(0.05)
    assert value("picture_age_seconds_bucket", ("le", "0.1")) == 0
    assert value("picture_age_seconds_bucket", ("le", "0.2")) == 1
    assert value("picture_age_seconds_bucket", ("le", "+Inf")) == value("picture_age_seconds_count") == 1
    assert value("picture_age_seconds_sum") == pytest.approx(0.11)
    counters = {key: count for key, count in before.items() if key[0].endswith("_total")}
    assert all(now[key] >= count for key, count in counters.items())


async def test_the_board(quiet_box: Box, tmp_path: Path) -> None:
    """What it says has its series, in base units; what it does not say has none."""
    assert not any(name.startswith("camera_appliance_board") for name, _ in of(quiet_box))
    sysfs = Sysfs(tmp_path)
    sysfs.throttled(0b1010)
    seen = looked_at(ThisMachine(tmp_path), Board(versions={"model": 'A "Pi"\n', "kernel": "6.12"}), Disk(10**9, 10**6))
    quiet_box.board = seen
    now = {name: value for (name, labels), value in of(quiet_box).items() if not labels}
    board = {name.partition("board_")[2]: value for name, value in now.items() if "_board_" in name}
    assert time.time() - board.pop("boot_timestamp_seconds") == pytest.approx(86400.5, abs=5)
    assert board == {
        "temperature_celsius": 48.3,
        "under_voltage": 0,
        "slowed": 1,
        "memory_total_bytes": 3884008 * 1024,
        "memory_available_bytes": 2400000 * 1024,
        "cma_total_bytes": 524288 * 1024,
        "cma_free_bytes": 400000 * 1024,
        "disk_total_bytes": 10**9,
        "disk_free_bytes": 10**6,
        "wifi_signal_dbm": -56,
        "clock_synchronised": 1,
    }
    assert of(quiet_box)["camera_appliance_board_info", (("kernel", "6.12"), ("model", 'A "Pi"\n'))] == 1
    opened = open_metrics_of(text_of(quiet_box, "application/openmetrics-text")[0].decode())
    assert {family.unit for family in opened if "_board_" in family.name} == {"", "celsius", "bytes", "seconds"}


async def test_labels_do_not_grow(quiet_box: Box) -> None:
    """Viewers come and go without a trace in the names; a stream that is removed takes its series along."""
    before = set(of(quiet_box))
    for _ in range(50):
        stream = quiet_box.registry.get("front")
        subscription = stream.subscribe("auto", fps=0.123)
        subscription.kind, subscription.address = "mjpeg", "192.0.2.7:5000"
        assert not any("192.0.2.7" in str(key) for key in of(quiet_box))
        stream.leave(subscription)
    assert set(of(quiet_box)) == before
    quiet_box.registry.create(Camera(id="demo", source="pattern"))
    assert any(("stream", "demo") in labels for _, labels in of(quiet_box))
    quiet_box.registry.end("demo")
    assert set(of(quiet_box)) == before


def test_boxes_that_nobody_scrapes_do_not_load_the_library() -> None:
    assert answer_of("import appliance.main, sys; print('prometheus_client' in sys.modules)") == "False"


async def test_the_running_box_answers(box: str, http: httpx.AsyncClient) -> None:
    await http.get(f"{box}/snapshot")

    async def captured() -> bool:
        answer = await http.get(f"{box}/metrics", headers={"Accept": "*/*"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, PLAIN)
        assert answer.headers["cache-control"] == "no-store"
        seen = samples(answer.content)
        assert seen["process_resident_memory_bytes", ()] > 2**20
        assert seen["process_cpu_seconds_total", ()] > 0
        assert 0 <= time.time() - seen["process_start_time_seconds", ()] < 86400
        return seen["camera_appliance_pictures_captured_total", (("stream", "front"),)] > 0

    await eventually(captured)
    answer = await http.get(f"{box}/metrics", headers={"Accept": "application/openmetrics-text"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert open_metrics_of(answer.text)
