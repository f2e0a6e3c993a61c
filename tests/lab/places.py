"""Where the lab keeps what it makes. Ignored by git: it survives `git clean -d`, and goes with `git clean -dx`."""

import os
from pathlib import Path

LAB = Path(__file__).resolve().parent
PROJECT = LAB.parent.parent
CACHE = Path(os.environ.get("LAB_CACHE", PROJECT / ".lab"))
IMAGE, KERNEL, INITRD = CACHE / "root.img", CACHE / "vmlinuz", CACHE / "initrd"


class LabError(Exception):
    """The lab cannot do it; `str()` says why and what to do."""


def check_built() -> None:
    """Raises LabError when there is no guest."""
    for file in (IMAGE, KERNEL, INITRD):
        if not file.exists():
            raise LabError(f"{file} is missing; run {LAB / 'build'} first")
