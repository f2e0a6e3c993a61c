"""Boot the lab's guest, run a script in it as root, stream what it prints, exit with its status.

tests/lab/boot [options] SCRIPT [ARG...]   SCRIPT: a file with a #! line, or bash
tests/lab/boot [options] -c 'COMMANDS'     bash

In the guest: /host is the --share folder (writable, where the script starts), /appliance is this project (read-only), and
/opt/ve/bin, a Python with what the product needs, comes first on PATH. What changes on its disk is thrown away, unless --disk is given.
Exit status: the script's; 124 after --timeout; 125 when the guest ended without handing one back.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.lab import snapshot
from tests.lab.errand import NO_STATUS, TIMED_OUT, Errand
from tests.lab.machine import Machine
from tests.lab.places import IMAGE, LabError, check_built

RESUMED_IN_S = 0.5
CONSOLE_LINES = 30


@contextmanager
def guest(
    machine: Machine,
    script: bytes,
    share: Path,
    *,
    arguments: list[str] | None = None,
    environment: dict[str, str] | None = None,
    fast: bool = False,
    disk: Path | None = None,
    monitor: Path | None = None,
    cut_power: bool = True,
) -> "Iterator[Guest]":
    """A guest that runs `script`. `fast`: resumes a snapshot. `disk`: keeps its changes there. Raises LabError."""
    check_built()
    with tempfile.TemporaryDirectory(prefix="lab-") as name:
        folder = Path(name)
        errand = Errand(folder / "errand")
        errand.write(script, arguments or [], environment or {}, cut_power=cut_power)
        more: tuple[str, ...] = ()
        if fast:
            machine = replace(machine, kernel_words=snapshot.KERNEL_WORD)
            snapshot.copy(snapshot.of(replace(machine, forwards=())), folder / "disk.qcow2")
            drive, more = f"file={folder / 'disk.qcow2'},format=qcow2,cache=unsafe", ("-loadvm", snapshot.NAME)
        elif disk is not None:
            if not disk.exists():
                snapshot.overlay(disk)
            drive = f"file={disk},format=qcow2"
        else:
            drive = f"file={IMAGE},format=raw,snapshot=on,cache=unsafe"
        console = folder / "console"
        command = machine.command(
            drive=drive, errand=errand.folder, share=share.resolve(), console=console, monitor=monitor
        )
        # Its standard input stays open: an end of file there would close the way its words come out.
        process = subprocess.Popen([*command, *more], stdin=subprocess.PIPE)
        assert process.stdin is not None
        if fast:
            process.stdin.write(f"go {time.time() + RESUMED_IN_S:.3f}\n".encode())
            process.stdin.flush()
        try:
            yield Guest(process, errand, console)
        finally:
            process.kill()
            process.wait()


class Guest:
    """A guest that runs."""

    def __init__(self, process: subprocess.Popen[bytes], errand: Errand, console: Path) -> None:
        self.process, self._errand, self._console = process, errand, console

    def wait(self, within_s: float) -> int:
        """Its script's exit status. What the kernel said last is shown when there is none."""
        try:
            self.process.wait(within_s)
            status = self._errand.status()
        except subprocess.TimeoutExpired:
            print(f"lab: not done within {within_s:g} s", file=sys.stderr)
            status = TIMED_OUT
        if status in (NO_STATUS, TIMED_OUT) and self._console.exists():
            lines = self._console.read_text(errors="replace").splitlines()[-CONSOLE_LINES:]
            print("lab: the guest's console ends with", *lines, sep="\n", file=sys.stderr)
        return status


def main() -> int:
    """One run."""
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    if arguments.commands is None and arguments.script is None:
        _parser().error("a SCRIPT or -c is needed")
    forwards = tuple((int(here), int(there)) for here, there in (each.split(":") for each in arguments.forward))
    machine = Machine(
        memory_mib=arguments.memory,
        cpus=arguments.cpus or Machine.cpus,
        accel=arguments.accel,
        forwards=forwards,
        reaches_out=arguments.net,
        kernel_words=arguments.append,
        more=tuple(arguments.qemu),
    )
    script = Path(arguments.script).read_bytes() if arguments.commands is None else arguments.commands.encode()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lab-share-") as empty:
        try:
            with guest(
                machine,
                script,
                Path(arguments.share or empty),
                arguments=arguments.arguments,
                environment=dict(each.split("=", 1) for each in arguments.env),
                fast=arguments.fast,
                disk=arguments.disk,
                monitor=arguments.monitor,
                cut_power=not arguments.shut_down,
            ) as running:
                status = running.wait(arguments.timeout)
        except LabError as error:
            print(f"lab: {error}", file=sys.stderr)
            return NO_STATUS
    if arguments.verbose:
        print(f"lab: {time.monotonic() - began_s:.1f} s, status {status}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--fast", action="store_true", help="resume a snapshot made right after boot (4 s) instead of booting (30 s)")
    add("--share", type=Path, help="folder here that is /host there (default: an empty one)")
    add(
        "--fwd",
        dest="forward",
        action="append",
        default=[],
        metavar="HERE:THERE",
        help="a port of 127.0.0.1; repeatable",
    )
    add("--timeout", type=float, default=600, metavar="S")
    add("--memory", type=int, default=2048, metavar="MIB")
    add("--cpus", type=int)
    add("--accel", default="tcg", choices=["tcg", "kvm"])
    add("--disk", type=Path, help="qcow2 that keeps the guest's disk (made if missing)")
    add("--net", action="store_true", help="let the guest reach out through this host")
    add("--env", action="append", default=[], metavar="NAME=VALUE")
    add("--append", default="", help="more words for the kernel")
    add("--qemu", action="append", default=[], metavar="ARGUMENT", help="one more argument for QEMU; repeatable")
    add("--monitor", type=Path, help="socket for QEMU's monitor (system_reset, quit: a power cut)")
    add("--shut-down", action="store_true", help="end through systemd (default: sync, and cut the power)")
    add("-v", dest="verbose", action="store_true", help="say how long it took")
    add("-c", dest="commands")
    add("script", nargs="?")
    add("arguments", nargs=argparse.REMAINDER)
    return parser


if __name__ == "__main__":
    sys.exit(main())
