"""Streams as tests want them."""

from appliance.config import Camera, Preset
from appliance.config.model import shipped_presets
from appliance.streams.stream import Stream
from appliance.wire.hallway import Opened


def stream_of(camera: Camera | None = None, presets: dict[str, Preset] | None = None) -> Stream:
    """A stream that people want."""
    stream = Stream(camera or Camera(id="front"), presets or shipped_presets(), removable=True)
    stream.start()
    return stream


def opened(width: int, height: int) -> Opened:
    return Opened("usb", "/dev/video0", "MJPG", width, height, 30.0)


def slot_of(stream: Stream, preset: str) -> int:
    return stream.offer.names.index(preset)
