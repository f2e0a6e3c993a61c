"""Device: what a camera's name in /dev stands for now, by looking at /dev and /sys. Nothing here opens a device.

Rule 1: a name is followed to its node, and the node is what is compared: a link may come to mean another camera.
Rule 2: /dev/videoN is a place in a row, not a camera: after a replug another one may stand there.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SYS = Path("/sys")
_NUMBERED = re.compile(r"video[0-9]{1,3}")
_PORT = re.compile(r"[0-9]+-[0-9.]+")  # "1-1.2": bus 1, then the sockets on the way
_LONGEST_NAME = 250  # that fits into a source


class Node(NamedTuple):
    """A device that is plugged in. After a replug the same name stands for a different node."""

    path: str
    inode: int
    number: int

    @property
    def left(self) -> bool:
        """Is it gone, or another one in its place?"""
        return node_of(self.path) != self


def node_of(name: str) -> Node | None:
    """The node that `name` stands for now; None where there is none."""
    if not name:
        return None
    try:
        path = os.path.realpath(name)
        status = os.stat(path)  # noqa: PTH116 - beside realpath, which looks the same for any name
    except (OSError, ValueError):
        return None
    return Node(path, status.st_ino, status.st_rdev)


def is_numbered(name: str) -> bool:
    """Is this such as /dev/video0?"""
    return _NUMBERED.fullmatch(Path(name).name) is not None


def lasting_name(name: str, sys: Path = SYS) -> str:
    """What else a camera called /dev/videoN is called, by-id or by-path, which it keeps; "" when it has no such name now."""
    node = node_of(name)
    if node is None or not is_numbered(name):
        return ""
    by_id, by_path = (_link_to(node, Path(name).parent / "v4l" / folder) for folder in ("by-id", "by-path"))
    return by_path if by_path and _has_twin(name, sys) else by_id or by_path


def usb_port_of(name: str, sys: Path = SYS) -> str | None:
    """Where on which bus it is plugged in, such as "1-1.2"; None for what is no USB device."""
    node = node_of(name)
    if node is None:
        return None
    number = f"{os.major(node.number)}:{os.minor(node.number)}"
    place = Path(os.path.realpath(sys / "dev" / "char" / number / "device"))
    return next((folder.name for folder in (place, *place.parents) if _PORT.fullmatch(folder.name)), None)


def _link_to(node: Node, folder: Path) -> str:
    links = (str(link) for link in sorted(_entries(folder)) if os.path.realpath(link) == node.path)
    return next((link for link in links if len(link) <= _LONGEST_NAME), "")


def _has_twin(name: str, sys: Path) -> bool:
    """Is a device plugged in that udev cannot tell from this one? Then both claim the same name by-id."""
    port = usb_port_of(name, sys)
    devices = sys / "bus" / "usb" / "devices"
    if port is None:
        return False
    mine = _make_of(devices / port)
    return any(_make_of(other) == mine for other in _entries(devices) if _is_port(other) and other.name != port)


def _is_port(folder: Path) -> bool:
    return _PORT.fullmatch(folder.name) is not None


def _make_of(device: Path) -> tuple[str, ...]:
    return tuple(_text(device / key) for key in ("idVendor", "idProduct", "serial"))


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError:
        return
