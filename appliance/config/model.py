"""What can be configured: frozen values with their defaults and their bounds.

Rule 1: a default stands here and nowhere else; `config/appliance.toml` shows each one and a test compares the two.
Rule 2: a value that passed through here is possible. Nobody downstream checks it again.
"""

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from appliance.config.address import Address, without_login

NATIVE = "native"  # the camera's own pictures, untouched where they are JPEG already
AUTO = "auto"  # as each viewer's connection allows: see streams/ladder.py

Id = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$(?!\n)")]  # `$` alone lets a line break at the end pass
LOWEST_JPEG_QUALITY = 50
JpegQuality = Annotated[int, Meta(ge=LOWEST_JPEG_QUALITY, le=95)]
Fps = Annotated[int, Meta(ge=1, le=120)]
Pixels = Annotated[int, Meta(ge=16, le=8192)]

SPARE_CONNECTIONS = 16  # beside one for each viewer: the page's own requests, scripts, health checks
MAX_PRESETS = 64  # a rendition travels under a slot of one byte

LONGEST_SOURCE = 255
SOURCE_FORMS = (
    "auto, pattern, published, usb:0, usb:/dev/v4l/by-id/…, csi:0, http://…, https://…, rtsp://…, ws://…, wss://…"
)

_LIBCAMERA_ID = re.compile(r"[A-Za-z/\\_][!-~]*")  # "/base/soc/i2c0mux/i2c@1/imx219@10"; ACPI boxes have \_SB_.…

_OF_SCHEME: dict[str, Literal["http", "rtsp", "ws"]] = {
    "http": "http",
    "https": "http",
    "rtsp": "rtsp",
    "ws": "ws",
    "wss": "ws",
}


class Source(Struct, frozen=True):
    """Where pictures come from, taken apart: `usb:/dev/video0` is kind "usb" with device "/dev/video0".

    Of a camera on the ribbon cable the device is its number or libcamera's id. Of an address on the network the device is
    the whole address, so whoever may open only some devices may open no address.
    """

    kind: Literal["auto", "pattern", "published", "usb", "csi", "http", "rtsp", "ws"]
    device: str = ""

    @classmethod
    def parse(cls, text: str) -> "Source":
        """Read the `source` key. Raises ValueError with the forms that are possible."""
        if text in ("auto", "pattern", "published"):
            return cls(text)  # type: ignore[arg-type]  # narrowed by the line above
        kind, _, device = text.partition(":")
        if kind == "usb" and re.fullmatch(r"[0-9]{1,3}", device):
            return cls("usb", f"/dev/video{int(device)}")
        if kind == "usb" and device.startswith("/") and device.isprintable() and len(text) <= LONGEST_SOURCE:
            return cls("usb", device)
        if kind in _OF_SCHEME:
            try:
                Address.parse(text)
            except ValueError as error:
                raise ValueError(f"source: {error}; possible are {SOURCE_FORMS}") from error
            return cls(_OF_SCHEME[kind], text)
        if kind == "csi" and re.fullmatch(r"[0-9]{1,2}", device):
            return cls("csi", str(int(device)))
        if kind == "csi" and _LIBCAMERA_ID.fullmatch(device) and len(text) <= LONGEST_SOURCE:
            return cls("csi", device)
        raise ValueError(
            f"source: {without_login(text)[:LONGEST_SOURCE]!r} is not a source; possible are {SOURCE_FORMS}"
        )


