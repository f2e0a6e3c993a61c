"""The text messages of `/ws`, `/ws/viewer/{id}` and `/ws/stream/{id}`: `{"type": …, "data": {…}}`.

Rule 1: what a client may say is a struct here, with bounds; everything else is one clear error.
Rule 2: what the server says is a struct here too, so docs, page and code cannot drift apart unnoticed.
"""

import base64
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from appliance.config.model import Id
from appliance.frame import Frame
from appliance.wire.controls import Control, Value
from appliance.wire.mending import Recovery

Format = Literal["binary", "json"]
ViewerFps = Annotated[float, Meta(gt=0, le=120)]
Status = Literal["live", "starting", "offline"]


class EventError(ValueError):
    """This text is not a message we know; `str()` says what is wrong with it."""


# Client to server.


class StreamOnly(Struct, frozen=True, forbid_unknown_fields=True):
    stream_id: Id


class Join(Struct, frozen=True, forbid_unknown_fields=True):
    """Pictures of this stream, please. `fps` skips frames, `preset` chooses the quality."""

    stream_id: Id
    preset: str | None = None
    fps: ViewerFps | None = None
    format: Format = "binary"


class SetPreset(Struct, frozen=True, forbid_unknown_fields=True):
    stream_id: Id
    preset: str | None = None
    fps: ViewerFps | None = None


class Ack(Struct, frozen=True, forbid_unknown_fields=True):
    """This frame is on screen. `drawn_after_ms`: from the message's arrival in the page until then."""

    stream_id: Id
    frame_number: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    drawn_after_ms: Annotated[float, Meta(ge=0, le=60_000)] | None = None


class Ping(Struct, frozen=True, forbid_unknown_fields=True):
    """`t` comes back as it is; with `time` of the answer a page learns how its clock differs from the box's."""

    t: int | float


class SetValues(Struct, frozen=True, forbid_unknown_fields=True):
    """For everybody, and kept. None: back to the default."""

    stream_id: Id
    values: dict[str, Value | None]


class JoinStream(Struct, frozen=True, forbid_unknown_fields=True, tag="join_stream"):
    data: Join


class LeaveStream(Struct, frozen=True, forbid_unknown_fields=True, tag="leave_stream"):
    data: StreamOnly


class StartStream(Struct, frozen=True, forbid_unknown_fields=True, tag="start_stream"):
    data: StreamOnly


class StopStream(Struct, frozen=True, forbid_unknown_fields=True, tag="stop_stream"):
    data: StreamOnly


class ChoosePreset(Struct, frozen=True, forbid_unknown_fields=True, tag="set_preset"):
    data: SetPreset


class AckFrame(Struct, frozen=True, forbid_unknown_fields=True, tag="ack"):
    data: Ack


class PingServer(Struct, frozen=True, forbid_unknown_fields=True, tag="ping"):
    data: Ping


class GetControls(Struct, frozen=True, forbid_unknown_fields=True, tag="get_controls"):
    data: StreamOnly


class SetControls(Struct, frozen=True, forbid_unknown_fields=True, tag="set_controls"):
    data: SetValues


AboutControls = GetControls | SetControls
ClientEvent = JoinStream | LeaveStream | StartStream | StopStream | ChoosePreset | AboutControls | AckFrame | PingServer

# Server to client.


class Stages(Struct, frozen=True):
    """Where a picture's time goes, in ms: each the median of the last two seconds, None where nobody can know."""

    camera_ms: float | None = None  # captured -> its bytes are in the worker; of a remote producer: nothing
    worker_ms: float | None = None  # -> encoded, about to leave the worker
    server_ms: float | None = None  # -> given to the kernel for this viewer; the hallway is part of it
    wire_ms: float | None = None  # -> arrived where it is watched; half a round trip is an estimate
    drawn_ms: float | None = None  # -> drawn there, as the page says


