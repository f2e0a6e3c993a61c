"""The hallway between the server and a camera's worker process: length-prefixed messages over a Unix socket pair.

    u32 length of what follows (big endian) | u8 kind | body
    kind "J": JSON, one of the structs below      kind "F": a frame, upwards      kind "P": a pushed JPEG, downwards

Rule 1: both ends read this file and nothing else of each other.
Rule 2: a message longer than MAX_MESSAGE_BYTES is a broken peer, not a bigger buffer.
"""

import struct
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from appliance.config import Camera
from appliance.frame import Frame
from appliance.wire.controls import Control, Value

MAX_MESSAGE_BYTES = 16 * 1024 * 1024  # an 8K JPEG at quality 95 stays below
PREFIX = struct.Struct(">IB")  # length counts the kind byte too
_FRAME = struct.Struct(
    ">BBHHQQddd"
)  # slot, JPEG quality (0: the camera's own), width, height, number, captured µs; captured, read and made in s
FRAME_HEAD_BYTES = _FRAME.size
_PUSHED = struct.Struct(">Q")  # captured µs
_JSON, _FRAME_KIND, _PUSHED_KIND = ord("J"), ord("F"), ord("P")


# What went wrong, for whoever decides what is done about it; the words beside it are for people. In turn: the device is not there;
# another program has it; it may not be opened; it does not answer; it sends nothing; it sends no whole picture; it fails what a
# camera has to do; the process ended. "other": nobody knows, or nothing can be done but to try again.
Kind = Literal["gone", "busy", "permission", "hung", "silent", "broken", "refused", "ended", "other"]


class HallwayError(Exception):
    """The other end does not speak this protocol."""


class Rendition(Struct, frozen=True):
    """What the worker is asked to make: one size, rate and quality, sent under `slot`."""

    slot: int
    height: int | None  # None: as the camera delivers it
    fps: float
    jpeg_quality: int
    max_kbytes_per_s: int | None  # None: no budget
    passthrough: bool = True  # camera JPEGs may go through untouched where size, rate and budget fit


# Down: server to worker.


class Open(Struct, frozen=True, tag=True):
    """First message: the camera to open, the number its first frame gets, devices that hung when opened before, and the
    heights that viewers are likely to want, likeliest first: a camera that scales by itself makes one of them beside its own.
    """

    camera: Camera
    first_number: int = 0
    avoid: list[str] = []
    heights: list[int] = []
    # What people set, by the model it was set on; to be in effect before the first picture. None: the controls are to be left alone.
    kept: dict[str, dict[str, Value]] | None = {}


class Want(Struct, frozen=True, tag=True):
    """All renditions that are wanted from now on; none: deliver nothing, stay ready."""

    renditions: list[Rendition]


class Adjust(Struct, frozen=True, tag=True):
    """Set these controls of this model of camera; None: back to the default. Answered with Controls of the same number."""

    model: str
    number: int
    values: dict[str, Value | None]


# Up: worker to server.


class Opening(Struct, frozen=True, tag=True):
    """About to touch this device. If nothing follows, that is where the worker hangs."""

    device: str


class Opened(Struct, frozen=True, tag=True):
    """The camera is open and delivers like this; again when that changes. `notice`: what a person should know, such as a fallback."""

    driver: str
    device: str
    pixel_format: str
    width: int
    height: int
    fps: float
    notice: str = ""
    model: str = ""  # what its maker calls it, where `device` says only where it is

    @property
    def known_as(self) -> str:
        """By what its settings are known: the same for cameras that understand the same."""
        return f"{self.driver}: {self.model or self.device}"


class Controls(Struct, frozen=True, tag=True):
    """What can be set on the camera now: after Opened, and in answer to Adjust."""

    model: str  # Opened.known_as
    controls: list[Control]
    number: int = 0  # of the Adjust that it answers; 0: of none
    refused: dict[str, str] = {}  # what could not be set, each with the reason for people


