"""Frames of the right size, weight and orientation; the camera's own bytes wherever they fit."""

import cv2
import numpy as np
import pytest
import simplejpeg

from appliance.cameras.base import Image, Moment, Picture
from appliance.cameras.pixels import UndecodableError
from appliance.cameras.renditions import Renditions
from appliance.config import Camera
from appliance.frame import Frame
from appliance.wire.hallway import Rendition
from appliance.wire.jpeg import inspect
from tests.cameras.conftest import encoded, photo

CAMERA = Camera(id="front", source="usb:0", width=1280, height=720)
PHOTO = photo(1280, 720)
JPEG = encoded(PHOTO)


def picture(n: int = 0, jpeg: bytes = JPEG) -> Picture:
    return Picture(*inspect(jpeg), Moment(n * 33_333, n / 30), jpeg=jpeg)


def rendition(slot: int = 0, height: int | None = None, fps: float = 30, quality: int = 85, budget: int | None = None, *, passthrough: bool = True) -> Rendition:  # fmt: skip  # noqa: E501
    return Rendition(slot, height, fps, quality, budget, passthrough)


def one_of_each(renditions: Renditions, n: int = 0, jpeg: bytes = JPEG) -> dict[int, Frame]:
    return dict(renditions.make(picture(n, jpeg), n))


def decoded(frame: Frame) -> Image:
    image: Image = simplejpeg.decode_jpeg(frame.data, "BGR")
    return image


def wanted(*them: Rendition, camera: Camera = CAMERA) -> Renditions:
    renditions = Renditions(camera)
    renditions.want(them)
    return renditions


def test_the_cameras_own_jpeg_goes_through_byte_for_byte() -> None:
    frame = one_of_each(wanted(rendition(3, height=720)), 7)[3]
    assert frame.data is JPEG
    assert (frame.width, frame.height, frame.jpeg_quality, frame.number) == (1280, 720, 0, 7)


@pytest.mark.parametrize(
    ("reason", "asked", "camera"),
    [
        ("not allowed", rendition(passthrough=False), CAMERA),
        ("another size", rendition(height=480), CAMERA),
        ("turned", rendition(), Camera(id="front", rotation=180)),
        ("mirrored", rendition(), Camera(id="front", flip="horizontal")),
        ("too heavy", rendition(budget=2000), CAMERA),
    ],
)
def test_it_does_not_where_it_does_not_fit(reason: str, asked: Rendition, camera: Camera) -> None:
    frame = one_of_each(wanted(asked, camera=camera))[0]
    assert frame.jpeg_quality == 85, reason
    assert inspect(frame.data) == (frame.width, frame.height)


def test_pictures_are_those_of_the_camera() -> None:
    frames = one_of_each(
        wanted(rendition(0, passthrough=False), rendition(1, 480), rendition(2, 320), rendition(3, 90))
    )
    for frame in frames.values():
        expected = cv2.resize(PHOTO, (frame.width, frame.height), interpolation=cv2.INTER_AREA)
        assert cv2.PSNR(expected, decoded(frame)) > 30
    assert [(frame.width, frame.height) for frame in frames.values()] == [
        (1280, 720),
        (854, 480),
        (568, 320),
        (160, 90),
    ]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["none", "horizontal", "vertical", "both"])
