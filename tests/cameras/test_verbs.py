"""`list` and `placeholder`, as the server starts them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import simplejpeg

from appliance.cameras import placeholder
from appliance.wire import bundle
from appliance.wire.jpeg import inspect
from tests.cameras.conftest import FakeCamera

PATTERN = {"source": "pattern", "name": "Test pattern", "formats": []}
READY_MADE = Path(__file__).parents[2] / "appliance" / "capture" / "no_picture.jpg"


def run(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "appliance.cameras", *arguments]
    return subprocess.run(command, capture_output=True, env={**os.environ, **(env or {})}, check=False, timeout=20)


def test_list_of_a_box_without_cameras(tmp_path: Path) -> None:
    done = run("list", env={"CAMERA_APPLIANCE_DEV": str(tmp_path)})
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, [PATTERN], b"")


def test_list_with_a_camera_that_refuses(fake_camera: FakeCamera) -> None:
    fake_camera.be("busy")
    done = run("list", env=fake_camera.env)
    refused = {"source": f"usb:{fake_camera.path}", "name": "cannot be asked: Device or resource busy", "formats": []}
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, [refused, PATTERN], b"")


def test_placeholder() -> None:
    done = run("placeholder", "Front door", "the camera was unplugged (/dev/v4l/by-id/usb-x)", "640x360", "854x480")
    assert (done.returncode, done.stderr) == (0, b"")
    assert [inspect(picture) for picture in bundle.unpack(done.stdout)] == [(640, 360), (854, 480)]


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (320, 240), (16, 16), (8192, 16), (360, 640)])
def test_placeholder_of_any_size(size: tuple[int, int]) -> None:
    data = placeholder.draw(*size, "Front door", "the camera was unplugged (/dev/v4l/by-id/usb-x)")
    assert inspect(data) == size
    assert len(data) < 100_000


@pytest.mark.parametrize(
    "words", [("", ""), ("Küche ﬁn", "größer 日本 🙂"), ("x" * 5000, "y" * 5000), ("a\nb\0", " ".join("abc" * 900))]
)
def test_placeholder_of_any_words(words: tuple[str, str]) -> None:
    assert inspect(placeholder.draw(640, 360, *words)) == (640, 360)


def test_placeholder_shows_its_words() -> None:
    without, with_words = (placeholder.draw(640, 360, title, "") for title in ("", "Front door"))
    bright = [int((simplejpeg.decode_jpeg(data, "GRAY") > 200).sum()) for data in (without, with_words)]
    assert bright[0] == 0
    assert bright[1] > 200


def test_the_ready_made_one() -> None:
    assert inspect(READY_MADE.read_bytes()) == (640, 360)
    assert READY_MADE.stat().st_size < 20_000


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("worker",),
        ("worker", "x"),
        ("list", "x"),
        ("list", "0x1@30=auto"),
        ("placeholder", "1", "2"),
        ("nonsense",),
    ],
)
def test_other_words_show_the_usage(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(b"usage:")
