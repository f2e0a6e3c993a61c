"""multipart/x-mixed-replace, read the two ways that readers read it: by length and by boundary."""

import re

import pytest

from appliance.frame import Frame
from appliance.wire import multipart


def frame(data: bytes, captured_us: int = 1_790_000_000_000_042) -> Frame:
    return Frame(data, number=1, captured_us=captured_us, captured_s=1.0, width=2, height=2)


def test_exact_bytes() -> None:
    assert multipart.CONTENT_TYPE == "multipart/x-mixed-replace;boundary=boundarydonotcross"
    assert multipart.OPENING == b"--boundarydonotcross\r\n"
    assert multipart.part(frame(b"\xff\xd8 picture \xff\xd9")) == (
        b"Content-Type: image/jpeg\r\nContent-Length: 13\r\nX-Timestamp: 1790000000.000042\r\n\r\n"
        b"\xff\xd8 picture \xff\xd9\r\n--boundarydonotcross\r\n"
    )


def test_boundary_follows_the_picture_at_once(jpeg: bytes) -> None:
    assert multipart.part(frame(jpeg)).endswith(jpeg + b"\r\n--boundarydonotcross\r\n")


def test_built_once_for_all_viewers() -> None:
    shared = frame(b"picture")
    assert multipart.part(shared) is multipart.part(shared)
    assert multipart.part(shared) is not multipart.part(frame(b"picture"))


@pytest.mark.parametrize(
    ("captured_us", "timestamp"), [(0, "0.000000"), (999_999, "0.999999"), (2**53 + 1, "9007199254.740993")]
)
def test_timestamp_keeps_every_microsecond(captured_us: int, timestamp: str) -> None:
    assert f"X-Timestamp: {timestamp}\r\n".encode() in multipart.part(frame(b"x", captured_us))


def test_stream_read_by_length_and_by_boundary(jpeg: bytes) -> None:
    pictures = [jpeg, b"\xff\xd8\r\n--almost\r\n\r\n\xff\xd9", jpeg[:-1] + b"\n"]
    body = multipart.OPENING + b"".join(multipart.part(frame(picture)) for picture in pictures) + multipart.CLOSING
    assert by_length(body) == by_boundary(body) == pictures


def by_length(body: bytes) -> list[bytes]:
    """As Mainsail and go2rtc do."""
    taken = []
    while head := re.match(rb"\s*--boundarydonotcross\r\n((?:[\w-]+: [^\r\n]+\r\n)+)\r\n", body):
        length = re.search(rb"Content-Length: (\d+)\r\n", head[1])
        assert length is not None
        taken.append(body[head.end() :][: int(length[1])])
        body = body[head.end() + int(length[1]) :]
    assert body.strip().startswith(b"--boundarydonotcross")
    return taken


def by_boundary(body: bytes) -> list[bytes]:
    """As RFC 2046 says: a delimiter is a line break and the boundary; the last one ends with two dashes."""
    first, *parts, last, rest = (b"\r\n" + body).split(b"\r\n--boundarydonotcross")
    assert (first, rest) == (b"", b"--\r\n")
    assert last in (b"", b"\r\n")  # the part that was opened and stays empty
    return [part.partition(b"\r\n\r\n")[2] for part in parts]
