"""What viewers and producers are told."""

import base64
import json

import pytest

from appliance.frame import Frame
from appliance.wire import events
from tests.wire.test_events import said


def test_frame_is_row_11() -> None:
    picture = bytes(range(256))
    frame = Frame(picture, number=42, captured_us=1_790_000_000_250_000, captured_s=1.0, width=2, height=2)
    message = json.loads(events.json_frame(frame, "front", "medium"))
    assert message == {
        "type": "frame",
        "data": {
            "stream_id": "front",
            "timestamp": 1790000000.25,
            "frame": base64.b64encode(picture).decode(),
            "frame_number": 42,
            "quality": "medium",
        },
    }


def test_frame_is_encoded_once_for_each_stream_and_quality() -> None:
    frame = Frame(b"picture", number=1, captured_us=1, captured_s=1.0, width=2, height=2)
    first = events.json_frame(frame, "front", "low")

    def again(_: Frame) -> bytes:
        raise AssertionError("built a second time")

    assert frame.once(("json", "front", "low"), again) == first == events.json_frame(frame, "front", "low")
    assert json.loads(events.json_frame(frame, "front", "high"))["data"]["quality"] == "high"
    assert json.loads(events.json_frame(frame, "back", "low"))["data"]["stream_id"] == "back"


def test_stream_info_and_error() -> None:
    info = events.StreamInfo(
        stream_id="front",
        name="Tür",
        status="live",
        reason="",
        running=True,
        preset="low",
        presets=["low", "native"],
        width=568,
        height=320,
        fps=15.0,
        jpeg_quality=None,
        viewers=2,
        dropped=3,
        slot=1,
        format="binary",
        auto=True,
        rung="low at 7.5 fps",
        numbers=events.Numbers(
            fps=7.5,
            kbytes_per_s=99.5,
            age_ms_p50=120.0,
            age_ms_p95=None,
            rtt_ms=20.1,
            dropped=events.Dropped(3, 0),
            stages=events.Stages(camera_ms=33.3, wire_ms=10.0),
        ),
    )
    message = json.loads(events.encode("stream_info", info))
    assert message["type"] == "stream_info"
    assert message["data"]["name"] == "Tür"
    assert set(message["data"]) == set(events.StreamInfo.__struct_fields__)
    assert message["data"]["numbers"]["dropped"] == {"unacknowledged": 3, "unsent": 0}
    assert message["data"]["numbers"]["stages"] == {
        "camera_ms": 33.3,
        "worker_ms": None,
        "server_ms": None,
        "wire_ms": 10.0,
        "drawn_ms": None,
    }
    assert json.loads(events.error("full", "no room")) == {
        "type": "error",
        "data": {"code": "full", "message": "no room"},
    }


def test_answers_to_a_producer() -> None:
    assert events.refusal_in(events.encode("ack", {"frame_number": 7})) is None
    assert events.refusal_in(events.error("bad_frame", "not a whole JPEG picture")) == "not a whole JPEG picture"
    for answer in ("", "{}", '{"type":"error"}', said("stream_info", {}), b"\xff\xd8", "[" * 100_000):
        with pytest.raises(events.EventError, match="an answer that is no message of ours"):
            events.refusal_in(answer)
