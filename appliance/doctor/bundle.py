"""The support bundle: what somebody who helps from afar would ask for, in one file, without secrets.

Rule 1: nothing goes in but through `discreet`, and files that are nothing but secrets do not go in at all: they are read only to know
        what to strike in the others.
Rule 2: whatever cannot be had is a line that says so. It ends, and stays small, whatever it meets.
"""

import gzip
import io
import json
import os
import platform
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from appliance.config import Config, ConfigError
from appliance.config.load import text_of
from appliance.doctor import asking, examination, program, service
from appliance.doctor.discretion import discreet, secrets_in, secrets_of_address
from appliance.doctor.finding import Finding
from appliance.system.board import Board, looked_at
from appliance.system.machine import Machine, ThisMachine
from appliance.system.versions import PACKAGES, versions

UNITS = ("camera-appliance.service", "camera-appliance-first-boot.service")
JOURNAL_LINES, KERNEL_LINES = 3000, 1500
MOST_CHARACTERS = (
    300_000  # of one part; of a longer one the end is kept. Five can be so long: below 2 MB, were nothing to be packed
)
SECRET_FILES = (
    "/etc/camera-appliance/secrets.toml",
    "/var/lib/camera-appliance-first-boot/setup-code",
    "/boot/firmware/camera-appliance.toml",
    "/boot/firmware/user-data",
    "/boot/firmware/network-config",
    "/etc/wpa_supplicant/wpa_supplicant.conf",
)
SECRET_FOLDERS = ("/etc/NetworkManager/system-connections", "/etc/netplan")
USB = "/sys/bus/usb/devices"
VIDEO = "/sys/class/video4linux"
README = """What this box says about itself, for somebody who helps. Made by: camera-appliance doctor --bundle

Passwords, logins and queries in addresses, Wi-Fi keys, hashes and setup codes are removed. It still names this box, its network addresses
and its cameras, and who has talked to it may stand in the journal: look through it before you publish it.
"""


def parts(machine: Machine, path: Path | None, config: Config, findings: list[Finding]) -> dict[str, str]:
    """Everything that goes in, by file name, without secrets."""
    text = _text(path)
    known = set(_secrets(machine, config, text))
    raw = {
        "doctor.txt": examination.told(findings),
        "doctor.json": examination.as_json(findings),
        "versions.json": _as_json(versions(machine, Path(PACKAGES))),
        "board.json": _as_json(looked_at(machine, Board(), None)),
        "config.toml": text or "# there is none",
        "journal.txt": asking.command(
            "journalctl", "--no-pager", "-o", "short-iso", "-n", str(JOURNAL_LINES), *_of_units()
        ),
        "units.txt": asking.command("systemctl", "show", "--no-pager", "-p", _PROPERTIES, *UNITS),
        "kernel.txt": "\n".join(lines[-KERNEL_LINES:])
        if (lines := machine.kernel_log())
        else "[this user may not read it]",
        "usb.txt": "\n".join(_usb(machine)),
        "devices.txt": "\n".join(_devices(machine)),
        **_running(config),
    }
    clean = {name: discreet(each, known)[-MOST_CHARACTERS:] for name, each in raw.items()}
    return {"README.txt": README, **clean}


def write(file: Path, members: dict[str, str]) -> int:
    """Pack it into a new file that only its owner may read; how many bytes it has. Raises OSError."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as out:
        with (
            gzip.GzipFile(fileobj=out, mode="wb", filename="") as packed,
            tarfile.open(fileobj=packed, mode="w") as tar,
        ):
            for name, text in members.items():
                data = f"{text.rstrip()}\n".encode(errors="replace")
                member = tarfile.TarInfo(f"camera-appliance/{name}")
                member.size, member.mode, member.mtime = len(data), 0o600, int(time.time())
                tar.addfile(member, io.BytesIO(data))
        out.flush()
        return out.tell()


def make(file: Path, path: Path | None, findings: list[Finding]) -> int:
    """Write it and say what came of it: 0 when it is there, whatever is wrong with the box. `file`: Path() for a name of its own."""
    config = service.listening(ThisMachine(), program.configured(path)[0], path)
    file = default_name() if file == Path() else file
    try:
        members = parts(ThisMachine(), path, config, findings)
        size_bytes = write(file, members)
    except OSError as error:
        sys.stderr.write(f"camera-appliance doctor: {file} cannot be written: {error.strerror}\n")
        return 1
    examination.say(f"{file} ({size_bytes // 1024 + 1} KiB), without passwords: {', '.join(members)}.")
    examination.say("Look through it before you give it to others: it names this box, its network and its cameras.")
    return 0


def default_name() -> Path:
    """In the present folder, by box and time."""
    name = "".join(letter for letter in platform.node() if letter.isalnum() or letter in "-_")[:40] or "box"
    return Path(f"camera-appliance-{name}-{time.strftime('%Y%m%d-%H%M%S')}.tar.gz")


_PROPERTIES = (
    "Id,LoadState,ActiveState,SubState,Result,NRestarts,ExecMainStatus,StatusText,MemoryCurrent,MemoryPeak,TasksCurrent"
)


def _text(path: Path | None) -> str:
    try:
        return "" if path is None else text_of(path)
    except ConfigError as error:
        return f"# {error}"


def _of_units() -> list[str]:
    return [word for unit in UNITS for word in ("-u", unit)]


def _secrets(machine: Machine, config: Config, text: str) -> Iterator[str]:
    for camera in config.cameras:
        yield from secrets_of_address(camera.source)
    yield from secrets_in(text)
    inside = [f"{folder}/{name}" for folder in SECRET_FOLDERS for name in machine.entries(folder)]
    for path in (*SECRET_FILES, *inside):
        yield from secrets_in(machine.text(path))


def _running(config: Config) -> dict[str, str]:
    """What the running program says of itself, at the first address where one answers."""
    ports = dict.fromkeys([*(int(bind.rpartition(":")[2]) for bind in config.server.bind), 80])
    for port in filter(None, ports):
        status = _indented(asking.box("127.0.0.1", port, "/api/status"))
        if '"version"' in status:
            return {
                "status.json": status,
                "health.json": _indented(asking.box("127.0.0.1", port, "/healthz")),
                "cameras.json": _indented(asking.box("127.0.0.1", port, "/api/cameras")),
            }
    return {"status.json": '"no camera-appliance answers on this machine"'}


def _indented(text: str) -> str:
    """One value a line, so that what is struck takes nothing else along."""
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except ValueError:
        return text


def _usb(machine: Machine) -> Iterator[str]:
    """As lsusb would say it, with speeds, without serial numbers."""
    for name in machine.entries(USB):
        ids = [machine.text(f"{USB}/{name}/{each}") for each in ("idVendor", "idProduct")]
        if all(ids):
            told = [machine.text(f"{USB}/{name}/{each}") for each in ("manufacturer", "product")]
            yield f"{name}  {':'.join(ids)}  {machine.text(f'{USB}/{name}/speed')} Mbit/s  {' '.join(told)}"


def _devices(machine: Machine) -> Iterator[str]:
    """Nodes of cameras, with their names and who may open them."""
    for name in machine.entries("/dev"):
        if name.startswith(("video", "media", "dma_heap")) and (node := machine.node(f"/dev/{name}")):
            yield f"/dev/{name}  {node.mode:o}  {node.uid}:{node.gid}  {machine.text(f'{VIDEO}/{name}/name')}"


def _as_json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()
