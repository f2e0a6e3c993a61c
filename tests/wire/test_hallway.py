"""The hallway: what one end says is what the other end hears, and nothing else is heard."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.config import Camera
from appliance.frame import Frame
from appliance.wire import hallway
from appliance.wire.controls import Choice, Control
from appliance.wire.hallway import Adjust, Beat, Controls, Failed, Open, Opened, Opening, Pushed, Rendition, Want

exactly = settings(derandomize=True, deadline=None)
text = st.text(max_size=40)
counts, u16, u64 = st.integers(0, 2**53), st.integers(0, 0xFFFF), st.integers(0, 2**64 - 1)
seconds = st.floats(allow_nan=False, allow_infinity=False)
cameras = st.builds(
    Camera,
    id=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,31}", fullmatch=True),
    source=st.sampled_from(["auto", "pattern", "usb:3", "usb:/dev/v4l/by-id/usb-x"]),
    rotation=st.sampled_from([0, 90, 180, 270]),
)
renditions = st.builds(
    Rendition,
    slot=st.integers(0, 255),
    height=st.none() | st.integers(16, 8192),
    fps=seconds,
    jpeg_quality=st.integers(50, 95),
    max_kbytes_per_s=st.none() | counts,
)
values = st.booleans() | st.integers(-(2**31), 2**31) | st.floats(0.1, 0.9) | text
controls = st.builds(
    Control,
    id=text,
    name=text,
    kind=st.sampled_from(["integer", "number", "boolean", "menu", "button"]),
    value=st.none() | values,
    default=st.none() | values,
    minimum=st.none() | st.floats(0.1, 0.9),
    choices=st.lists(st.builds(Choice, value=counts, label=text), max_size=3),
    active=st.booleans(),
)
kept = st.dictionaries(text, st.dictionaries(text, values, max_size=3), max_size=3)
down = (
    st.builds(Open, camera=cameras, first_number=counts, avoid=st.lists(text), kept=st.none() | kept)
    | st.builds(Want, renditions=st.lists(renditions, max_size=5))
    | st.builds(Adjust, model=text, number=counts, values=st.dictionaries(text, st.none() | values, max_size=3))
)
up = (
    st.builds(Opening, device=text)
    | st.builds(
        Opened,
        driver=text,
        device=text,
        pixel_format=text,
        width=counts,
        height=counts,
        fps=seconds,
        notice=text,
        model=text,
    )
    | st.builds(Beat, captured=counts, rejected=counts, unsent=counts, last_captured_s=seconds)
    | st.builds(
        Controls,
        model=text,
        controls=st.lists(controls, max_size=3),
        number=counts,
        refused=st.dictionaries(text, text, max_size=3),
    )
    | st.builds(Failed, reason=text)
)


def taken_apart(message: bytes) -> tuple[int, memoryview]:
    kind, length = hallway.decode_prefix(message[: hallway.PREFIX.size])
    body = memoryview(message)[hallway.PREFIX.size :]
    assert len(body) == length
    return kind, body


@exactly
@given(down)
def test_down(message: Open | Want | Adjust) -> None:
    assert hallway.decode_down(*taken_apart(hallway.encode(message))) == message


@exactly
@given(up)
def test_up(message: hallway.Up) -> None:
    assert hallway.decode_up(*taken_apart(hallway.encode(message))) == message


@exactly
@given(u64, st.binary(max_size=300))
def test_pushed(captured_us: int, data: bytes) -> None:
    pushed = Pushed(captured_us, data)
    assert hallway.decode_down(*taken_apart(hallway.encode_pushed(pushed))) == pushed


@exactly
@given(st.integers(0, 255), st.binary(max_size=300), u64, u64, seconds, u16, u16, st.integers(0, 95), seconds, seconds)
def test_frame(
    slot: int,
    data: bytes,
    number: int,
    captured_us: int,
    captured_s: float,
    width: int,
    height: int,
    quality: int,
    read_s: float,
    made_s: float,
) -> None:
    sent = Frame(data, number, captured_us, captured_s, width, height, quality, read_s=read_s, made_s=made_s)
    heard = hallway.decode_up(*taken_apart(hallway.encode_frame(slot, sent)))
    assert isinstance(heard, tuple)
    got_slot, got = heard
    assert got_slot == slot
    assert isinstance(got.data, bytes)  # a copy: the buffer it came in is used again
    assert (got.data, got.number, got.captured_us, got.captured_s) == (data, number, captured_us, captured_s)
    assert (got.width, got.height, got.jpeg_quality, got.placeholder) == (width, height, quality, False)
    assert (got.read_s, got.made_s) == (read_s, made_s)


@pytest.mark.parametrize("length", [0, hallway.MAX_MESSAGE_BYTES + 1, 2**32 - 1])
def test_broken_prefix(length: int) -> None:
    with pytest.raises(hallway.HallwayError, match=f"a message of {length} bytes"):
        hallway.decode_prefix(hallway.PREFIX.pack(length, ord("J")))


@pytest.mark.parametrize("length", [1, hallway.MAX_MESSAGE_BYTES])
def test_shortest_and_longest_message(length: int) -> None:
    assert hallway.decode_prefix(hallway.PREFIX.pack(length, ord("F"))) == (ord("F"), length - 1)


def test_one_end_does_not_say_what_the_other_end_says() -> None:
    frame = Frame(b"x", 1, 1, 1.0, 2, 2)
    for message in (hallway.encode(Beat(0, 0, 0, 0.0)), hallway.encode_frame(0, frame)):
        with pytest.raises(hallway.HallwayError):
            hallway.decode_down(*taken_apart(message))
    for message in (hallway.encode(Want([])), hallway.encode_pushed(Pushed(1, b"x"))):
        with pytest.raises(hallway.HallwayError):
            hallway.decode_up(*taken_apart(message))


@pytest.mark.parametrize("kind", [0, ord("j"), ord("X"), 255])
def test_unknown_kind(kind: int) -> None:
    for decode in (hallway.decode_up, hallway.decode_down):
        with pytest.raises(hallway.HallwayError, match=f"unknown kind {kind}"):
            decode(kind, memoryview(b"{}"))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("J", b""),
        ("J", b"{}"),
        ("J", b'{"type":"Dance"}'),
        ("J", b'{"type":"Failed"}'),
        ("J", b'{"type":"Failed","reason":"\xff"}'),
        ("J", b'{"x":' + b"[" * 100_000),
        ("F", b""),
        ("F", bytes(45)),
    ],
)
def test_unreadable_body(kind: str, body: bytes) -> None:
    with pytest.raises(hallway.HallwayError, match="cannot be read"):
        hallway.decode_up(ord(kind), memoryview(body))


def test_camera_is_checked_at_the_other_end_too() -> None:
    message = hallway.encode(Open(Camera(id="front"))).replace(b'"source":"auto"', b'"source":"file"')
    with pytest.raises(hallway.HallwayError, match="is not a source"):
        hallway.decode_down(*taken_apart(message))


@exactly
@given(st.sampled_from(b"JFP"), st.binary(max_size=80))
def test_any_bytes(kind: int, body: bytes) -> None:
    for decode in (hallway.decode_up, hallway.decode_down):
        try:
            heard = decode(kind, memoryview(body))
        except hallway.HallwayError:
            continue
        assert kind in b"FP"
        assert isinstance(heard, tuple)


def test_a_time_that_is_no_number_survives_as_what_it_is() -> None:
    heard = hallway.decode_up(*taken_apart(hallway.encode_frame(0, Frame(b"x", 1, 1, math.inf, 2, 2))))
    assert isinstance(heard, tuple)
    assert heard[1].captured_s == math.inf
