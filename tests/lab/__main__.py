"""python -m tests.lab [--quick] [NAME...]: build the guest, play the scenarios in it, print what they measured.

As root, on a Debian host. Exit status 1 when anything was missed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.lab import page
from tests.lab.boot import guest
from tests.lab.machine import Machine
from tests.lab.places import CACHE, LAB, PROJECT, LabError
from tests.lab.scenarios.report import Line, Report, table
from tests.lab.usbcam import jpegs

TOOLS = ("qemu-system-x86_64", "qemu-img", "mmdebstrap", "mke2fs")
SHARE = CACHE / "host"
FRAMES = SHARE / "frames"
REPORT = SHARE / "report.jsonl"
SIZES = [(1280, 720), (640, 480), (320, 240)]
COUNT = 12
PATIENCE_S = 5400.0
QUICK_PATIENCE_S = 570.0
QUICK_BEGINS_S = 450.0  # of a quick round, after which nothing more is begun: the machine is too busy today


def main() -> int:
    """All of it."""
    parser = argparse.ArgumentParser(prog="lab", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios to play; none: all")
    parser.add_argument("--quick", action="store_true", help="what CI runs")
    arguments = parser.parse_args()
    began_s = time.monotonic()
    try:
        check_tools()
        build()
        status = play(arguments.names, quick=arguments.quick, taken_s=time.monotonic() - began_s)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    lines = list(reported())
    print(f"\n{table(lines)}\n")
    missed = sum(not line.met for line in lines)
    print(f"{len(lines)} measured, {missed} missed, {time.monotonic() - began_s:.0f} s. Kept in {REPORT}")
    return 1 if missed or status or not lines else 0


def check_tools() -> None:
    """Raises LabError that says what is missing."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise LabError(f"{', '.join(missing)} missing; run: scripts/setup-lab")
    if os.geteuid() != 0:
        raise LabError("building and booting the guest needs root")


def build() -> None:
    """The guest, where it is stale, and pictures for its cameras. Raises LabError."""
    if subprocess.run([LAB / "build"], env={**os.environ, "HOST_PYTHON": sys.executable}, check=False).returncode:
        raise LabError(f"the guest could not be built; see {CACHE}/*.log")
    if len(list(FRAMES.glob("*.jpg"))) != COUNT * len(SIZES):
        jpegs.write(FRAMES, SIZES, COUNT)
    REPORT.unlink(missing_ok=True)
    shutil.rmtree(SHARE / "code", ignore_errors=True)
    if code := os.environ.get("LAB_CODE"):
        for part in ("appliance", "web", "config"):
            shutil.copytree(Path(code) / part, SHARE / "code" / part)


def play(names: list[str], *, quick: bool, taken_s: float) -> int:
    """All that were chosen, in one guest; the page among them. Exit status of the scenarios. `taken_s`: by the build before."""
    environment = {"LAB_START_OUTSIDE_S": f"{start_outside_s():.2f}"}
    if quick:
        environment["LAB_UNTIL"] = str(time.time() - taken_s + QUICK_BEGINS_S)
    words = ["--quick"] * quick + names
    script = (LAB / "guest" / "play").read_bytes()
    status = 0
    if names != [page.NAME]:
        words = [each for each in words if each != page.NAME]
        with guest(Machine(), script, SHARE, arguments=words, environment=environment, fast=True) as running:
            status = running.wait(QUICK_PATIENCE_S if quick else PATIENCE_S)
    if page.NAME in names or not (names or quick):
        page.play(Report(page.NAME, REPORT), SHARE)
    return status


def reported() -> Iterator[Line]:
    """What was measured."""
    if REPORT.exists():
        for line in REPORT.read_text().splitlines():
            yield Line(**json.loads(line))


def start_outside_s() -> float:
    """How long a Python with the camera libraries takes to start here, the best of three."""
    start = [sys.executable, "-P", "-c", "import cv2, simplejpeg, appliance.cameras.worker"]
    return min(_took_s(start) for _ in range(3))


def _took_s(command: list[str]) -> float:
    began_s = time.monotonic()
    subprocess.run(command, check=True, cwd=PROJECT)
    return time.monotonic() - began_s


if __name__ == "__main__":
    sys.exit(main())
