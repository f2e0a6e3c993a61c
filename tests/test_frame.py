"""Frame: never changes, and its wire bytes are made once."""

import dataclasses

import pytest

from appliance.frame import Codec, Frame


def frame() -> Frame:
    return Frame(b"picture", number=7, captured_us=1, captured_s=0.5, width=4, height=3)


def test_never_changes() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        frame().number = 8  # type: ignore[misc]


def test_is_a_jpeg_of_the_camera_unless_said_otherwise() -> None:
    made = frame()
    assert (made.codec, made.key, made.placeholder, made.jpeg_quality) == (Codec.JPEG, True, False, 0)


def test_its_way_is_unknown_unless_said() -> None:
    assert (frame().read_s, frame().made_s) == (0.0, 0.0)


def test_bytes_are_built_once_and_shared() -> None:
    made, builds = frame(), []

    def build(of: Frame) -> bytes:
        builds.append(of)
        return b"head " + of.data

    first, second = made.once("head", build), made.once("head", build)
    assert first == b"head picture"
    assert second is first
    assert builds == [made]


def test_each_kind_of_bytes_is_its_own() -> None:
    made = frame()
    assert made.once(("message", 0, 0), lambda _: b"a") == b"a"
    assert made.once(("message", 0, 1), lambda _: b"b") == b"b"
    assert frame().once(("message", 0, 0), lambda _: b"c") == b"c"


def test_another_frame_made_of_it_has_its_own_bytes() -> None:
    made = frame()
    made.once("head", lambda each: str(each.number).encode())
    renumbered = dataclasses.replace(made, number=8)
    assert renumbered.once("head", lambda each: str(each.number).encode()) == b"8"


def test_two_frames_are_never_the_same() -> None:
    assert frame() != frame()
    assert len({frame(), frame()}) == 2


def test_a_log_line_does_not_hold_the_picture() -> None:
    assert "picture" not in repr(frame())
