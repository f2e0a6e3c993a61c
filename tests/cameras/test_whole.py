"""Good pictures of many encoders pass; what only begins and ends like a picture does not."""

import random
import subprocess
import time
from collections.abc import Callable

import cv2
import numpy as np
import pytest
import simplejpeg

from appliance.cameras.whole import refuse_damaged, refuse_parts
from appliance.config import Camera
from appliance.wire.hallway import Beat
from appliance.wire.jpeg import JpegError, examine, inspect
from tests.cameras.conftest import FakeCamera, encoded, photo
from tests.cameras.server_end import NATIVE, ServerEnd

PHOTO = photo(640, 360)
SOI, EOI = b"\xff\xd8", b"\xff\xd9"
PLAIN = encoded(PHOTO)


def of_opencv(*parameters: int) -> bytes:
    return cv2.imencode(".jpg", PHOTO, parameters)[1].tobytes()


def look(data: bytes) -> None:
    """As for every camera. Raises JpegError."""
    refuse_damaged(data, examine(data).scan_at)


def decode(data: bytes) -> None:
    """As for what strangers push. Raises JpegError."""
    refuse_parts(data, examine(data).scan_at)


KINDS = {
    "4:2:2": PLAIN,
    "4:2:0": simplejpeg.encode_jpeg(PHOTO, 60, "BGR", "420"),
    "4:4:4": simplejpeg.encode_jpeg(PHOTO, 95, "BGR", "444"),
    "grey": simplejpeg.encode_jpeg(np.ascontiguousarray(PHOTO[:, :, :1]), 85, "GRAY"),
    "tiny": simplejpeg.encode_jpeg(np.ascontiguousarray(PHOTO[:3, :5]), 85, "BGR"),
    "opencv": of_opencv(),
    "progressive": of_opencv(cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "optimized": of_opencv(cv2.IMWRITE_JPEG_OPTIMIZE, 1),
    "restart markers": of_opencv(cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
    "thumbnails inside": SOI + b"\xff\xe1" + (2 + 2 * 9000).to_bytes(2, "big") + 2 * (SOI + bytes(8996) + EOI) + PLAIN[2:],
    "fill bytes": SOI + b"\xff\xff" + PLAIN[2:],
    "padded": PLAIN + bytes(40),
    "ends twice": PLAIN + EOI,
    "stray bytes": PLAIN[:-2] + b"\x12\x34" * 6 + EOI,
    "fill bytes before the end": PLAIN[:-2] + b"\xff\xff" + EOI,
    "progressive with restart markers": of_opencv(cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
    "stray zeros": PLAIN[:-2] + bytes(12) + EOI,
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_good_pictures_pass(kind: str) -> None:
    assert inspect(KINDS[kind]).width in (640, 5)
    look(KINDS[kind])
    decode(KINDS[kind])


@pytest.mark.parametrize("pixels", ["yuvj420p", "yuvj422p", "yuvj444p"])
def test_good_pictures_of_ffmpeg_pass(pixels: str) -> None:
    raw = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", "640x360", "-i", "-"]
    jpeg = subprocess.run(
        ["ffmpeg", "-v", "error", *raw, "-frames:v", "1", "-c:v", "mjpeg", "-pix_fmt", pixels, "-f", "mjpeg", "-"],
        input=PHOTO.tobytes(),
        capture_output=True,
        check=True,
    ).stdout
    assert inspect(jpeg) == (640, 360)
    look(jpeg)
    decode(jpeg)


def not_whole(jpeg: bytes) -> dict[str, bytes]:
    """What begins and ends like this picture."""
    scan, middle = jpeg.rindex(b"\xff\xda", 0, 3000) + 14, len(jpeg) // 2
    cuts = {f"{share} % and the end": jpeg[: len(jpeg) * share // 100] + EOI for share in (10, 33, 50, 80, 95)}
    return (
        cuts
        | {
            "a header and zeros": jpeg[:scan] + bytes(200) + EOI,
            "a header and many zeros": jpeg[:scan] + bytes(50_000) + EOI,
            "half and zeros": jpeg[:middle] + bytes(len(jpeg) - middle) + EOI,
            "HTML inside": jpeg[: scan + 200] + b"<html>" * 50 + EOI,
            "HTML in its midst": jpeg[:middle] + b"<html>" * 500 + jpeg[middle:],  # a little of it can mean pixels
            "HTML behind": jpeg + b"<html>" * 50 + EOI,
            "HTML close behind": jpeg + b"<html>" + EOI,
            "a hole": jpeg[:middle] + jpeg[middle + 2000 :],
            "two": jpeg + jpeg,
            "two with a gap": jpeg + bytes(30) + jpeg,
        }
    )


@pytest.mark.parametrize("kind", ["4:2:2", "4:2:0", "4:4:4", "grey", "opencv", "progressive", "optimized", "restart markers"])  # fmt: skip
def test_what_only_looks_like_a_picture_is_refused(kind: str) -> None:
    passed = []
    for name, data in not_whole(KINDS[kind]).items():
        inspect(data)  # from outside nothing is wrong with it
        try:
            decode(data)
        except JpegError:
            continue
        passed.append(name)
    assert passed == []
    for gap in (b"", bytes(30)):
        with pytest.raises(JpegError, match="two pictures run together"):
            look(KINDS[kind] + gap + KINDS[kind])
    with pytest.raises(JpegError, match="two pictures run together"):
        look(KINDS[kind][: len(KINDS[kind]) // 2] + KINDS[kind])  # the first without its end


def in_the_middle(jpeg: bytes, what: bytes) -> bytes:
    middle = len(jpeg) // 2
    return jpeg[:middle] + what + jpeg[middle + len(what) :]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (b"\xff\x3c", "marker 3C inside picture data"),
        (b"\xff\xc4", "marker C4 inside picture data"),  # no table follows
        (b"\xff\xda", "marker DA inside picture data"),
        (b"\xff\xda\x00\x08\x03", "marker DA inside picture data"),  # three components take 12
        (b"\xff\xff\xff\x01", "marker 01 inside picture data"),
        (b"\xff\xd8", "two pictures run together"),
        (b"\xff\xd3", "a restart marker is out of turn: data is missing"),
    ],
)
def test_damage_that_shows_is_refused(damage: bytes, reason: str) -> None:
    for kind in ("4:2:2", "progressive", "padded", "restart markers"):
        with pytest.raises(JpegError) as refused:
            look(in_the_middle(KINDS[kind], damage))
        assert str(refused.value) == reason


def test_a_lost_packet_between_restart_markers() -> None:
    jpeg = KINDS["restart markers"]
    first = [at for at in range(len(jpeg) - 1) if jpeg[at] == 0xFF and 0xD0 <= jpeg[at + 1] <= 0xD7][20]
    with pytest.raises(JpegError, match="out of turn"):
        look(jpeg[: first - 10] + jpeg[first + 10 :])


def test_how_much_damage_shows() -> None:
    """64 bytes overwritten at random, as a bad cable may: honestly, most of it cannot be told from pixels."""
    rng, found = random.Random(7), 0
    for _ in range(300):
        data = bytearray(PLAIN)
        for _ in range(64):
            data[rng.randrange(1000, len(data) - 2)] = rng.randrange(256)
        try:
            look(bytes(data))
        except JpegError:
            found += 1
    assert 0.1 < found / 300 < 0.4


def test_a_usb_camera_that_runs_two_together(make_fake_camera: Callable[..., FakeCamera], photos: list[bytes]) -> None:
    fake_camera = make_fake_camera([photos[0], photos[1] + photos[2]])
    with ServerEnd(Camera(id="front", source=f"usb:{fake_camera.path}"), env=fake_camera.env) as worker:
        worker.want(NATIVE)
        assert {frame.data for frame in worker.frames(5)} == {photos[0]}
        assert worker.until(Beat, lambda beat: beat.rejected > 0).captured > 0


def test_any_bytes_that_pass_the_first_look() -> None:
    rng = random.Random(7)
    for _ in range(300):
        data = bytearray(PLAIN)
        for _ in range(8):
            data[rng.randrange(2, len(data) - 2)] = rng.randrange(256)
        try:
            look(bytes(data))
            decode(bytes(data))
        except JpegError:
            continue


@pytest.mark.parametrize(("check", "most_s"), [(decode, 0.01), (look, 0.001)])  # they take 1 ms and 0.03 ms
def test_it_is_cheap(check: Callable[[bytes], None], most_s: float) -> None:
    jpeg = encoded(photo(1280, 720))
    took_s = []
    for _ in range(20):
        started_s = time.perf_counter()
        check(jpeg)
        took_s.append(time.perf_counter() - started_s)
    assert min(took_s) < most_s


def test_the_smallest_scan_there_is() -> None:
    scan = PLAIN.rindex(b"\xff\xda", 0, 3000)
    for rest in (b"", b"\x00\x00", b"\xff"):
        data = PLAIN[: scan + 2] + rest + EOI
        with pytest.raises(JpegError):
            decode(data)
        look(data)


def test_pushed_parts_are_rejected_and_never_shown() -> None:
    with ServerEnd(Camera(id="garden", source="published")) as worker:
        worker.want(NATIVE)
        worker.opened()
        for n, data in enumerate(not_whole(PLAIN).values()):
            worker.push(data)
            worker.until(Beat, lambda beat, n=n: beat.rejected == n + 1)  # type: ignore[misc]
        worker.push(PLAIN)
        assert worker.frame()[1].data == PLAIN
