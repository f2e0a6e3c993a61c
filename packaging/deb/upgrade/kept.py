"""What is kept for the way back, in one folder:

upgrade.json                     an upgrade that nobody has judged yet: from which version, to which, which cameras were live
camera-appliance_OLD_ARCH.deb    the old version; it stays after a good upgrade too, until the next one
rolling-back                     the old version is being put back; why
"""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path("/var/lib/camera-appliance-rollback")


@dataclass(frozen=True)
class Upgrade:
    """One that is to be judged."""

    old: str
    new: str
    live: tuple[str, ...]  # cameras that were live before
    package: str  # the old version's file


class Kept:
    """The folder. What is written there is there after a power cut, or what was before."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self._upgrade, self._rolling_back = folder / "upgrade.json", folder / "rolling-back"

    @property
    def rolling_back(self) -> str:
        """Why the old version is being put back; empty: it is not."""
        return self._rolling_back.read_text() if self._rolling_back.exists() else ""

    def upgrade(self) -> Upgrade | None:
        """The one that is to be judged."""
        try:
            known = json.loads(self._upgrade.read_text())
            return Upgrade(known["old"], known["new"], tuple(known["live"]), known["package"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def begin(self, upgrade: Upgrade) -> None:
        """To be judged from now on."""
        self._write(self._upgrade, json.dumps(asdict(upgrade)))

    def begin_rolling_back(self, why: str) -> None:
        """From now on the version that goes is not one to keep."""
        self._write(self._rolling_back, why)

    def clear(self, coming: str) -> None:
        """Nothing is to be judged, and no version is kept but the one that comes: it may be installed from here, by hand."""
        self.end()
        self._remove(set(self.folder.glob("*.deb")) - set(self.folder.glob(f"*_{coming}_*.deb")))

    def judge_good(self, upgrade: Upgrade) -> None:
        """From now on there is one version to go back to."""
        self.end()
        self._remove(set(self.folder.glob("*.deb")) - {self.folder / upgrade.package})

    def _remove(self, files: set[Path]) -> None:
        for file in files:
            file.unlink()

    def end(self) -> None:
        """Nothing is to be judged."""
        for file in (self._rolling_back, self._upgrade):  # without the second nobody would look for the first
            with contextlib.suppress(FileNotFoundError):
                file.unlink()

    def _write(self, path: Path, text: str) -> None:
        new = path.with_name(f"{path.name}.new")
        with new.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        sync_folder(self.folder)


def sync_folder(folder: Path) -> None:
    """A name is on the disk only once its folder is."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