class Dropped(Struct, frozen=True):
    """Frames a viewer lost, by cause."""

    unacknowledged: int = 0  # too many were on their way already
    unsent: int = 0  # the connection had not taken the one before


class Numbers(Struct, frozen=True):
    """How one viewer is served, over the last two seconds; None where unknown: who never says what arrived has no age."""

    fps: float
    kbytes_per_s: float
    age_ms_p50: float | None  # from capture until it was there, or on screen where the page says so
    age_ms_p95: float | None
    rtt_ms: float | None
    dropped: Dropped  # since it joined
    stages: Stages


class StreamInfo(Struct, frozen=True):
    """What a viewer knows of a stream; sent on join and at each change."""

    stream_id: str
    name: str
    status: Status
    reason: str  # why there is no picture, or what a person should know about the one there is
    running: bool  # people want it live; `status` is what came of it
    preset: str
    presets: list[str]
    width: int
    height: int
    fps: float
    jpeg_quality: int | None  # the stream's own choice for all viewers; None: as the preset says
    viewers: int
    dropped: int  # frames this viewer lost
    slot: int
    format: Format
    auto: bool = False  # this viewer's quality follows its connection
    rung: str = ""  # what it gets now, for people: "high", "high at 15 fps", …
    reduced: str = ""  # why it gets less than it chose, whatever its connection: "the board is 81 °C hot"
    numbers: Numbers | None = None
    recovery: Recovery | None = None  # None: nothing is being mended


class StreamControls(Struct, frozen=True):
    """What can be set on a stream's camera; for who asked, and then at each change."""

    stream_id: str
    controls: list[Control]


class Error(Struct, frozen=True):
    code: str
    message: str


class _Tell(Struct, frozen=True):
    type: str
    data: object


class _Taken(Struct, frozen=True, tag="ack"):
    """A box's answer to a picture of a producer."""


class _Refused(Struct, frozen=True, tag="error"):
    data: Error


_decoder = msgspec.json.Decoder(ClientEvent)
_answer_decoder = msgspec.json.Decoder(_Taken | _Refused)
_encoder = msgspec.json.Encoder()
_EVENTS = "join_stream, leave_stream, start_stream, stop_stream, set_preset, get_controls, set_controls, ack, ping"


def decode(text: str | bytes) -> ClientEvent:
    """A client's message. Raises EventError."""
    try:
        event: ClientEvent = _decoder.decode(text)
    except msgspec.ValidationError as error:
        reason = str(error)
        if "$.type" in reason or reason.endswith("field `type`"):
            raise EventError(f"unknown event; possible are {_EVENTS}") from error
        raise EventError(reason.replace("`", "")) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise EventError("not valid JSON") from error
    except RecursionError as error:
        raise EventError("nested too deeply") from error
    return event


def encode(type_: str, data: object) -> str:
    """One message of the server."""
    return _encoder.encode(_Tell(type_, data)).decode()


def error(code: str, message: str) -> str:
    """An `error` message."""
    return encode("error", Error(code, message))


def refusal_in(text: str | bytes) -> str | None:
    """Why the box did not take a producer's picture; None: it took it. Raises EventError."""
    try:
        answer = _answer_decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise EventError("an answer that is no message of ours") from error
    return answer.data.message if isinstance(answer, _Refused) else None


def json_frame(frame: Frame, stream_id: str, quality: str) -> bytes:
    """A frame as base64 JPEG in JSON; `timestamp` is the capture time in unix seconds, `quality` the preset's name."""
    return frame.once(("json", stream_id, quality), lambda frame: _json_frame(frame, stream_id, quality))


def _json_frame(frame: Frame, stream_id: str, quality: str) -> bytes:
    data = {
        "stream_id": stream_id,
        "timestamp": frame.captured_us / 1_000_000,
        "frame": base64.b64encode(frame.data).decode(),
        "frame_number": frame.number,
        "quality": quality,
    }
    return _encoder.encode(_Tell("frame", data))
