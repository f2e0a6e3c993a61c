"""A card: a copy of the image. Its boot partition is read and written as its owner's computer does; what a power cut left is examined."""

import re
import shutil
import subprocess
from pathlib import Path

from tests.box.places import IMAGE, check_built

BOOT, ROOT, DATA = 1, 2, 3
SECTOR = 512


class Card:
    """The file behind it is the whole card, in raw."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @classmethod
    def flashed(cls, file: Path) -> "Card":
        """A new one, as from the image. Raises BoxError when there is none."""
        check_built()
        subprocess.run(("cp", "--reflink=auto", "--sparse=always", str(IMAGE), str(file)), check=True)
        return cls(file)

    def flash_again(self) -> None:
        """Write the image over it; what lies behind the image's partitions stays, as on a real card."""
        image = Card(IMAGE)
        used = max(start + size for start, size in image.partitions().values())
        subprocess.run(
            [
                "dd",
                f"if={IMAGE}",
                f"of={self.file}",
                "bs=1M",
                f"count={used}",
                "iflag=count_bytes",
                "conv=notrunc",
                "status=none",
            ],
            check=True,
        )

    def destroy(self, partition: int) -> None:
        """Nothing of it can be read any more."""
        start, size = self.partitions()[partition]
        where = ["--offset", str(start), "--length", str(size)]
        subprocess.run(["fallocate", "--punch-hole", "--keep-size", *where, str(self.file)], check=True)

    def copied(self, file: Path) -> "Card":
        """One that is the same now."""
        subprocess.run(("cp", "--reflink=auto", "--sparse=always", str(self.file), str(file)), check=True)
        return Card(file)

    def read(self, name: str) -> bytes:
        """A file of the boot partition; empty when there is none."""
        done = subprocess.run(["mtype", "-i", self._boot, f"::{name}"], capture_output=True, check=False)
        return done.stdout

    def write(self, name: str, content: bytes | str) -> None:
        """Put a file onto the boot partition."""
        data = content.encode() if isinstance(content, str) else content
        subprocess.run(["mcopy", "-o", "-i", self._boot, "-", f"::{name}"], input=data, check=True)

    def remove(self, name: str) -> None:
        """Take one away."""
        subprocess.run(["mdel", "-i", self._boot, f"::{name}"], check=True)

    def names(self) -> list[str]:
        """What the owner's computer shows."""
        done = subprocess.run(["mdir", "-b", "-i", self._boot, "::"], capture_output=True, text=True, check=True)
        return [line.removeprefix("::/") for line in done.stdout.splitlines()]

    def holds(self, words: bytes, partition: int = BOOT, *, whole: bool = False) -> bool:
        """Do these bytes stand anywhere on a partition, or on the `whole` card, in a file or not?"""
        start, size = (0, self.file.stat().st_size) if whole else self.partitions()[partition]
        tail = b""
        with self.file.open("rb") as card:
            card.seek(start)
            while size > 0 and (block := card.read(min(size, 1 << 20))):
                if words in tail + block:
                    return True
                tail, size = block[-len(words) :], size - len(block)
        return False

    def partitions(self) -> dict[int, tuple[int, int]]:
        """Number: where it starts and how long it is, in bytes."""
        done = subprocess.run(["sfdisk", "--dump", str(self.file)], capture_output=True, text=True, check=True)
        found = re.findall(r"(\d+) : start= *(\d+), size= *(\d+)", done.stdout)
        return {int(number): (int(start) * SECTOR, int(size) * SECTOR) for number, start, size in found}

    def faults(self, partition: int) -> str:
        """What is wrong with the file system there when the box is off, empty when nothing is. Its journal is replayed first, in a copy."""
        start, size = self.partitions()[partition]
        copy = self.file.with_suffix(f".part{partition}")
        shell = f"skip={start} count={size} iflag=skip_bytes,count_bytes conv=sparse status=none bs=1M"
        subprocess.run(["dd", f"if={self.file}", f"of={copy}", *shell.split()], check=True)
        check = ["fsck.fat", "-n"] if partition == BOOT else ["e2fsck", "-f", "-y"]
        if partition != BOOT:
            subprocess.run(["e2fsck", "-p", str(copy)], capture_output=True, check=False)
        done = subprocess.run([*check, str(copy)], capture_output=True, text=True, check=False)
        copy.unlink()
        return "" if done.returncode == 0 else done.stdout.strip()

    @property
    def _boot(self) -> str:
        return f"{self.file}@@{self.partitions()[BOOT][0]}"


def check_tools() -> list[str]:
    """Programs that this host lacks."""
    return [tool for tool in ("mcopy", "sfdisk", "e2fsck", "fsck.fat") if shutil.which(tool) is None]
