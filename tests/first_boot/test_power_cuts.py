"""The power goes between any two changes: the next start ends where an undisturbed one would have."""

import os
from pathlib import Path

import pytest

from appliance.config import load
from appliance.first_boot.facts import CONFIG, SECRETS
from appliance.first_boot.ground import Ground
from appliance.first_boot.starting import start
from tests.first_boot.box import FILE, HASH, SSH_KEY, Card

ASKED = f"""
hostname = "hall"
[wifi]
ssid = "Home"
password = "correct horse"
country = "DE"
[admin]
password = "{HASH}"
[ssh]
public_key = "{SSH_KEY}"
[[config.cameras]]
id = "camera"
name = "Front door"
"""
MOST_CHANGES = 60


class PowerCutError(Exception):
    """The end of a start."""


class ShortPower(Ground):
    """Power for so many changes, and not for one more."""

    def __init__(self, root: Path, changes: int) -> None:
        super().__init__(root)
        self.left = changes

    def write(self, path: str, text: str, mode: int | None = 0o644, group: int = -1, owner: int = -1) -> None:
        self._use()
        super().write(path, text, mode, group, owner)

    def poke(self, path: str, text: str) -> None:
        self._use()
        super().poke(path, text)

    def remove(self, path: str) -> None:
        self._use()
        super().remove(path)

    def _use(self) -> None:
        if not self.left:
            raise PowerCutError
        self.left -= 1


def test_whenever_the_power_goes(tmp_path: Path) -> None:
    for changes in range(MOST_CHANGES):
        cut = False
        card = Card(tmp_path / str(changes))
        card.file(FILE, ASKED)
        try:
            start(ShortPower(card.root, changes))
        except PowerCutError:
            cut = True
        load(card.root / CONFIG[1:])  # whole, old or new
        assert "Nothing is wrong." in card.start(), changes
        assert card.text("/etc/hostname") == "hall\n", changes
        assert "psk=474ba82a" in card.connection, changes
        assert load(card.root / CONFIG[1:]).cameras[0].name == "Front door", changes
        assert HASH in card.text(SECRETS), changes
        assert b"correct horse" not in card.everything, changes
        if not cut:  # it got through
            break
    assert 10 < changes < MOST_CHANGES - 1


def test_the_old_file_is_there_until_the_name_of_the_new_one_is_on_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT frees its blocks when nobody holds it any more, and a power cut would leave a name that points at nothing."""
    at, real, steps = tmp_path / "status.txt", os.fsync, []
    at.write_text("old")

    def fsync(fd: int) -> None:
        what = Path(f"/proc/self/fd/{fd}").readlink().name
        held = any(str(link.readlink()) == f"{at} (deleted)" for link in open_files())
        steps.append((what, at.read_text(), held))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    Ground(tmp_path).write("/status.txt", "new", mode=None)
    assert steps == [
        (".status.txt.new", "old", False),
        ("status.txt", "new", True),
        (tmp_path.name, "new", True),
    ]


def open_files() -> list[Path]:
    """Of this process."""
    return [each for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
