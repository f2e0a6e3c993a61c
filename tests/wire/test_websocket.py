"""WebSocket frames: heads as wsproto reads them, short texts as it sends them, and where frames begin however they are cut."""

import os

import wsproto.events
from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType

from appliance.wire import websocket
from appliance.wire.websocket import Boundary, short_texts


@given(st.integers(0, 200_000))
def test_a_head_says_how_long_the_message_is(length: int) -> None:
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(websocket.head(websocket.BINARY, length) + bytes(length))
    heard = [event for event in client.events() if isinstance(event, wsproto.events.BytesMessage)]
    assert sum(len(event.data) for event in heard) == length
    assert heard[-1].message_finished


def said(*texts: str | bytes) -> list[bytes]:
    """Each of them as a client's frame."""
    client = Connection(ConnectionType.CLIENT)
    return [
        client.send(wsproto.events.TextMessage(each) if isinstance(each, str) else wsproto.events.BytesMessage(each))
        for each in texts
    ]


@given(st.lists(st.text(max_size=40), max_size=5))
def test_short_texts_are_read(texts: list[str]) -> None:
    short = [text for text in texts if len(text.encode()) < 126]
    frames = said(*short)
    read = short_texts(b"".join(frames))
    assert [text for text, _ in read] == short
    assert [end for _, end in read] == [sum(map(len, frames[: count + 1])) for count in range(len(frames))]


@given(st.binary(max_size=300))
def test_nothing_is_read_of_what_is_no_short_text(data: bytes) -> None:
    for _, end in short_texts(data):
        assert end <= len(data)
    assert short_texts(b"\x01" + data) == []  # a text's beginning
    assert short_texts(b"\x82" + data) == []
    assert short_texts(b"\x81\x05" + data) == []  # not masked
    assert short_texts(b"\x81\xfe" + data) == []  # not short


def test_reading_stops_at_what_is_for_others() -> None:
    ack, long, binary = '{"type":"ack"}', "x" * 126, b"picture"
    frames = said(ack, ack, long, ack)
    assert [text for text, _ in short_texts(b"".join(frames))] == [ack, ack]
    assert [text for text, _ in short_texts(b"".join(said(ack, binary, ack)))] == [ack]
    assert [text for text, _ in short_texts(frames[0] + frames[1][:-1])] == [ack]
    assert short_texts(b"\x81\x8e" + bytes(4) + b"\xff" * 14) == []  # no UTF-8


@given(st.lists(st.integers(0, 70_000), max_size=4), st.lists(st.integers(1, 9), min_size=1), st.booleans())
def test_where_frames_begin_however_they_are_cut(lengths: list[int], cuts: list[int], masked: bool) -> None:
    if masked:
        frames = said(*[os.urandom(length) for length in lengths])
    else:
        frames = [websocket.head(websocket.BINARY, length) + bytes(length) for length in lengths]
    ends = {sum(map(len, frames[:count])) for count in range(len(frames) + 1)}
    data, boundary, passed, turn = b"".join(frames), Boundary(), 0, 0
    while passed < len(data):
        size = cuts[turn % len(cuts)] * (1 if turn % 3 else 4096)
        boundary.pass_by(data[passed : passed + size])
        passed, turn = min(passed + size, len(data)), turn + 1
        assert boundary.is_here == (passed in ends)
