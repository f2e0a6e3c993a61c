"""The way from a USB camera to the processor: driver, cable, shared bandwidth, sleep."""

from collections.abc import Iterator
from typing import NamedTuple

from appliance.config import Config
from appliance.doctor.finding import Finding
from appliance.system.machine import Machine, number

_DEVICES = "/sys/bus/usb/devices"
UDEV_CONTROL = "/run/udev/control"
USB_RESET = "/run/camera-appliance-usb-reset.sock"  # as capture/ has them; importing it would load half the program
_VIDEO_CLASS = "0e"
_HIGH_SPEED_MBIT = 480
_SHORT_REST_MS = 1000
_DEFAULT_QUIRKS = ("", "0", "4294967295", "-1")


class UsbCamera(NamedTuple):
    """A device with a video interface."""

    at: str  # "1-1.2": bus 1, then the sockets on the way
    name: str
    speed_mbit: int | None
    bus: str
    driven: bool

    @property
    def described(self) -> str:
        """For people."""
        return f"{self.name or 'a USB camera'} at {self.at}"


def reached(machine: Machine, config: Config) -> Iterator[Finding]:
    """Does the kernel drive every USB camera, and at a speed that carries pictures?"""
    for camera in _cameras(machine):
        where = f"{_DEVICES}/{camera.at}"
        if not camera.driven:
            what = f"{camera.described} is attached, but the kernel's driver does not have it"
            yield Finding("fault", "usb", what, where, "sudo modprobe uvcvideo")
        elif camera.speed_mbit is not None and camera.speed_mbit < _HIGH_SPEED_MBIT:
            what = f"{camera.described} runs at {camera.speed_mbit} Mbit/s, too little for video: a worn cable or an old hub"
            yield Finding("fault", "usb", what, where, "plug it in without the hub, with another cable, then: lsusb -t")
        else:
            speed = f" at {camera.speed_mbit} Mbit/s" if camera.speed_mbit is not None else ""
            yield Finding("ok", "usb", f"{camera.described}{speed}", where)


def shared(machine: Machine, config: Config) -> Iterator[Finding]:
    """Do cameras share one bus of 480 Mbit/s?"""
    buses: dict[str, list[str]] = {}
    for camera in _cameras(machine):
        if camera.speed_mbit == _HIGH_SPEED_MBIT:
            buses.setdefault(camera.bus, []).append(camera.at)
    for bus, cameras in buses.items():
        if len(cameras) > 1:
            through = (
                " behind one hub" if len({at.rpartition(".")[0] for at in cameras}) == 1 and "." in cameras[0] else ""
            )
            what = f"{len(cameras)} cameras share bus {bus}'s 480 Mbit/s{through}; if one stays dark, lower its width, height or fps"
            yield Finding(
                "warning", "usb bandwidth", what, ", ".join(cameras), "lsusb -t  # then move one to another bus"
            )


def settings(machine: Machine, config: Config) -> Iterator[Finding]:
    """Driver settings that somebody changed."""
    quirks = machine.text("/sys/module/uvcvideo/parameters/quirks")
    if quirks not in _DEFAULT_QUIRKS:
        what = f"uvcvideo runs with quirks={quirks[:20]} for every camera"
        yield Finding("ok", "usb", what, "/sys/module/uvcvideo/parameters/quirks")
    for camera in _cameras(machine):
        power = f"{_DEVICES}/{camera.at}/power"
        rest_ms = number(machine.text(f"{power}/autosuspend_delay_ms"))
        if machine.text(f"{power}/control") == "auto" and rest_ms is not None and 0 <= rest_ms < _SHORT_REST_MS:
            what = f"{camera.described} is put to sleep after {rest_ms} ms; some cameras do not wake up"
            yield Finding("warning", "usb sleep", what, f"{power}/control", f"echo on | sudo tee {power}/control")


def hotplug(machine: Machine, config: Config) -> Iterator[Finding]:
    """Is anybody told when a camera comes or goes, and can one that fails be switched off and on?"""
    if not any(camera.parsed_source.kind in ("usb", "auto") for camera in config.cameras):
        return
    if machine.node(UDEV_CONTROL) is None:
        what = "udev does not run: cameras have no lasting names, and a new one is found only by looking"
        yield Finding("warning", "hotplug", what, UDEV_CONTROL, "sudo systemctl start systemd-udevd")
    else:
        yield Finding("ok", "hotplug", "udev tells of cameras that come and go", UDEV_CONTROL)
    if machine.node(USB_RESET) is None:
        what = "nothing here may switch a USB device off and on; a camera that fails is only opened again"
        yield Finding("ok", "usb reset", what, USB_RESET)
    else:
        yield Finding("ok", "usb reset", "a camera that fails on and on is switched off and on", USB_RESET)


def _cameras(machine: Machine) -> list[UsbCamera]:
    found: dict[str, UsbCamera] = {}
    for interface in machine.entries(_DEVICES):
        at, colon, _ = interface.partition(":")
        if not colon or machine.text(f"{_DEVICES}/{interface}/bInterfaceClass").lower() != _VIDEO_CLASS:
            continue
        of = f"{_DEVICES}/{at}"
        driven = bool(machine.link(f"{_DEVICES}/{interface}/driver")) or (at in found and found[at].driven)
        speed = number(machine.text(f"{of}/speed").partition(".")[0])
        name = machine.text(f"{of}/product")[:64]
        found[at] = UsbCamera(at, name, speed, machine.text(f"{of}/busnum") or at.partition("-")[0], driven)
    return list(found.values())
