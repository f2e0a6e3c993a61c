"""Exposition: the box in the words of Prometheus. Everything is read when somebody asks; nothing is kept for it.

Rule 1: label values are names of this box's own: streams, of which there are at most limits.max_streams and which vanish when they are
        removed, renditions, causes and stages, and what the board and its software are called. None is a viewer's.
Rule 2: what people compare over time is a counter or a histogram, which add up over boxes and years; averages and rates are left to
        PromQL. Only the stages of latency are gauges, medians of two seconds: they answer where the time goes now.
Rule 3: moments are timestamps, not ages (`time() - x` is the age): so a scrape that comes late is not wrong.
"""

import time
from collections.abc import Callable, Iterator

from msgspec import structs
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder

from appliance import __version__
from appliance.server.board_metrics import PREFIX, board_metrics
from appliance.server.box import Box
from appliance.streams.figures import AGE_BOUNDS_S
from appliance.streams.freshness import stands_in
from appliance.streams.stream import Stream

OPEN_METRICS = "application/openmetrics-text"
_COUNTERS: dict[str, tuple[str, Callable[[Stream], int]]] = {
    "pictures_captured": ("Pictures the camera delivered.", lambda stream: stream.captured_total),
    "pictures_rejected": ("Pictures that were not whole.", lambda stream: stream.rejected_total),
    "worker_restarts": ("How often the capture process was started again.", lambda stream: stream.restarts),
    "usb_resets": ("How often its USB device was switched off and on.", lambda stream: stream.mending.usb_resets),
    "camera_unplugged": ("How often the camera left while it was open.", lambda stream: stream.mending.unplugged),
    "worker_frames_dropped": ("Frames the server did not take in time.", lambda stream: stream.totals.hallway_unsent),
    "viewers_joined": ("Viewers there ever were.", lambda stream: stream.totals.viewers_ever),
    "frames_sent": ("Frames sent to viewers.", lambda stream: stream.totals.frames_sent),
    "sent_bytes": ("Frames sent to viewers, as bytes on the wire.", lambda stream: stream.totals.bytes_sent),
}


def text_of(box: Box, accept: str) -> tuple[bytes, str]:
    """All metrics as text, and its content type: OpenMetrics for those who take it."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(
        registry=registry
    )  # memory, processor time, start and open files of the server, by their usual names
    registry.register(_BoxCollector(box))
    # In our words: the library fails on versions that are not numbers.
    encode, content_type = choose_encoder(f"{OPEN_METRICS}; version=1.0.0" if OPEN_METRICS in accept else "")
    return encode(registry), content_type


class _BoxCollector:
    """What the library asks at each scrape."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def collect(self) -> Iterator[Metric]:
        """Every family, all streams in each."""
        box = self._box
        streams = list(box.registry)
        yield InfoMetricFamily(f"{PREFIX}build", "Which program this is.", value={"version": __version__})
        yield GaugeMetricFamily(f"{PREFIX}viewers_limit", "How many may watch at once.", box.config.limits.max_viewers)
        refused = CounterMetricFamily(f"{PREFIX}refused", "What a limit kept out, by limit.", labels=["cause"])
        for cause, count in box.refused.items():
            refused.add_metric([cause], count)
        yield refused
        yield from board_metrics(box.board)
        words = "How far pictures are reduced for everybody to spare the board, 0 (not at all) to 3."
        yield GaugeMetricFamily(f"{PREFIX}reduction_level", words, box.registry.ceiling.level)
        yield _viewers(streams)
        yield from _states(streams)
        yield from _counters(streams)
        yield _ages(streams)
        yield _latency(streams)


def _viewers(streams: list[Stream]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}viewers", "Viewers who watch now.", labels=["stream", "rendition"])
    for stream in streams:
        counts = dict.fromkeys(stream.offer.renditions, 0)  # nobody's too: a series does not come and go
        for subscription in stream.subscriptions:
            counts[subscription.rendition] += 1
        for rendition, count in counts.items():
            family.add_metric([stream.id, rendition], count)
    return family


def _states(streams: list[Stream]) -> Iterator[Metric]:
    up = GaugeMetricFamily(
        f"{PREFIX}stream_up",
        "1 while the stream is live; a test pattern for want of a camera is not.",
        labels=["stream"],
    )
    stuck = GaugeMetricFamily(f"{PREFIX}stuck_workers", "Processes that cannot be ended now.", labels=["stream"])
    wanted = GaugeMetricFamily(f"{PREFIX}stream_wanted", "1 while people want it live.", labels=["stream"])
    last = GaugeMetricFamily(
        f"{PREFIX}last_picture_timestamp_seconds",
        "When the camera delivered its last picture, in unix time.",
        labels=["stream"],
        unit="seconds",
    )
    ahead_s = time.time() - time.monotonic()
    for stream in streams:
        up.add_metric([stream.id], float(stream.status == "live" and not stands_in(stream)))
        wanted.add_metric([stream.id], float(stream.running))
        stuck.add_metric([stream.id], stream.mending.stuck)
        if stream.captured_total:
            last.add_metric([stream.id], stream.last_captured_s + ahead_s)
    yield from (up, wanted, stuck, last)


def _counters(streams: list[Stream]) -> Iterator[Metric]:
    for name, (says, count_of) in _COUNTERS.items():
        unit = "bytes" if name.endswith("_bytes") else ""
        family = CounterMetricFamily(f"{PREFIX}{name}", says, labels=["stream"], unit=unit)
        for stream in streams:
            family.add_metric([stream.id], count_of(stream))
        yield family
    dropped = CounterMetricFamily(
        f"{PREFIX}frames_dropped", "Frames that viewers lost, by cause.", labels=["stream", "cause"]
    )
    for stream in streams:
        for cause, count in stream.totals.dropped.items():
            dropped.add_metric([stream.id, cause], count)
    yield dropped


def _ages(streams: list[Stream]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(
        f"{PREFIX}picture_age_seconds",
        "From capture until a viewer had the picture, of viewers who can tell.",
        labels=["stream"],
        unit="seconds",
    )
    for stream in streams:
        buckets, count = [], 0
        for bound, more in zip((*map(str, AGE_BOUNDS_S), "+Inf"), stream.totals.age_counts, strict=True):
            count += more
            buckets.append((bound, float(count)))
        family.add_metric([stream.id], buckets, stream.totals.age_sum_s)
    return family


def _latency(streams: list[Stream]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        f"{PREFIX}latency_seconds",
        "Where a picture's time goes: median of each stage over the last two seconds.",
        labels=["stream", "stage"],
        unit="seconds",
    )
    now_s = time.monotonic()
    for stream in streams:
        for stage, ms in structs.asdict(stream.totals.stages(now_s)).items():
            if ms is not None:
                family.add_metric([stream.id, stage.removesuffix("_ms")], round(ms / 1000, 4))
    return family
