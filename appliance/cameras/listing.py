"""Which cameras are attached: for the list that people see, and for the driver that takes the first one.

Rule 1: a device that cannot be asked is left out or listed without formats; nothing here fails.
Rule 2: names that stay the same come first: /dev/v4l/by-id, then by-path, then /dev/video0 where there is no udev to make the others.
Rule 3: twins without a serial number share one by-id name, which belongs to whichever was plugged in last: both go by their path.
"""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from appliance.cameras import quirks, usb_device, v4l2
from appliance.cameras.mode import Wanted, best
from appliance.cameras.usb_device import UsbDevice

_PORT = re.compile(r" \(USB port [^)]*\)$")
PATTERN: dict[str, object] = {"source": "pattern", "name": "Test pattern", "formats": []}


def candidates(devices: Path) -> list[str]:
    """Paths that may be USB cameras, best names first, each device once. Opens none of those with good names."""
    by_id = _named(sorted(_entries(devices / "v4l" / "by-id")))
    by_path = _named(sorted(path for path in _entries(devices / "v4l" / "by-path") if "usb" in path.name))
    nameless = {_make(path) for device, path in by_path.items() if device not in by_id} if by_id else set()
    for device, path in list(by_id.items()):
        if device in by_path and _make(path) in nameless:
            del by_id[device]
    found = {**by_id, **{device: path for device, path in by_path.items() if device not in by_id}}
    if found:
        return list(found.values())
    numbered = (path for path in _entries(devices) if path.name.startswith("video") and path.name[5:].isdecimal())
    return [str(path) for path in sorted(numbered, key=lambda path: int(path.name[5:])) if _is_usb(path)]


def attached(devices: Path, wanted: Mapping[str, Wanted]) -> list[dict[str, object]]:
    """What `list` prints. `wanted`: what the cameras of these sources shall deliver; "auto" is for all others."""
    of_device = {Path(source.removeprefix("usb:")).resolve(): each for source, each in wanted.items()}
    cameras = []
    for path in candidates(devices):
        described = _described(path, of_device.get(Path(path).resolve()) or wanted.get("auto") or Wanted())
        if described is not None:
            cameras.append(described)
    tell_apart(cameras)
    return [*(described for described, _ in cameras), PATTERN]


Described = tuple[dict[str, object], str]  # with its bus: "usb-0000:01:00.0-1.2"


def _described(path: str, wanted: Wanted) -> Described | None:
    source = f"usb:{path}"
    try:
        device = v4l2.capability(path)
        if device is None:
            return None  # such as the metadata node that many cameras have beside
        formats = v4l2.formats(path)
    except OSError as error:
        return {"source": source, "name": f"cannot be asked: {error.strerror}", "formats": []}, ""
    usb = usb_device.behind(path)
    chosen = best(formats, wanted, usb.speed_mbit, quirks.of(usb.ids))
    return {
        "source": source,
        "name": device.name,
        "formats": [each._asdict() for each in formats],
        "chosen": chosen._asdict() if chosen else None,
        "usb": {"ids": usb.ids, "socket": usb.socket, "speed_mbit": usb.speed_mbit} if usb.ids else None,
    }, device.bus


def tell_apart(cameras: list[Described]) -> None:
    """People must not read one name twice: "HD Webcam (USB port 1.2)", or the whole bus where ports are the same, too."""
    for told in ("USB port {port}", "{bus}"):
        names = Counter(str(camera["name"]) for camera, _ in cameras)
        for camera, bus in cameras:
            name = str(camera["name"])
            if bus and names[name] > 1:
                where = told.format(bus=bus, port=bus.rpartition("-")[2])
                camera["name"] = f"{_PORT.sub('', name)} ({where})"


def _named(links: list[Path]) -> dict[Path, str]:
    """The first name of each device."""
    found: dict[Path, str] = {}
    for link in links:
        found.setdefault(link.resolve(), str(link))
    return found


def _make(path: str) -> UsbDevice:
    """What twins have in common."""
    return usb_device.behind(path)._replace(socket="", speed_mbit=None)


def _is_usb(path: Path) -> bool:
    """A box has many video devices that are no cameras, such as its decoders."""
    try:
        device = v4l2.capability(str(path))
    except OSError:
        return False
    return device is not None and device.bus.startswith("usb-")


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