class Preset(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A named quality. The encoder lowers `jpeg_quality` down to 50, then skips frames, to stay inside the budget."""

    height: Pixels
    fps: Fps = 30
    jpeg_quality: JpegQuality = 85
    max_kbytes_per_s: Annotated[int, Meta(ge=10, le=100_000)] = 2000


def shipped_presets() -> dict[str, Preset]:
    """Low, medium and high as every box has them; a file may change them and add its own."""
    return {
        "low": Preset(height=320, fps=15, jpeg_quality=70, max_kbytes_per_s=500),
        "medium": Preset(height=480, fps=24, jpeg_quality=80, max_kbytes_per_s=1000),
        "high": Preset(height=720, fps=30, jpeg_quality=85, max_kbytes_per_s=2000),
    }


def check_name(name: str) -> None:
    """Raise ValueError for a name that could not stand in a picture, a log line or an argument."""
    if not name.isprintable():
        raise ValueError("name: holds characters that cannot be printed")


class Camera(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A camera and how its stream is offered."""

    id: Id
    name: Annotated[str, Meta(max_length=64)] = ""
    source: str = "auto"
    width: Pixels = 1280
    height: Pixels = 720
    fps: Fps = 30
    rotation: Literal[0, 90, 180, 270] = 0
    flip: Literal["none", "horizontal", "vertical", "both"] = "none"
    presets: list[str] = []  # offered to viewers; empty: all of them
    preset: str = "high"
    viewer_fps: Annotated[int, Meta(ge=0, le=120)] = 0
    viewer_jpeg_quality: Annotated[int, Meta(ge=0, le=95)] = 0
    autostart: bool = True

    def __post_init__(self) -> None:
        Source.parse(self.source)
        check_name(self.name)
        if 0 < self.viewer_jpeg_quality < LOWEST_JPEG_QUALITY:
            raise ValueError(
                f"viewer_jpeg_quality: {self.viewer_jpeg_quality} is none; 0 (as the preset says), or 50 to 95"
            )

    @property
    def parsed_source(self) -> Source:
        """`source`, taken apart."""
        return Source.parse(self.source)

    @property
    def shown_source(self) -> str:
        """`source` for people: of an address neither the login nor the query."""
        source = self.parsed_source
        return Address.parse(source.device).shown if source.kind in _OF_SCHEME.values() else self.source

    @property
    def title(self) -> str:
        """The name people see."""
        return self.name or self.id

    def captures_as(self, other: "Camera") -> bool:
        """Does a capture of the one do for the other too?"""
        keys = ("id", "source", "width", "height", "fps", "rotation", "flip")
        return all(getattr(self, key) == getattr(other, key) for key in keys)


class Server(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the box listens and which names and pages it trusts."""

    bind: Annotated[list[str], Meta(min_length=1, max_length=16)] = field(default_factory=lambda: ["127.0.0.1:8000"])
    allowed_hosts: list[str] = []
    allowed_origins: list[str] = []

    def __post_init__(self) -> None:
        for address in self.bind:
            if (
                not re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\]/]+):[0-9]{1,5}", address)
                or int(address.rpartition(":")[2]) > 65535
            ):
                raise ValueError(f"bind: {address!r} is not HOST:PORT (an IPv6 host stands in brackets)")
            if self.bind.count(address) > 1:
                raise ValueError(f"bind: {address!r} stands twice")


class Limits(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Bounds that keep one visitor from taking the box away from the others."""

    max_streams: Annotated[int, Meta(ge=1, le=64)] = 16
    max_viewers: Annotated[int, Meta(ge=1, le=10_000)] = 500
    max_viewers_per_address: Annotated[int, Meta(ge=1, le=10_000)] = 64
    max_connections: Annotated[int, Meta(ge=1, le=20_000)] = 640
    max_connections_per_address: Annotated[int, Meta(ge=1, le=20_000)] = 128
    request_timeout_s: Annotated[float, Meta(gt=0, le=600)] = 10.0
    send_timeout_s: Annotated[float, Meta(gt=0, le=600)] = 10.0

    def __post_init__(self) -> None:
        least = self.max_viewers + SPARE_CONNECTIONS
        if self.max_connections < least:
            raise ValueError(
                f"max_connections: {self.max_connections} are too few for max_viewers = {self.max_viewers} "
                f"and the page's own requests; make it {least} or more"
            )


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    server: Server = Server()
    limits: Limits = Limits()
    presets: Annotated[dict[Id, Preset], Meta(max_length=MAX_PRESETS)] = field(default_factory=shipped_presets)
    cameras: list[Camera] = field(default_factory=lambda: [Camera(id="camera", name="Camera")])

    def __post_init__(self) -> None:
        reserved = {NATIVE, AUTO} & set(self.presets)
        if reserved:
            raise ValueError(f"presets: the name {min(reserved)!r} is reserved; choose another")
        ids = [camera.id for camera in self.cameras]
        for camera_id in ids:
            if ids.count(camera_id) > 1:
                raise ValueError(f"cameras: the id {camera_id!r} stands twice")
        if len(self.cameras) > self.limits.max_streams:
            raise ValueError(
                f"cameras: {len(self.cameras)} cameras, but limits.max_streams is {self.limits.max_streams}"
            )
        for index, camera in enumerate(self.cameras):
            try:
                self.check_presets(camera)
            except ValueError as error:
                raise ValueError(f"cameras[{index}].{error}") from error

    def check_presets(self, camera: Camera) -> None:
        """Raise ValueError where `camera` names a preset that this box does not have."""
        known = [*self.presets, NATIVE]
        for name in camera.presets:  # `auto` is a choice among these, so it is none of them
            if name not in known:
                raise ValueError(f"presets: there is no preset {name!r}; there are {', '.join(known)}")
        if camera.preset not in [*known, AUTO]:
            raise ValueError(f"preset: there is no preset {camera.preset!r}; there are {', '.join([*known, AUTO])}")
        if camera.presets and camera.preset not in [*camera.presets, AUTO]:
            raise ValueError(f"preset: {camera.preset!r} is not among the presets that {camera.id!r} offers")


def to_builtins(value: Struct) -> dict[str, object]:
    """A struct as plain dictionaries, for JSON and for merging."""
    built: dict[str, object] = msgspec.to_builtins(value)
    return built
