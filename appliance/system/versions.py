"""Versions: what a report about this box should name. Read once, at the start: the list of installed packages is some megabytes."""

import mmap
import platform
from contextlib import suppress
from pathlib import Path

from appliance import __version__
from appliance.system import readings
from appliance.system.machine import Machine, fields

PACKAGES = "/var/lib/dpkg/status"
MOST_BYTES = 16 * 1024  # of what is said of one package
MOST_CHARACTERS = 80  # of a version or a name
WANTED = {"python3-libcamera": "libcamera", "python3-picamera2": "picamera2"}


def versions(machine: Machine, packages: Path) -> dict[str, str]:
    """By what they are of; what is not there is not named. Blocks for as long as a card takes to give `packages`."""
    found = {
        "camera_appliance": __version__,
        "python": platform.python_version(),
        "kernel": machine.text("/proc/sys/kernel/osrelease"),
        "system": system_name(machine),
        "model": readings.model(machine) or platform.machine(),
        **_installed(packages),
    }
    return {name: version[:MOST_CHARACTERS] for name, version in found.items() if version}


def system_name(machine: Machine) -> str:
    """What the operating system calls itself; "": it does not."""
    lines = (line.partition("=") for line in machine.text("/etc/os-release").splitlines())
    return next((value.strip('"') for key, _, value in lines if key == "PRETTY_NAME"), "")


def _installed(packages: Path) -> dict[str, str]:
    """Searched where the kernel has it, so that neither copies nor lines are made of what is not wanted."""
    with suppress(OSError, ValueError), packages.open("rb") as file:  # ValueError: it is empty
        with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as text:
            found = {short: _version(text, package) for package, short in WANTED.items()}
        return {short: version for short, version in found.items() if version}
    return {}


def _version(text: mmap.mmap, package: str) -> str:
    begin = text.find(f"\nPackage: {package}\n".encode())
    end = text.find(b"\n\n", begin + 1)
    if begin < 0:
        return ""
    paragraph = text[begin : end if 0 < end < begin + MOST_BYTES else begin + MOST_BYTES].decode(errors="replace")
    return fields(paragraph).get("Version", "")
