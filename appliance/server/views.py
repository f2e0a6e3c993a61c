"""What the outside sees of a stream, and of those who watch it."""

import time

from msgspec import Struct, structs

from appliance.config import NATIVE
from appliance.server.box import Values
from appliance.streams.stream import Stream
from appliance.streams.subscription import Subscription
from appliance.wire.events import Dropped, Format, Numbers, Stages, Status, StreamInfo
from appliance.wire.mending import Recovery


class StreamState(Struct, frozen=True):
    """A stream as REST shows it."""

    id: str
    name: str
    status: Status
    reason: str
    source: str
    device: str
    preset: str
    presets: list[str]
    fps: int | None
    jpeg_quality: int | None
    width: int
    height: int
    captured_fps: float
    viewers: int
    removable: bool
    running: bool  # people want it live; `status` is what came of it
    lasts: bool  # after a restart it is there, and as people set it now
    recovery: Recovery | None  # what is being done about a camera that failed


class Counters(Struct, frozen=True):
    """Totals of a stream since the box started."""

    captured: int
    rejected: int  # pictures that were not whole
    worker_restarts: int
    usb_resets: int
    unplugged: int  # how often the camera left while it was open
    stuck_workers: int  # that cannot be ended now, because they sit in the kernel
    last_picture_age_s: float | None
    viewers_lost_frames: int  # those who watch now


class Latency(Stages, frozen=True):
    """The stages of all viewers together, and what the known ones come to."""

    sum_ms: float | None = None


class StreamNumbers(Struct, frozen=True):
    """What a stream's viewers got, also those that are gone; rates, ages and latency are those of the last two seconds."""

    viewers_ever: int
    frames_sent: int
    bytes_sent: int
    fps_sent: float
    kbytes_per_s: float
    dropped: Dropped
    age_ms_p50: float | None
    age_ms_p95: float | None
    latency: Latency


class Watching(Numbers, frozen=True, kw_only=True):
    """One viewer, who stays nameless here."""

    kind: str  # websocket, mjpeg or snapshot
    preset: str
    rung: str
    auto: bool
    frames_sent: int
    bytes_sent: int


class StreamStatus(StreamState, frozen=True, kw_only=True):
    """A stream with its numbers."""

    counters: Counters
    numbers: StreamNumbers
    watching: list[Watching]


class BoxTotals(Struct, frozen=True):
    """All streams there are, added up."""

    viewers_ever: int
    frames_sent: int
    bytes_sent: int
    fps_sent: float
    kbytes_per_s: float
    dropped: Dropped
    captured: int
    rejected: int
    worker_restarts: int
    usb_resets: int
    unplugged: int
    stuck_workers: int


def state_of(stream: Stream) -> StreamState:
    """The state of `stream` now."""
    opened, camera = stream.opened, stream.camera
    width, height = stream.size_of(NATIVE)
    return StreamState(
        id=stream.id,
        name=stream.name,
        status=stream.status,
        reason=stream.reason,
        source=camera.shown_source,
        device=(opened.device or opened.driver) if opened else "",
        preset=stream.offer.preset,
        presets=stream.offer.names,
        fps=stream.offer.fps,
        jpeg_quality=stream.offer.jpeg_quality,
        width=width,
        height=height,
        captured_fps=captured_fps(stream),
        viewers=stream.viewers,
        removable=stream.removable,
        running=stream.running,
        lasts=not stream.removable and not loose_of(stream),
        recovery=stream.recovery,
    )


def loose_of(stream: Stream) -> Values:
    """What people set for everybody that its configuration does not say, by the configuration's keys."""
    offer, camera = stream.offer, stream.camera
    now: Values = {"preset": offer.preset, "viewer_fps": offer.fps or 0, "viewer_jpeg_quality": offer.jpeg_quality or 0}
    name: Values = {} if stream.name == camera.title else {"name": stream.name}
    return name | {key: value for key, value in now.items() if value != getattr(camera, key)}


