"""The binary WebSocket message: a header of 24 bytes, then the payload. People read it in docs/protocol.md.

offset  type  field (big endian)
0       u8    version, 1
1       u8    codec, 1 = JPEG
2       u8    flags: 1 = key frame, 2 = placeholder
3       u8    slot: which of the connection's joined streams
4       u16   width
6       u16   height
8       u32   frame number, modulo 2^32
12      u32   frames this viewer lost since it joined, modulo 2^32
16      u64   capture time, µs since 1970
24            payload
"""

import struct
from collections.abc import Hashable
from functools import partial
from typing import NamedTuple

from appliance.frame import Codec, Frame
from appliance.wire import websocket
from appliance.wire.buffers import Buffers

VERSION = 1
KEY_FRAME, PLACEHOLDER = 1, 2
HEADER = struct.Struct(">BBBBHHIIQ")
SHARED_SLOTS = 4  # of these a copy is kept with the frame for all viewers; pages with more tiles make their own
_U32 = 0xFFFFFFFF


class MessageError(ValueError):
    """These bytes are not a frame message of this version."""


class Message(NamedTuple):
    """A frame message taken apart."""

    codec: Codec
    key: bool
    placeholder: bool
    slot: int
    width: int
    height: int
    number: int
    lost: int
    captured_us: int
    payload: bytes


def header(frame: Frame, slot: int, lost: int) -> bytes:
    """The 24 bytes that go before `frame.data` for one viewer."""
    flags = KEY_FRAME * frame.key | PLACEHOLDER * frame.placeholder
    return HEADER.pack(
        VERSION,
        frame.codec,
        flags,
        slot,
        frame.width,
        frame.height,
        frame.number & _U32,
        lost & _U32,
        frame.captured_us,
    )


def buffers(frame: Frame, slot: int, lost: int) -> Buffers:
    """The whole message as a WebSocket frame, in pieces."""
    if (
        lost or slot >= SHARED_SLOTS
    ):  # heads alone are small enough to be kept, and who lost one frame may watch for days
        return frame.once(("framed", slot, lost), lambda frame: _framed(frame, slot, lost))
    return frame.once(*_SHARED[slot])


def _framed(frame: Frame, slot: int, lost: int) -> Buffers:
    return Buffers.of(_head(frame, slot, lost), frame.data)


def shared_key(slot: int) -> Hashable:
    """The key under which a frame keeps the message of all viewers with this slot who lost nothing."""
    return _SHARED[slot][0] if slot < SHARED_SLOTS else None


_SHARED = [(("framed", slot), partial(_framed, slot=slot, lost=0)) for slot in range(SHARED_SLOTS)]


def _head(frame: Frame, slot: int, lost: int) -> bytes:
    return websocket.head(websocket.BINARY, HEADER.size + len(frame.data)) + header(frame, slot, lost)


def encode(frame: Frame, slot: int, lost: int) -> bytes:
    """The whole message; built once for all viewers who have the same slot and lost nothing."""
    if lost or slot >= SHARED_SLOTS:
        return header(frame, slot, lost) + frame.data  # its own, and gone once sent: not a copy kept for each viewer
    return frame.once(("message", slot), lambda frame: header(frame, slot, 0) + frame.data)


def decode(data: bytes) -> Message:
    """Take a message apart. Raises MessageError."""
    if len(data) < HEADER.size:
        raise MessageError(f"a frame message has at least {HEADER.size} bytes, this one {len(data)}")
    version, codec, flags, slot, width, height, number, lost, captured_us = HEADER.unpack_from(data)
    if version != VERSION:
        raise MessageError(f"frame message version {version} is not known, {VERSION} is")
    if codec not in Codec._value2member_map_:
        raise MessageError(f"codec {codec} is not known")
    return Message(
        Codec(codec),
        bool(flags & KEY_FRAME),
        bool(flags & PLACEHOLDER),
        slot,
        width,
        height,
        number,
        lost,
        captured_us,
        data[HEADER.size :],
    )
