"""Which cameras are attached: their lasting names, what they offer, and what would be chosen. The kernel is played by fakev4l.c."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.cameras import listing, usb_device
from appliance.cameras.usb_device import UsbDevice
from tests.cameras.conftest import FakeCamera
from tests.cameras.sockets import plug_in

PATTERN = {"source": "pattern", "name": "Test pattern", "formats": []}


def run(camera: FakeCamera, *words: str) -> list[dict[str, Any]]:
    """What `list` prints, without the test pattern."""
    command = [sys.executable, "-m", "appliance.cameras", "list", *words]
    done = subprocess.run(command, capture_output=True, env={**os.environ, **camera.env}, check=True, timeout=20)
    assert done.stderr == b""
    cameras: list[dict[str, Any]] = json.loads(done.stdout)
    assert cameras.pop() == PATTERN
    return cameras


def link(folder: Path, name: str, device: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).symlink_to(device)
    return str(folder / name)


def test_everything_about_a_camera(fake_camera: FakeCamera) -> None:
    fake_camera.offers("MJPG 1280x720 30,15/2; YUYV 640x360 30").is_a("1234:5678", "5000")
    [camera] = run(fake_camera)
    assert camera == {
        "source": f"usb:{fake_camera.path}",
        "name": "Fake USB camera",
        "formats": [
            {"pixel_format": "MJPG", "width": 1280, "height": 720, "rates": [30.0, 7.5]},
            {"pixel_format": "YUYV", "width": 640, "height": 360, "rates": [30.0]},
        ],
        "chosen": {
            "pixel_format": "MJPG",
            "width": 1280,
            "height": 720,
            "fps": 30.0,
            "why": "the camera's own JPEGs, the wanted size, the wanted rate",
        },
        "usb": {"ids": "1234:5678", "socket": "1.2", "speed_mbit": 5000},
    }


def test_what_is_chosen_follows_the_configuration(fake_camera: FakeCamera) -> None:
    fake_camera.offers("MJPG 1280x720 30; MJPG 640x360 30,15; MJPG 320x180 30")
    alias = link(fake_camera.devices / "v4l" / "by-path", "pci-usb-0:1.2:1.0-video-index0", fake_camera.path)

    def chosen(*words: str) -> tuple[object, ...]:
        [camera] = run(fake_camera, *words)
        return tuple(camera["chosen"].values())[1:4]

    assert chosen() == (1280, 720, 30.0)
    assert chosen("320x180@30=auto") == (320, 180, 30.0)
    assert chosen("320x180@30=auto", f"640x360@15=usb:{alias}") == (640, 360, 15.0)  # by whatever name


def test_a_range_is_told_by_its_ends_and_the_usual_ones(fake_camera: FakeCamera) -> None:
    fake_camera.offers("MJPG 1280x960 30,10; MJPG 176x144 30")
    fake_camera.env["FAKEV4L_STEPWISE"] = "1"
    [camera] = run(fake_camera)
    sizes = [(each["width"], each["height"]) for each in camera["formats"]]
    assert sizes == [(1280, 960), (1280, 720), (800, 600), (640, 480), (640, 360), (320, 240), (176, 144)]
    assert {tuple(each["rates"]) for each in camera["formats"]} == {(30.0, 25.0, 24.0, 20.0, 15.0, 10.0)}


def test_twins_have_different_names_and_go_by_their_sockets(
    make_fake_camera: Callable[..., FakeCamera], photos: list[bytes]
) -> None:
    camera = make_fake_camera(photos)
    devices = camera.devices
    camera.path.unlink()  # that one is not here
    for n in range(2):
        (devices / f"video{n}").touch()
    link(devices / "v4l" / "by-id", "usb-Twin-video-index0", devices / "video1")  # whoever came last has it
    first, second = (
        link(devices / "v4l" / "by-path", f"pci-usb-0:1.{n}:1.0-video-index0", devices / f"video{n}") for n in range(2)
    )
    camera.env |= {"FAKEV4L_DEV": str(devices / "video0"), "FAKEV4L_TWIN": str(devices / "video1")}
    camera.env["FAKEV4L_GATE"] = str(devices / "video0")
    assert [(each["source"], each["name"]) for each in run(camera)] == [
        (f"usb:{first}", "Fake USB camera (USB port 1)"),
        (f"usb:{second}", "Fake USB camera (USB port 2)"),
    ]


def test_names_stay_apart_when_ports_are_the_same() -> None:
    cameras: list[listing.Described] = [
        ({"name": "HD Webcam"}, "usb-0000:01:00.0-1.2"),
        ({"name": "HD Webcam"}, "usb-0000:02:00.0-1.2"),
        ({"name": "HD Webcam"}, "usb-0000:01:00.0-1.3"),
        ({"name": "Other"}, "usb-0000:01:00.0-1.4"),
        ({"name": "cannot be asked: Device or resource busy"}, ""),
    ]
    listing.tell_apart(cameras)
    assert [camera["name"] for camera, _ in cameras] == [
        "HD Webcam (usb-0000:01:00.0-1.2)",
        "HD Webcam (usb-0000:02:00.0-1.2)",
        "HD Webcam (USB port 1.3)",
        "Other",
        "cannot be asked: Device or resource busy",
    ]


def test_names_that_last_come_first_and_each_device_once(tmp_path: Path) -> None:
    for n in range(3):
        (tmp_path / f"video{n}").touch()
    by_id, by_path = tmp_path / "v4l" / "by-id", tmp_path / "v4l" / "by-path"
    one = link(by_id, "usb-One-video-index0", tmp_path / "video1")
    link(by_path, "platform-usb-0:1.1:1.0-video-index0", tmp_path / "video1")
    link(by_path, "platform-usbv2-0:1.1:1.0-video-index0", tmp_path / "video1")  # a second name, since udev 257
    other = link(by_id, "usb-Other-video-index0", tmp_path / "video2")
    link(by_path, "platform-decoder-video-index0", tmp_path / "video0")
    assert listing.candidates(tmp_path) == [one, other]


def test_twins_lose_their_id_and_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three cameras that exist as devices, so that sysfs can be asked: two of one make, and another."""
    sys_folder, by_id, by_path = tmp_path / "sys", tmp_path / "v4l" / "by-id", tmp_path / "v4l" / "by-path"
    paths = {}
    for device, number, ids in (
        ("null", "1:3", "046d:082d"),
        ("zero", "1:5", "046d:082d"),
        ("full", "1:7", "1e4e:0102"),
    ):
        plug_in(sys_folder, ids, number=number, socket=f"1.{number[-1]}")
        paths[device] = link(by_path, f"pci-usb-0:1.{number[-1]}:1.0-video-index0", Path("/dev") / device)
    link(by_id, "usb-046d_HD_Pro_Webcam_C920-video-index0", Path("/dev/zero"))
    other = link(by_id, "usb-Cubeternet-video-index0", Path("/dev/full"))
    monkeypatch.setattr(usb_device, "SYS", sys_folder)
    assert listing.candidates(tmp_path) == [other, paths["null"], paths["zero"]]


