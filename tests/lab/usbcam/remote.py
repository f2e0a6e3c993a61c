"""A camera of this machine, from outside of its process: start it, tell it what to do, find its video node."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab.usbcam.usbip import VHCI

APPEARS_WITHIN_S = 60.0
ANSWERS_WITHIN_S = 10.0
FOLDER = Path("/run")


class CameraError(Exception):
    """The camera did not do as it was told."""


class Remote:
    """One camera in a process of its own."""

    def __init__(self, control: Path) -> None:
        self.control = control

    def tell(self, command: str) -> str:
        """Send a command; its answer. Raises CameraError."""
        answer = _exchange(self.control, command)
        if answer.startswith("error"):
            raise CameraError(f"{command}: {answer}")
        return answer

    def status(self) -> dict[str, Any]:
        """What it says of itself."""
        answer: dict[str, Any] = json.loads(self.tell("status"))
        return answer

    def nodes(self) -> list[str]:
        """Its video nodes, the one that captures first; none while it is unplugged."""
        port = self.status()["port"]
        places = VHCI.glob(f"usb*/*-{int(port) + 1}/*/video4linux/video*") if port is not None else ()
        return [f"/dev/{place.name}" for place in sorted(places, key=lambda place: (place / "index").read_text())]

    def link(self, kind: str = "by-id") -> str:
        """Its stable name in /dev/v4l. Raises CameraError when it has none."""
        nodes = self.nodes()
        for link in sorted(Path(f"/dev/v4l/{kind}").glob("*-video-index0")):
            if nodes and str(link.resolve()) == nodes[0]:
                return str(link)
        raise CameraError(f"no {kind} name leads to {nodes}")

    def wait_for_node(self, within_s: float = APPEARS_WITHIN_S) -> str:
        """Its video node, once udev has named it. Raises CameraError."""
        deadline_s = time.monotonic() + within_s
        while time.monotonic() < deadline_s:
            try:
                self.link("by-path")
                return self.nodes()[0]
            except (CameraError, OSError, IndexError):
                time.sleep(0.05)
        raise CameraError(f"the camera did not appear within {within_s:.0f} s")


@contextmanager
def camera(name: str, *options: str) -> Iterator[Remote]:
    """A camera for as long as the block lasts. `name`: of its control socket, and its serial number unless options say otherwise."""
    control = FOLDER / f"usbcam-{name}.sock"
    control.unlink(missing_ok=True)
    load_drivers()
    identity = () if "--serial" in options else ("--serial", name)
    started = [sys.executable, "-m", "tests.lab.usbcam", "run", "--control", str(control), *identity, *options]
    process = subprocess.Popen(started, stdin=subprocess.DEVNULL)
    try:
        yield _reached(Remote(control), process, plugged="--unplugged" not in options)
    finally:
        process.terminate()
        process.wait(ANSWERS_WITHIN_S)


def load_drivers() -> None:
    """The kernel's USB/IP and webcam drivers."""
    if not VHCI.exists():
        subprocess.run(["modprobe", "-a", "vhci_hcd", "uvcvideo"], check=True)


def _reached(remote: Remote, process: subprocess.Popen[bytes], *, plugged: bool) -> Remote:
    deadline_s = time.monotonic() + APPEARS_WITHIN_S
    while not remote.control.exists():
        if process.poll() is not None or time.monotonic() > deadline_s:
            raise CameraError("the camera's process did not start")
        time.sleep(0.02)
    if plugged:
        remote.wait_for_node()
    return remote


def _exchange(control: Path, command: str) -> str:
    with socket.socket(socket.AF_UNIX) as owner:
        owner.settimeout(ANSWERS_WITHIN_S)
        owner.connect(str(control))
        owner.sendall(command.encode() + b"\n")
        return b"".join(iter(lambda: owner.recv(65536), b"")).decode().rstrip("\n")
