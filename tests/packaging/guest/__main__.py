"""python -m tests.packaging.guest [--keep] [PART...]: in a clean Debian 13, installed, upgraded, rolled back, purged; cloud-init.

As root; `make deb` and scripts/setup-lab first. Each part is a start of the guest on the same disk, so each upgrade also lives through
one. In the order that they have, all of them: a quarter of an hour. With --keep, parts go on from the disk of the last time.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).parents[3]
NEEDS = {  # each part, and what has to have been played on the disk
    "installed": "",
    "upgraded": "installed",
    "mute": "upgraded",
    "dark": "upgraded",
    "interrupted": "upgraded",
    "resumed": "interrupted",
    "removed": "upgraded",
    "seeded": "removed",
    "clouded": "seeded",
}
PART_WITHIN_S = 900.0
os.environ["LAB_CACHE"] = str(PROJECT / ".lab/plain")

from tests.lab.boot import guest  # noqa: E402 - it looks where the guest is when it is imported
from tests.lab.errand import NO_STATUS  # noqa: E402
from tests.lab.machine import Machine  # noqa: E402
from tests.lab.places import CACHE, LAB  # noqa: E402
from tests.lab.scenarios.report import Line, table  # noqa: E402
from tests.packaging.guest import variants  # noqa: E402

HERE = Path(__file__).parent
SHARE, DISK, PLAYED = CACHE / "share", CACHE / "disk.qcow2", CACHE / "played"


def main() -> int:
    """All parts, or those that are named."""
    parser = argparse.ArgumentParser(prog="tests.packaging.guest")
    parser.add_argument("--keep", action="store_true", help="go on with the disk of the last time")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(NEEDS)}")
    arguments = parser.parse_args()
    _prepare()
    guest_is = (CACHE / "image.key").read_text().strip()
    if not arguments.keep or not PLAYED.exists() or PLAYED.read_text().split()[:1] != [guest_is]:
        DISK.unlink(missing_ok=True)  # what it holds are changes to a guest that was made anew
        PLAYED.write_text(f"{guest_is}\n")
    lines: list[Line] = []
    for part in arguments.parts or NEEDS:
        lines += _played(part)
    print(table(lines))
    return int(not all(line.met for line in lines))


def _played(part: str) -> list[Line]:
    """What came of it, and of what had to be played before."""
    needed = NEEDS[part]
    lines = _played(needed) if needed and needed not in PLAYED.read_text().split() else []
    status, found = _play(part)
    if status == NO_STATUS and not found:  # it did not boot
        status, found = _play(part)
    if status == 0:
        with PLAYED.open("a") as file:
            file.write(f"{part}\n")
    ended = Line(part, "the part was played to its end", f"status {status}", "0", met=status == 0)
    return [*lines, *found, ended]


def _prepare() -> None:
    """The guest, the packages, the pictures its camera sends; what is there already is not made again."""
    environment = {**os.environ, "LAB_PLAIN": "1", "LAB_PACKAGES": str(HERE / "packages.txt")}
    subprocess.run((str(LAB / "build"),), env=environment, check=True)
    debs = sorted((PROJECT / "dist").glob("camera-appliance_*_amd64.deb"), key=lambda path: path.stat().st_mtime)
    if not debs:
        sys.exit("there is no package in dist/; run: make deb")
    SHARE.mkdir(exist_ok=True)
    subprocess.run(
        (str(HERE / "repository"), str(CACHE / "tree"), str(debs[-1]), str(SHARE / "repository"), "cloud-init"),
        check=True,
    )
    made, ours = SHARE / "debs", SHARE / "debs" / debs[-1].name
    if not ours.exists() or ours.stat().st_mtime < debs[-1].stat().st_mtime:
        made.mkdir(exist_ok=True)
        for old in made.iterdir():
            old.unlink()
        variants.make(debs[-1], made)
        ours.write_bytes(debs[-1].read_bytes())
    if not (SHARE / "frames").exists():
        jpegs = ("jpegs", str(SHARE / "frames"), "--sizes", "320x240", "--count", "15")
        subprocess.run((sys.executable, "-m", "tests.lab.usbcam", *jpegs), check=True, cwd=PROJECT)


def _play(part: str) -> tuple[int, list[Line]]:
    report = SHARE / f"report-{part}"
    report.unlink(missing_ok=True)
    script = f"cd /appliance && PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 exec python3 -m tests.packaging.guest.parts {part}\n"
    began_s = time.monotonic()
    machine = Machine(kernel_words="panic=-1")  # an emulator's kernel may panic as it boots; QEMU ends then
    with guest(machine, script.encode(), SHARE, disk=DISK, cut_power=part == "interrupted") as running:
        status = running.wait(PART_WITHIN_S)
    print(f"package: {part}: {time.monotonic() - began_s:.0f} s, status {status}", flush=True)
    lines = report.read_text().splitlines() if report.exists() else []
    return status, [Line(**json.loads(line)) for line in lines]


if __name__ == "__main__":
    sys.exit(main())
