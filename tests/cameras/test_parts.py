"""Multipart bodies as cameras really send them, cut anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.cameras.parts import MAX_PART_BYTES, Parts, PartsError, boundary_of

BODIES = [b"\xff\xd8one\xff\xd9", b"", b"\xff\xd8with\r\n--fa inside\r\n\xff\xd9"]
WITH_LENGTH = b"junk\r\n" + b"".join(
    b"--far\r\nContent-Type: image/jpeg\r\nCONTENT-LENGTH: %d\r\n\r\n%b\r\n" % (len(body), body) for body in BODIES
)
WITHOUT = b"".join(b"--far\r\nContent-Type: image/jpeg\r\n\r\n" + body + b"\r\n" for body in BODIES) + b"--far\r\n"
BARE_LINES = b"".join(b"--far\nContent-Length:%d\n\n%b\n" % (len(body), body) for body in BODIES)


def taken(data: bytes, cuts: list[int]) -> list[bytes]:
    parts, bodies = Parts(b"--far"), []
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        parts.feed(data[start:end])
        while (part := parts.next()) is not None:
            bodies.append(part.body)
    return bodies


@pytest.mark.parametrize("data", [WITH_LENGTH, WITHOUT, BARE_LINES])
@given(cuts=st.lists(st.integers(0, 250), max_size=30).map(sorted))
def test_cut_anywhere(data: bytes, cuts: list[int]) -> None:
    assert taken(data, [min(cut, len(data)) for cut in cuts]) == BODIES
    assert taken(data, list(range(len(data)))) == BODIES


@pytest.mark.parametrize(
    ("content_type", "delimiter"),
    [
        ("multipart/x-mixed-replace;boundary=boundarydonotcross", b"--boundarydonotcross"),
        ("multipart/x-mixed-replace; boundary=--myboundary", b"--myboundary"),
        ('multipart/x-mixed-replace; Boundary="a b"; x=y', b"--a b"),
        ("multipart/x-mixed-replace; boundary = far ;x", b"--far"),
    ],
)
def test_boundary(content_type: str, delimiter: bytes) -> None:
    assert boundary_of(content_type) == delimiter


def test_a_part_without_end_is_refused() -> None:
    parts = Parts(b"--far")
    parts.feed(b"--far\r\nContent-Type: image/jpeg\r\n\r\n" + bytes(MAX_PART_BYTES))
    assert parts.next() is None
    parts.feed(b"\0")
    with pytest.raises(PartsError, match="a picture of more than"):
        parts.next()


def test_junk_without_a_boundary_is_not_kept() -> None:
    parts = Parts(b"--far")
    for _ in range(100):
        parts.feed(bytes(100_000))
        assert parts.next() is None
    parts.feed(WITH_LENGTH)
    assert parts.next() is not None