class Beat(Struct, frozen=True, tag=True):
    """Sign of life, at least twice a second: totals since the worker started, and when it last captured."""

    captured: int
    rejected: int  # pictures dropped because they were not whole
    unsent: int  # frames dropped because the server did not take them in time
    last_captured_s: float  # CLOCK_MONOTONIC


class Failed(Struct, frozen=True, tag=True):
    """The camera cannot deliver; the worker ends after this. `reason` is for people, `kind` for the recovery."""

    reason: str
    kind: Kind = "other"


class Pushed(NamedTuple):
    """A JPEG from a remote producer, on its way down to the worker of a published camera."""

    captured_us: int
    data: bytes


Down = Open | Want | Adjust | Pushed
Up = Opening | Opened | Controls | Beat | Failed

_down = msgspec.json.Decoder(Open | Want | Adjust)
_up = msgspec.json.Decoder(Opening | Opened | Controls | Beat | Failed)
_encoder = msgspec.json.Encoder()


def encode(message: Open | Want | Adjust | Up) -> bytes:
    """A JSON message with its prefix."""
    return _prefixed(_JSON, _encoder.encode(message))


def encode_pushed(pushed: Pushed) -> bytes:
    """A pushed JPEG with its prefix."""
    return _prefixed(_PUSHED_KIND, _PUSHED.pack(pushed.captured_us), pushed.data)


def encode_frame(slot: int, frame: Frame) -> bytes:
    """A frame of the rendition in `slot`, with its prefix."""
    head = _FRAME.pack(
        slot,
        frame.jpeg_quality,
        frame.width,
        frame.height,
        frame.number,
        frame.captured_us,
        frame.captured_s,
        frame.read_s,
        frame.made_s,
    )
    return _prefixed(_FRAME_KIND, head, frame.data)


def decode_prefix(data: bytes | bytearray) -> tuple[int, int]:
    """Kind, and how many bytes of body follow. Raises HallwayError."""
    length, kind = PREFIX.unpack(data)
    if not 1 <= length <= MAX_MESSAGE_BYTES:
        raise HallwayError(f"a message of {length} bytes")
    return kind, length - 1


def is_frame(kind: int, length: int) -> bool:
    """Whether a message is a frame: a head of FRAME_HEAD_BYTES, then the picture."""
    return kind == _FRAME_KIND and length >= FRAME_HEAD_BYTES


def decode_frame(head: bytes | memoryview, data: bytes) -> tuple[int, Frame]:
    """A frame from its head and its picture, with its slot."""
    slot, quality, width, height, number, captured_us, captured_s, read_s, made_s = _FRAME.unpack(head)
    return slot, Frame(data, number, captured_us, captured_s, width, height, quality, read_s=read_s, made_s=made_s)


def decode_up(kind: int, body: memoryview) -> Up | tuple[int, Frame]:
    """A message of the worker; a frame comes with its slot. Raises HallwayError."""
    try:
        if kind == _FRAME_KIND:
            return decode_frame(body[:FRAME_HEAD_BYTES], bytes(body[FRAME_HEAD_BYTES:]))
        if kind == _JSON:
            up: Up = _up.decode(body)
            return up
    except (msgspec.DecodeError, UnicodeError, RecursionError, struct.error) as error:
        raise HallwayError(f"a message that cannot be read: {error}") from error
    raise HallwayError(f"a message of unknown kind {kind}")


def decode_down(kind: int, body: memoryview) -> Down:
    """A message of the server. Raises HallwayError."""
    try:
        if kind == _PUSHED_KIND:
            (captured_us,) = _PUSHED.unpack_from(body)
            return Pushed(captured_us, bytes(body[_PUSHED.size :]))
        if kind == _JSON:
            down: Down = _down.decode(body)
            return down
    except (msgspec.DecodeError, UnicodeError, RecursionError, struct.error) as error:
        raise HallwayError(f"a message that cannot be read: {error}") from error
    raise HallwayError(f"a message of unknown kind {kind}")


def _prefixed(kind: int, *parts: bytes) -> bytes:
    return b"".join((PREFIX.pack(1 + sum(map(len, parts)), kind), *parts))
