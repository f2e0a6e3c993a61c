"""Where the image is, and where what is made of it goes."""

import os
from pathlib import Path

BOX = Path(__file__).resolve().parent
PROJECT = BOX.parent.parent
CACHE = Path(os.environ.get("IMAGE_CACHE", PROJECT / ".image"))
IMAGE, KERNEL, INITRD = CACHE / "camera-appliance.img", CACHE / "vmlinuz", CACHE / "initrd"
REPORT = CACHE / "report.jsonl"


class BoxError(Exception):
    """The box cannot be had; `str()` says why and what to do."""


def check_built() -> None:
    """Raises BoxError when there is no image."""
    for file in (IMAGE, KERNEL, INITRD):
        if not file.exists():
            raise BoxError(f"{file} is missing; run: make image")
