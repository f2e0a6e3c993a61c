"""Which cameras are attached: for the list that people see, and for the driver that takes the first one.

Rule 1: a device that cannot be asked is left out or listed without formats; nothing here fails.
Rule 2: names that stay the same come first: /dev/v4l/by-id, then by-path (twins without a serial number share an id),
        then /dev/video0 where there is no udev to make the others.
"""

from pathlib import Path

from appliance.cameras import v4l2

PATTERN: dict[str, object] = {"source": "pattern", "name": "Test pattern", "formats": []}


def candidates(devices: Path) -> list[str]:
    """Paths that may be USB cameras, best names first, each device once. Opens none of those with good names."""
    links = [
        *sorted(_entries(devices / "v4l" / "by-id")),
        *sorted(path for path in _entries(devices / "v4l" / "by-path") if "usb" in path.name),
    ]
    found: dict[Path, str] = {}
    for link in links:
        found.setdefault(link.resolve(), str(link))
    if found:
        return list(found.values())
    numbered = (path for path in _entries(devices) if path.name.startswith("video") and path.name[5:].isdecimal())
    return [str(path) for path in sorted(numbered, key=lambda path: int(path.name[5:])) if _is_usb(path)]


def attached(devices: Path) -> list[dict[str, object]]:
    """What `list` prints."""
    cameras = [_described(path) for path in candidates(devices)]
    return [*(camera for camera in cameras if camera), PATTERN]


def _described(path: str) -> dict[str, object] | None:
    try:
        device = v4l2.capability(path)
        if device is None:
            return None  # such as the metadata node that many cameras have beside
        formats = [found._asdict() for found in v4l2.formats(path)]
    except OSError as error:
        return {"source": f"usb:{path}", "name": f"cannot be asked: {error.strerror}", "formats": []}
    return {"source": f"usb:{path}", "name": device.name, "formats": formats}


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
