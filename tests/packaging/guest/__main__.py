"""python -m tests.packaging.guest [--keep] [PART...]: the package in a clean Debian 13: installed, upgraded, rolled back, purged.

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
PARTS = ("installed", "upgraded", "mute", "dark", "interrupted", "resumed", "removed")
PART_WITHIN_S = 900.0
os.environ["LAB_CACHE"] = str(PROJECT / ".lab/plain")

from tests.lab.boot import guest  # noqa: E402 - it looks where the guest is when it is imported
from tests.lab.machine import Machine  # noqa: E402
from tests.lab.places import CACHE, LAB  # noqa: E402
from tests.lab.scenarios.report import Line, table  # noqa: E402
from tests.packaging.guest import variants  # noqa: E402

HERE = Path(__file__).parent
SHARE, DISK = CACHE / "share", CACHE / "disk.qcow2"


def main() -> int:
    """All parts, or those that are named."""
    parser = argparse.ArgumentParser(prog="tests.packaging.guest")
    parser.add_argument("--keep", action="store_true", help="go on with the disk of the last time")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    arguments = parser.parse_args()
    _prepare()
    if not arguments.keep:
        DISK.unlink(missing_ok=True)
    lines: list[Line] = []
    failed = False
    for part in arguments.parts or PARTS:
        status, found = _play(part)
        lines += found
        failed = failed or status != 0 or not all(line.met for line in found)
    print(table(lines))
    return int(failed)


def _prepare() -> None:
    """The guest, the packages, the pictures its camera sends; what is there already is not made again."""
    environment = {**os.environ, "LAB_PLAIN": "1", "LAB_PACKAGES": str(HERE / "packages.txt")}
    subprocess.run((str(LAB / "build"),), env=environment, check=True)
    debs = sorted((PROJECT / "dist").glob("camera-appliance_*_amd64.deb"), key=lambda path: path.stat().st_mtime)
    if not debs:
        sys.exit("there is no package in dist/; run: make deb")
    SHARE.mkdir(exist_ok=True)
    subprocess.run(
        (str(HERE / "repository"), str(CACHE / "tree"), str(debs[-1]), str(SHARE / "repository")), check=True
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
    with guest(Machine(), script.encode(), SHARE, disk=DISK, cut_power=part == "interrupted") as running:
        status = running.wait(PART_WITHIN_S)
    print(f"package: {part}: {time.monotonic() - began_s:.0f} s, status {status}", flush=True)
    lines = report.read_text().splitlines() if report.exists() else []
    return status, [Line(**json.loads(line)) for line in lines]


if __name__ == "__main__":
    sys.exit(main())
