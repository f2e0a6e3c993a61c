"""The binary WebSocket message, against the bytes that JavaScript is tested against too."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.frame import Codec, Frame
from appliance.wire import message

FIXTURES = Path(__file__).parents[1] / "fixtures"
exactly = settings(derandomize=True, deadline=None)
u16, u32, u64 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.integers(0, 2**64 - 1)


def frame(**changed: int | bool | bytes) -> Frame:
    fields = {"data": b"picture", "number": 1, "captured_us": 2, "captured_s": 3.0, "width": 4, "height": 5}
    return Frame(**{**fields, **changed})  # type: ignore[arg-type]  # the fields by name


def test_fixture_is_read_and_written() -> None:
    data = (FIXTURES / "frame_message.bin").read_bytes()
    said = json.loads((FIXTURES / "frame_message.json").read_text())
    payload = bytes.fromhex(said.pop("payload_hex"))
    assert message.decode(data)._asdict() == {**said, "payload": payload}
    slot, lost = said.pop("slot"), said.pop("lost")
    assert message.encode(frame(data=payload, **said), slot, lost) == data


def test_header_has_the_documented_size() -> None:
    assert len(message.header(frame(), 0, 0)) == message.HEADER.size == 24


@exactly
@given(st.binary(max_size=100), st.booleans(), st.booleans(), st.integers(0, 255), u16, u16, u32, u32, u64)
def test_round_trip(
    payload: bytes,
    key: bool,
    placeholder: bool,
    slot: int,
    width: int,
    height: int,
    number: int,
    lost: int,
    captured_us: int,
) -> None:
    sent = frame(
        data=payload,
        number=number,
        captured_us=captured_us,
        width=width,
        height=height,
        key=key,
        placeholder=placeholder,
    )
    assert message.decode(message.encode(sent, slot, lost)) == (
        Codec.JPEG,
        key,
        placeholder,
        slot,
        width,
        height,
        number,
        lost,
        captured_us,
        payload,
    )


@pytest.mark.parametrize(
    ("key", "placeholder", "flags"), [(False, False, 0), (True, False, 1), (False, True, 2), (True, True, 3)]
)
def test_flags(key: bool, placeholder: bool, flags: int) -> None:
    assert message.header(frame(key=key, placeholder=placeholder), 0, 0)[2] == flags


def test_counters_wrap() -> None:
    taken = message.decode(message.encode(frame(number=2**32 + 5), 0, 2**33 + 6))
    assert (taken.number, taken.lost) == (5, 6)


def test_built_once_for_viewers_in_the_same_position() -> None:
    sent = frame()
    assert message.encode(sent, 1, 0) is message.encode(sent, 1, 0)
    assert message.decode(message.encode(sent, 2, 0)).slot == 2
    assert message.decode(message.encode(sent, 1, 9)).lost == 9


def test_unknown_flags_are_for_later_versions() -> None:
    data = bytearray(message.encode(frame(), 0, 0))
    data[2] = 0b11111100
    assert (message.decode(bytes(data)).key, message.decode(bytes(data)).placeholder) == (False, False)


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [(0, 0, "version 0"), (0, 2, "version 2"), (0, 255, "version 255"), (1, 0, "codec 0"), (1, 2, "codec 2")],
)
def test_what_this_version_does_not_know(at: int, value: int, reason: str) -> None:
    data = bytearray(message.encode(frame(), 0, 0))
    data[at] = value
    with pytest.raises(message.MessageError, match=f"{reason} is not known"):
        message.decode(bytes(data))


def test_too_short() -> None:
    data = message.encode(frame(data=b""), 0, 0)
    assert message.decode(data).payload == b""
    for length in range(len(data)):
        with pytest.raises(message.MessageError, match=f"this one {length}"):
            message.decode(data[:length])


@exactly
@given(st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    try:
        taken = message.decode(data)
    except message.MessageError:
        return
    assert message.encode(frame(data=taken.payload), 0, 0)[message.HEADER.size :] == data[message.HEADER.size :]
