"""What a viewer may say."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.wire import events

exactly = settings(derandomize=True, deadline=None)


def said(type_: object, data: object) -> str:
    return json.dumps({"type": type_, "data": data})


# What a client may say.


@pytest.mark.parametrize(
    ("type_", "data", "event"),
    [
        ("join_stream", {"stream_id": "front"}, events.JoinStream(events.Join("front"))),
        (
            "join_stream",
            {"stream_id": "front", "preset": "low", "fps": 15, "format": "json"},
            events.JoinStream(events.Join("front", "low", 15.0, "json")),
        ),
        ("join_stream", {"stream_id": "a" * 32, "preset": None, "fps": None}, events.JoinStream(events.Join("a" * 32))),
        ("leave_stream", {"stream_id": "front"}, events.LeaveStream(events.StreamOnly("front"))),
        ("start_stream", {"stream_id": "front"}, events.StartStream(events.StreamOnly("front"))),
        ("stop_stream", {"stream_id": "front"}, events.StopStream(events.StreamOnly("front"))),
        ("set_preset", {"stream_id": "f"}, events.ChoosePreset(events.SetPreset("f"))),
        ("set_preset", {"stream_id": "f", "fps": 0.5}, events.ChoosePreset(events.SetPreset("f", None, 0.5))),
        ("set_preset", {"stream_id": "f", "preset": "auto"}, events.ChoosePreset(events.SetPreset("f", "auto"))),
        ("ack", {"stream_id": "f", "frame_number": 0}, events.AckFrame(events.Ack("f", 0))),
        ("ack", {"stream_id": "f", "frame_number": 2**63 - 1}, events.AckFrame(events.Ack("f", 2**63 - 1))),
        (
            "ack",
            {"stream_id": "f", "frame_number": 7, "drawn_after_ms": 12.25},
            events.AckFrame(events.Ack("f", 7, 12.25)),
        ),
        (
            "ack",
            {"stream_id": "f", "frame_number": 7, "drawn_after_ms": 60000},
            events.AckFrame(events.Ack("f", 7, 6e4)),
        ),
        ("ack", {"stream_id": "f", "frame_number": 7, "drawn_after_ms": None}, events.AckFrame(events.Ack("f", 7))),
        ("get_controls", {"stream_id": "front"}, events.GetControls(events.StreamOnly("front"))),
        (
            "set_controls",
            {"stream_id": "front", "values": {"gain": 1.5, "torch": True, "hue": None}},
            events.SetControls(events.SetValues("front", {"gain": 1.5, "torch": True, "hue": None})),
        ),
        ("ping", {"t": 12.5}, events.PingServer(events.Ping(12.5))),
        ("ping", {"t": -3}, events.PingServer(events.Ping(-3.0))),
    ],
)
def test_each_event(type_: str, data: object, event: events.ClientEvent) -> None:
    assert events.decode(said(type_, data)) == event
    assert events.decode(json.dumps({"data": data, "type": type_}).encode()) == event  # in any order, and as bytes


UNKNOWN = (
    "unknown event; possible are join_stream, leave_stream, start_stream, stop_stream, set_preset, "
    "get_controls, set_controls, ack, ping"
)
FRONT = '"stream_id":"front"'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (said("dance", {}), UNKNOWN),
        (said(5, {}), UNKNOWN),
        (said(None, {}), UNKNOWN),
        ('{"data":{"stream_id":"front"}}', UNKNOWN),
        ("{}", UNKNOWN),
        ('{"type":"ack","data":{"type":"x"}}', "Object contains unknown field type - at $.data"),
        ('{"type":"ping"}', "Object missing required field data"),
        ('{"type":"ping","data":{"t":1},"id":1}', "Object contains unknown field id"),
        ('{"type":"ping","data":{"t":1,"u":1}}', "Object contains unknown field u - at $.data"),
        ('{"type":"ping","data":[]}', "Expected object, got array - at $.data"),
        ('{"type":"ping","data":{}}', "Object missing required field t - at $.data"),
        ('{"type":"ping","data":{"t":null}}', "Expected int | float, got null - at $.data.t"),
        ('{"type":"ping","data":{"t":1e400}}', "Number out of range - at $.data.t"),
        ('{"type":"ping","data":{"t":' + "9" * 5000 + "}}", "Integer value out of range - at $.data.t"),
        (f'{{"type":"join_stream","data":{{{FRONT},"fps":0}}}}', "Expected float > 0.0 - at $.data.fps"),
        (f'{{"type":"join_stream","data":{{{FRONT},"fps":121}}}}', "Expected float <= 120.0 - at $.data.fps"),
        (f'{{"type":"join_stream","data":{{{FRONT},"format":"xml"}}}}', "Invalid enum value 'xml' - at $.data.format"),
        (f'{{"type":"set_preset","data":{{{FRONT},"preset":7}}}}', "Expected str | null, got int - at $.data.preset"),
        (f'{{"type":"ack","data":{{{FRONT},"frame_number":-1}}}}', "Expected int >= 0 - at $.data.frame_number"),
        (f'{{"type":"ack","data":{{{FRONT},"frame_number":1.5}}}}', "Expected int, got float - at $.data.frame_number"),
        (
            f'{{"type":"ack","data":{{{FRONT},"frame_number":1,"drawn_after_ms":-1}}}}',
            "Expected float >= 0.0 - at $.data.drawn_after_ms",
        ),
        (
            f'{{"type":"ack","data":{{{FRONT},"frame_number":1,"drawn_after_ms":60001}}}}',
            "Expected float <= 60000.0 - at $.data.drawn_after_ms",
        ),
        (
            f'{{"type":"ack","data":{{{FRONT},"frame_number":1,"drawn_after_ms":NaN}}}}',
            "not valid JSON",
        ),
        (
            f'{{"type":"ack","data":{{{FRONT},"frame_number":9223372036854775808}}}}',
            "Expected int <= 9223372036854775807 - at $.data.frame_number",
        ),
        (
            f'{{"type":"ack","data":{{{FRONT},"frame_number":{"9" * 400}}}}}',
            "Expected int <= 9223372036854775807 - at $.data.frame_number",
        ),
        ("[]", "Expected object, got array"),
        ("null", "Expected object, got null"),
        ('"ping"', "Expected object, got str"),
        ("[" * 60_000, "Expected object, got array"),
        ('{"data":' + "[" * 60_000, "nested too deeply"),
        ('{"data":' + '{"a":' * 10_000, "nested too deeply"),
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ('{"type":"ping","data":{"t":NaN}}', "not valid JSON"),
        ('{"type":"ping","data":{"t":Infinity}}', "not valid JSON"),
        ('{"type":"ping","data":{"t":1}} x', "not valid JSON"),
        ('{"type":"ping\ud800","data":{"t":1}}', "not valid JSON"),
        ('{"type":"\\ud800","data":{"t":1}}', "not valid JSON"),
    ],
)
def test_everything_else_is_one_clear_error(text: str, reason: str) -> None:
    with pytest.raises(events.EventError) as refused:
        events.decode(text)
    assert str(refused.value) == reason


@pytest.mark.parametrize("stream_id", ["", "Front", "a b", "../x", "a" * 33, "-a", "a\n", "é"])
def test_an_id_is_an_id(stream_id: str) -> None:
    with pytest.raises(events.EventError, match=r"at \$\.data\.stream_id"):
        events.decode(said("join_stream", {"stream_id": stream_id}))


def test_bytes_that_are_not_text() -> None:
    with pytest.raises(events.EventError):
        events.decode(b'{"type":"ping\xff"}')


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["front", "ack", "low"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["stream_id", "preset", "fps", "format", "frame_number", "drawn_after_ms", "t"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
EVENTS = ["join_stream", "leave_stream", "start_stream", "stop_stream", "set_preset", "ack", "ping"]


@settings(exactly, max_examples=300)
@given(st.sampled_from(EVENTS) | json_values, json_values)
def test_any_message_is_an_event_or_an_error(type_: object, data: object) -> None:
    event_or_error(said(type_, data))


@exactly
@given(st.text() | st.binary())
def test_any_text_is_an_event_or_an_error(text: str | bytes) -> None:
    event_or_error(text)


def event_or_error(text: str | bytes) -> None:
    try:
        event = events.decode(text)
    except events.EventError:
        return
    assert events.decode(msgspec.json.encode(event)) == event
