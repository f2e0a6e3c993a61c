"""Driver, cable, bus, sleep."""

from appliance.capture.hotplug import UDEV
from appliance.capture.usb_reset import SOCKET
from appliance.config import Camera, Config
from appliance.doctor import usb
from appliance.doctor.finding import Check, Finding
from tests.doctor.box import Box


def found(box: Box, check: Check) -> list[Finding]:
    return list(check(box, Config()))


def test_a_box_without_usb(box: Box) -> None:
    assert [found(box, check) for check in (usb.reached, usb.shared, usb.settings)] == [[], [], []]


def test_a_good_camera(box: Box) -> None:
    box.usb_camera()
    assert found(box, usb.reached) == [
        Finding("ok", "usb", "Lab Camera at 1-1.2 at 480 Mbit/s", "/sys/bus/usb/devices/1-1.2")
    ]
    assert found(box, usb.shared) == found(box, usb.settings) == []


def test_what_is_no_camera_is_left_alone(box: Box) -> None:
    box.usb_camera(speed="1.5")
    box.file("/sys/bus/usb/devices/1-1.2:1.0/bInterfaceClass", "03\n")
    assert found(box, usb.reached) == []


def test_a_camera_on_a_worn_cable(box: Box) -> None:
    box.usb_camera(speed="12")
    (slow,) = found(box, usb.reached)
    assert (slow.state, "12 Mbit/s" in slow.what) == ("fault", True)


def test_a_camera_without_a_driver(box: Box) -> None:
    box.usb_camera()
    box.gone("/sys/bus/usb/devices/1-1.2:1.0/driver")
    (undriven,) = found(box, usb.reached)
    assert (undriven.state, undriven.fix) == ("fault", "sudo modprobe uvcvideo")


def test_two_cameras_on_one_bus(box: Box) -> None:
    box.usb_camera("1-1.2", 0)
    box.usb_camera("1-1.3", 2, "SN2")
    (shared,) = found(box, usb.shared)
    assert (shared.state, shared.where) == ("warning", "1-1.2, 1-1.3")
    assert "behind one hub" in shared.what


def test_two_cameras_on_two_buses_or_a_fast_one(box: Box) -> None:
    box.usb_camera("1-1", 0)
    box.usb_camera("3-1", 2, "SN2")
    box.usb_camera("1-2", 4, "SN3", speed="5000")
    assert found(box, usb.shared) == []


def test_quirks_that_somebody_set(box: Box) -> None:
    for value, told in (("128", 1), ("4294967295", 0), ("0", 0)):
        box.file("/sys/module/uvcvideo/parameters/quirks", f"{value}\n")
        assert len(found(box, usb.settings)) == told


def test_a_camera_that_is_put_to_sleep_at_once(box: Box) -> None:
    box.usb_camera()
    power = "/sys/bus/usb/devices/1-1.2/power"
    box.file(f"{power}/autosuspend_delay_ms", "0\n")
    (sleepy,) = found(box, usb.settings)
    assert (sleepy.state, sleepy.fix) == ("warning", f"echo on | sudo tee {power}/control")
    box.file(f"{power}/control", "on\n")
    assert found(box, usb.settings) == []


def test_who_tells_of_cameras_that_come_and_go(box: Box) -> None:
    assert [(finding.state, finding.check) for finding in found(box, usb.hotplug)] == [
        ("ok", "hotplug"),
        ("ok", "usb reset"),
    ]
    box.gone(str(UDEV / "control"))
    box.file(str(SOCKET), "")
    silent, reset = found(box, usb.hotplug)
    assert (silent.state, silent.fix) == ("warning", "sudo systemctl start systemd-udevd")
    assert reset.what == "a camera that fails on and on is switched off and on"


def test_without_usb_cameras_nobody_needs_to_tell(box: Box) -> None:
    box.gone("/run/udev/control")
    assert list(usb.hotplug(box, Config(cameras=[Camera(id="front", source="pattern")]))) == []