def info_of(
    stream: Stream, subscription: Subscription, slot: int, format_: Format, numbers: Numbers | None = None
) -> StreamInfo:
    """What one viewer of `stream` is told."""
    width, height = stream.size_of(subscription.rendition)
    fps = stream.offer.fps_of(subscription.rendition)
    return StreamInfo(
        stream_id=stream.id,
        name=stream.name,
        status=stream.status,
        reason=stream.reason,
        running=stream.running,
        preset=subscription.preset,
        presets=stream.offer.names,
        width=width,
        height=height,
        fps=min(fps, subscription.fps or fps),
        jpeg_quality=stream.offer.jpeg_quality,
        viewers=stream.viewers,
        dropped=subscription.lost,
        slot=slot,
        format=format_,
        auto=subscription.auto,
        rung=subscription.rung_name,
        reduced=stream.offer.reduction(subscription.wish, stream.opened),
        numbers=numbers,
        recovery=stream.recovery,
    )


def counters_of(stream: Stream) -> Counters:
    """How its camera and its present viewers fared."""
    age_s = time.monotonic() - stream.last_captured_s
    return Counters(
        captured=stream.captured_total,
        rejected=stream.rejected_total,
        worker_restarts=stream.restarts,
        usb_resets=stream.mending.usb_resets,
        unplugged=stream.mending.unplugged,
        stuck_workers=stream.mending.stuck,
        last_picture_age_s=round(age_s, 3) if stream.captured_total else None,
        viewers_lost_frames=sum(subscription.lost for subscription in stream.subscriptions),
    )


def numbers_of(stream: Stream) -> StreamNumbers:
    """What all its viewers got."""
    totals, now_s = stream.totals, time.monotonic()
    fps_sent, kbytes_per_s = totals.rates(now_s)
    age_ms_p50, age_ms_p95 = totals.ages_ms(now_s)
    stages = structs.asdict(totals.stages(now_s))
    known = [ms for ms in stages.values() if ms is not None]
    return StreamNumbers(
        viewers_ever=totals.viewers_ever,
        frames_sent=totals.frames_sent,
        bytes_sent=totals.bytes_sent,
        fps_sent=fps_sent,
        kbytes_per_s=kbytes_per_s,
        dropped=Dropped(**totals.dropped),
        age_ms_p50=age_ms_p50,
        age_ms_p95=age_ms_p95,
        latency=Latency(**stages, sum_ms=round(sum(known), 1) if known else None),
    )


def watching_of(subscription: Subscription) -> Watching:
    """One viewer."""
    figures = subscription.figures
    return Watching(
        **structs.asdict(figures.numbers(time.monotonic())),
        kind=subscription.kind,
        preset=subscription.preset,
        rung=subscription.rung_name,
        auto=subscription.auto,
        frames_sent=figures.frames_sent,
        bytes_sent=figures.bytes_sent,
    )


def totals_of(streams: list[StreamStatus]) -> BoxTotals:
    """The box."""
    numbers = [stream.numbers for stream in streams]
    counters = [stream.counters for stream in streams]
    return BoxTotals(
        viewers_ever=sum(each.viewers_ever for each in numbers),
        frames_sent=sum(each.frames_sent for each in numbers),
        bytes_sent=sum(each.bytes_sent for each in numbers),
        fps_sent=round(sum(each.fps_sent for each in numbers), 1),
        kbytes_per_s=round(sum(each.kbytes_per_s for each in numbers), 1),
        dropped=Dropped(
            unacknowledged=sum(each.dropped.unacknowledged for each in numbers),
            unsent=sum(each.dropped.unsent for each in numbers),
        ),
        captured=sum(each.captured for each in counters),
        rejected=sum(each.rejected for each in counters),
        worker_restarts=sum(each.worker_restarts for each in counters),
        usb_resets=sum(each.usb_resets for each in counters),
        unplugged=sum(each.unplugged for each in counters),
        stuck_workers=sum(each.stuck_workers for each in counters),
    )


def captured_fps(stream: Stream) -> float:
    """Pictures per second the camera delivers now."""
    return stream.captured.rate(time.monotonic()) if stream.status == "live" else 0.0
