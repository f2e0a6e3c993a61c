"""What the outside sees of a stream."""

import time

from msgspec import Struct

from appliance.config import NATIVE
from appliance.streams.stream import Stream
from appliance.streams.subscription import Subscription
from appliance.wire.events import Format, Status, StreamInfo


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


def state_of(stream: Stream) -> StreamState:
    """The state of `stream` now."""
    opened, camera = stream.opened, stream.camera
    width, height = stream.size_of(NATIVE)
    return StreamState(
        id=stream.id,
        name=stream.name,
        status=stream.status,
        reason=stream.reason,
        source=camera.source,
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
    )


def info_of(stream: Stream, subscription: Subscription, slot: int, format_: Format) -> StreamInfo:
    """What one viewer of `stream` is told."""
    width, height = stream.size_of(subscription.preset)
    fps = stream.offer.fps_of(subscription.preset)
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
    )


def captured_fps(stream: Stream) -> float:
    """Pictures per second the camera delivers now."""
    return stream.captured.rate(time.monotonic()) if stream.status == "live" else 0.0