@pytest.mark.parametrize("devices", ["nothing here", "video0"])
def test_without_names_only_usb_cameras_count(tmp_path: Path, devices: str) -> None:
    (tmp_path / "video0").touch()
    assert listing.candidates(tmp_path / devices) == []


def test_what_sysfs_says_of_a_usb_device(tmp_path: Path) -> None:
    plug_in(tmp_path, "046D:0843", number="1:3", socket="1.4.2", mbit="480", serial="AB12")
    assert usb_device.behind("/dev/null", tmp_path) == UsbDevice("046d:0843", "AB12", "1.4.2", 480)
    assert usb_device.behind("/dev/zero", tmp_path) == usb_device.UNKNOWN
    assert usb_device.behind("/dev/not there", tmp_path) == usb_device.UNKNOWN
    plug_in(tmp_path, "1234:5678", number="1:5", socket="2", mbit="1.5")
    assert usb_device.behind("/dev/zero", tmp_path) == UsbDevice("1234:5678", "", "2", 1)


def test_for_people(fake_camera: FakeCamera, tmp_path: Path) -> None:
    fake_camera.offers("MJPG 1280x720 30,15; MJPG 640x360 30; YUYV 640x360 30")

    def cameras(config: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "box.toml"
        file.write_text(config)
        command = [sys.executable, "-m", "appliance", "cameras", "--config", str(file)]
        env = {**os.environ, **fake_camera.env}
        return subprocess.run(command, capture_output=True, text=True, env=env, check=True, timeout=30)

    shown = cameras('[[cameras]]\nid = "front"\nwidth = 640\nheight = 360\n').stdout.splitlines()
    assert shown[:5] == [
        f"usb:{fake_camera.path}",
        "    Fake USB camera",
        "    chosen: MJPG 640x360 at 30 fps: the camera's own JPEGs, the wanted size, the wanted rate",
        "    MJPG 1280x720 (30, 15 fps) 640x360 (30 fps)",
        "    YUYV 640x360 (30 fps)",
    ]
    broken = cameras("nonsense = 1\n")
    assert "chosen: MJPG 1280x720 at 30 fps" in broken.stdout
    assert "nonsense" in broken.stderr
