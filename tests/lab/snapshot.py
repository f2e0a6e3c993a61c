"""A guest that has booted already: made once, resumed in a few seconds each time after."""

import hashlib
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.lab.machine import Machine
from tests.lab.places import CACHE, IMAGE, LAB, LabError

SETTLE_S = 2.0  # after the last job of systemd's: the guest writes what it still has in memory
ANSWERS_WITHIN_S = 300.0
KERNEL_WORD = "lab.wait=1"  # lab-run waits to be resumed
NAME = "boot"


def of(machine: Machine) -> Path:
    """The disk that holds the snapshot of such a machine; made if there is none. Raises LabError."""
    what = repr((machine.memory_mib, machine.cpus, machine.accel, LAB, (CACHE / "image.key").read_text()))
    code = (LAB / "machine.py").read_text()
    disk = CACHE / f"snapshot-{hashlib.sha256((what + code).encode()).hexdigest()[:16]}.qcow2"
    if not disk.exists():
        for old in CACHE.glob("snapshot-*"):
            old.unlink()
        _make(machine, disk)
    return disk


def overlay(disk: Path) -> None:
    """A disk that keeps what the guest changes of its image."""
    create = ("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(IMAGE), str(disk))
    subprocess.run(create, check=True)


def copy(disk: Path, to: Path) -> None:
    """One for a guest to change."""
    subprocess.run(("cp", "--reflink=auto", "--sparse=always", str(disk), str(to)), check=True)


def _make(machine: Machine, disk: Path) -> None:
    """Boot up to where lab-run waits, and keep that. The folders it will mount need not be the ones of then."""
    folder = CACHE / "snapshot-in-the-making"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("errand", "host"):
        (folder / name).mkdir(parents=True)
    new, monitor = folder / "disk.qcow2", folder / "monitor"
    overlay(new)
    command = machine.command(
        drive=f"file={new},format=qcow2,cache=unsafe",
        errand=folder / "errand",
        share=folder / "host",
        console=folder / "console",
        monitor=monitor,
    )
    guest = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert guest.stdout is not None
        if not any(b"LAB-READY" in line for line in guest.stdout):
            raise LabError("the guest did not boot:\n" + (folder / "console").read_text(errors="replace")[-2000:])
        time.sleep(SETTLE_S)
        answer = _told(monitor, f"savevm {NAME}")
        if "rror" in answer:
            raise LabError(f"QEMU cannot make a snapshot: {answer}")
        _told(monitor, "quit")
        guest.wait()
    finally:
        guest.kill()
        guest.wait()
    new.rename(disk)
    shutil.rmtree(folder)


def _told(monitor: Path, command: str) -> str:
    """QEMU's answer to one command of its monitor."""
    prompt = b"(qemu) "
    with socket.socket(socket.AF_UNIX) as talk:
        talk.settimeout(ANSWERS_WITHIN_S)
        talk.connect(str(monitor))
        _until(talk, prompt)
        talk.sendall(command.encode() + b"\n")
        return _until(talk, prompt).decode(errors="replace")


def _until(talk: socket.socket, end: bytes) -> bytes:
    said = b""
    while not said.endswith(end) and (more := talk.recv(4096)):
        said += more
    return said
