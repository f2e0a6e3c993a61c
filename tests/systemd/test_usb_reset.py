"""usb-reset: the one program that runs as root does one thing, to cameras, and nothing else whatever it is asked."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "systemd" / "usb-reset"


@pytest.fixture
def bus(tmp_path: Path) -> Path:
    """A webcam at 1-1.2, a stick at 1-1.3, and a camera that somebody has switched off at 2-1."""
    for place, interface_class, authorized in (("1-1.2", "0e", "1"), ("1-1.3", "08", "1"), ("2-1", "0e", "0")):
        interface = tmp_path / place / f"{place}:1.0"
        interface.mkdir(parents=True)
        (interface / "bInterfaceClass").write_text(f"{interface_class}\n")
        (tmp_path / place / "authorized").write_text(f"{authorized}\n")
    return tmp_path


def ask(bus: Path, request: str) -> str:
    done = subprocess.run(
        [sys.executable, "-IS", str(PROGRAM), str(bus)], input=request, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return done.stdout.strip()


def test_a_camera_is_switched_off_and_on(bus: Path) -> None:
    watched = bus / "1-1.2" / "authorized"
    before = watched.stat().st_mtime_ns
    assert ask(bus, "1-1.2\n") == "ok"
    assert watched.read_text() == "1"
    assert watched.stat().st_mtime_ns > before


@pytest.mark.parametrize(
    "request_",
    [
        *("", "\n", "1\n", "usb1\n", "1-\n", "-1\n", "1-1:1.0\n", "1-1.2/../2-1\n", "../1-1.2\n", "1-1.2 \n"),
        *("1-1.2\0\n", "1-1.2\n\n1-1.3", "\u0661-\u0661\n", "1-1.2\r\n", "1-" + "1." * 100 + "\n", "*\n"),
    ],
)
def test_what_is_no_place_is_none(bus: Path, request_: str) -> None:
    if request_.startswith("1-1.2\n"):  # one line is read, the rest is nobody's
        assert ask(bus, request_) == "ok"
    else:
        assert ask(bus, request_) == "that is not a place on a USB bus"


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        ("1-1.3", "there is no camera at that place"),
        ("1-1.9", "there is no camera at that place"),
        ("2-1", "it is switched off by somebody else"),
    ],
)
def test_only_cameras_that_are_on(bus: Path, place: str, answer: str) -> None:
    held = {each: each.read_text() for each in bus.glob("*/authorized")}
    assert ask(bus, place) == answer
    assert {each: each.read_text() for each in bus.glob("*/authorized")} == held


def test_it_is_switched_on_again_also_when_time_is_up(bus: Path) -> None:
    watched = bus / "1-1.2" / "authorized"
    with subprocess.Popen(
        [sys.executable, "-IS", str(PROGRAM), str(bus)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"1-1.2\n")
        process.stdin.flush()
        while watched.read_text() != "0":
            assert process.poll() is None
        process.terminate()
        process.wait(timeout=20)
    assert watched.read_text() == "1"
