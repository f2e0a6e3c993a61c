"""What root reads and writes at a start is led astray by nobody: not by the server's user, not by a boot partition that is not there."""

from pathlib import Path

import pytest

from appliance.first_boot.reading import PLACES
from tests.first_boot.box import HOUSE, Card


def test_no_place_is_in_a_folder_of_the_server() -> None:
    """A server that somebody took over must not ask for an SSH key in its owner's name."""
    rules = (HOUSE / "systemd/tmpfiles.conf").read_text().splitlines()
    given_away = [rule.split()[1] for rule in rules if rule.startswith("d ")]
    assert given_away
    assert not [place for place in PLACES if any(place.startswith(f"{folder}/") for folder in given_away)]


def test_a_folder_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    card = Card(tmp_path / "box", flashed=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (card.root / "etc/camera-appliance/tls").symlink_to(elsewhere)
    assert "TLS key: could not be done" in card.start()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "told"), [("vfat", False), ("ext4", True)]
)  # our unit's walls make the empty folder a mount of the root file system
def test_a_boot_partition_that_is_not_there_is_said(card: Card, kind: str, *, told: bool) -> None:
    card.file("/etc/fstab", "LABEL=BOOT /boot/firmware vfat defaults 0 2\n")
    card.file("/proc/self/mounts", f"/dev/mmcblk0p2 / ext4 rw 0 0\n/dev/mmcblk0p1 /boot/firmware {kind} rw 0 0\n")
    assert ("/boot/firmware could not be mounted" in card.start()) == told
