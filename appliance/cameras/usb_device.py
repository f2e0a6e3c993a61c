"""The USB device behind a video device, as sysfs tells it: which make, how fast, in which socket. Opens nothing.

Rule 1: what sysfs does not say is unknown, not an error: odd containers have no sysfs.
"""

import os
from pathlib import Path
from typing import NamedTuple

SYS = Path(os.environ.get("CAMERA_APPLIANCE_SYS", "/sys"))  # elsewhere in tests


class UsbDevice(NamedTuple):
    """One USB device."""

    ids: str = ""  # vendor and product, as lsusb shows them: "046d:082b"
    serial: str = ""
    socket: str = ""  # "1.2": port 1 of the bus, port 2 of the hub there
    speed_mbit: int | None = None


UNKNOWN = UsbDevice()


def behind(path: str, sys: Path | None = None) -> UsbDevice:
    """The USB device whose video node `path` is, by whatever name; UNKNOWN where there is none."""
    sys = sys or SYS
    try:
        number = Path(path).stat().st_rdev
        interface = (sys / "dev" / "char" / f"{os.major(number)}:{os.minor(number)}" / "device").resolve(strict=True)
    except OSError:
        return UNKNOWN
    device = interface.parent  # of an interface such as 1-1.2:1.0
    vendor, product = _text(device / "idVendor"), _text(device / "idProduct")
    if not (vendor and product):
        return UNKNOWN
    speed = _text(device / "speed")  # "1.5" for the slowest
    mbit = int(float(speed)) if speed.replace(".", "", 1).isdecimal() else None
    return UsbDevice(f"{vendor}:{product}".lower(), _text(device / "serial"), _text(device / "devpath"), mbit)


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()[:64]
    except OSError:
        return ""