def test_turned_as_configured(rotation: int, flip: str) -> None:
    camera = Camera(id="front", rotation=rotation, flip=flip)  # type: ignore[arg-type]  # parametrised over its literals
    frame = one_of_each(wanted(rendition(height=320, quality=90, passthrough=False), camera=camera))[0]
    seen = np.rot90(PHOTO, -rotation // 90)
    if flip in ("horizontal", "both"):
        seen = seen[:, ::-1]
    if flip in ("vertical", "both"):
        seen = seen[::-1]
    assert (frame.width, frame.height) == ((568, 320) if rotation in (0, 180) else (180, 320))
    expected = cv2.resize(np.ascontiguousarray(seen), (frame.width, frame.height), interpolation=cv2.INTER_AREA)
    assert cv2.PSNR(expected, decoded(frame)) > 30


def test_rates() -> None:
    renditions = wanted(rendition(0), rendition(1, 480, 24), rendition(2, 320, 15))
    made = [slot for n in range(150) for slot in one_of_each(renditions, n)]
    assert [made.count(slot) for slot in range(3)] == [150, 120, 75]


def test_a_budget_holds_from_the_first_second() -> None:
    renditions = wanted(rendition(0, 720, 30, 85, 1000))
    weights = [sum(len(frame.data) for frame in one_of_each(renditions, n).values()) for n in range(150)]
    assert all(sum(weights[at : at + 60]) <= 2_000_000 for at in range(90))
    assert sum(weights[60:]) > 1_800_000


def test_viewers_that_change_their_rate_do_not_fill_the_budget_anew() -> None:
    renditions = wanted(rendition(0, 480, 21, 85, 150))
    weights = []
    for n in range(240):
        if n % 3 == 0:
            assert renditions.want([rendition(0, 480, 21 + n % 2, 85, 150)]) == []
        weights.append(sum(len(frame.data) for frame in one_of_each(renditions, n).values()))
    assert all(sum(weights[at : at + 60]) <= 300_000 for at in range(180))
    assert sum(weights[120:]) > 400_000


def test_the_cameras_jpegs_stay_too_heavy_at_another_rate() -> None:
    renditions = wanted(rendition(fps=20, budget=2000))
    assert one_of_each(renditions)[0].jpeg_quality == 85
    light = encoded(PHOTO, 20)
    renditions.want([rendition(fps=19, budget=2000)])
    after = [frame.jpeg_quality for n in range(1, 8) for frame in one_of_each(renditions, n, light).values()]
    assert after
    assert 0 not in after


def test_nothing_wanted_nothing_made() -> None:
    renditions = Renditions(CAMERA)
    assert one_of_each(renditions, jpeg=JPEG[:1000] + JPEG[-2:]) == {}  # it is not even looked at


def test_pixels_are_painted_only_when_wanted() -> None:
    numbers: list[int] = []

    def paint(number: int) -> Image:
        numbers.append(number)
        return PHOTO

    renditions = wanted(rendition(fps=15))
    for n in range(6):
        list(renditions.make(Picture(1280, 720, Moment(0, n / 30), paint=paint), n))
    assert numbers == [0, 2, 4]


def test_a_jpeg_without_tables_is_undecodable() -> None:
    at = JPEG.index(b"\xff\xdb")  # its quantization tables
    length = 2 + int.from_bytes(JPEG[at + 2 : at + 4], "big")
    broken = JPEG[:at] + JPEG[at + length :]
    with pytest.raises(UndecodableError):
        one_of_each(wanted(rendition(height=480)), jpeg=broken)


def test_stray_bytes_before_the_end_are_forgiven() -> None:
    stray = JPEG[:-2] + b"\x12\x34" + JPEG[-2:]
    assert one_of_each(wanted(rendition(height=480)), jpeg=stray)[0].width == 854


def test_a_grey_jpeg() -> None:
    grey: bytes = simplejpeg.encode_jpeg(PHOTO[:, :, :1].copy(), 85, "GRAY", "Gray")
    assert one_of_each(wanted(rendition(height=480)), jpeg=grey)[0].width == 854


def test_the_camera_changes_its_size() -> None:
    renditions = wanted(rendition(height=480, passthrough=False))
    small = encoded(photo(640, 480))
    sizes = [one_of_each(renditions, n, jpeg)[0].width for n, jpeg in enumerate((JPEG, small, JPEG))]
    assert sizes == [854, 640, 854]


def test_what_stays_wanted_keeps_its_pace() -> None:
    renditions = wanted(rendition(0, fps=10), rendition(1))
    assert list(one_of_each(renditions, 0)) == [0, 1]
    assert renditions.want([rendition(0, fps=10), rendition(1, 480)]) == [1]
    assert list(one_of_each(renditions, 1)) == [1]
    assert renditions.want([rendition(1, 480)]) == [0]
