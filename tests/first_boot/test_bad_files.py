"""Files that people really make: with each the box starts, keeps what it had, and says in words what to put right."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.cli import main
from appliance.config import load
from appliance.first_boot.facts import CONFIG
from tests.first_boot.bad_files import BAD
from tests.first_boot.box import CODE, FILE, GOOD, HOUSE, Card

NAME = 'hostname = "hall"\n'


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD.keys())
def test_bad_file_is_explained_and_the_box_starts_as_it_would_without(
    card: Card, content: str | bytes, words: str
) -> None:
    card.file(FILE, content)
    status = card.start()
    assert "PLEASE PUT THIS RIGHT:" in status
    (problem,) = [line for line in card.notices if words in line]  # on the page
    assert problem.startswith("camera-appliance.toml")
    assert f"  - {problem}\n" in status  # on the boot partition
    assert (card.text("/etc/hostname"), card.connection) == ("camera-1a2b\n", "")
    assert CODE in status
    assert card.text(CONFIG) == (HOUSE / "config/appliance.toml").read_text()


def test_bad_file_is_explained_again_at_each_start_and_not_any_more_when_it_is_good(card: Card) -> None:
    card.file(FILE, 'hostname = "front door"')
    assert card.start() == card.start()
    card.file(FILE, 'hostname = "front-door"')
    assert "Nothing is wrong." in card.start()
    assert (card.notices, card.text("/etc/hostname")) == ([], "front-door\n")


def test_all_faults_are_said_at_once_and_the_good_parts_are_applied(card: Card) -> None:
    bad = GOOD.replace("fps = 15", "fps = 0").replace('"Front door"', "5").replace("battery staple 42", "short")
    card.file(FILE, f"color = 1\n{bad}")
    status = card.start()
    assert [line.partition(": ")[2].partition(":")[0] for line in card.notices[:3]] == [
        "color",
        "admin.password",
        "config.presets.high.fps",
    ]
    assert "a password in camera-appliance.toml was not used and is still there" in card.notices[3]
    assert "host name hall" in status
    assert "ssid=Home" in card.connection
    assert "correct horse" not in card.text(FILE)
    assert "short" in card.text(FILE)


@pytest.mark.parametrize("name", ["byte order mark", "Windows line ends", "both", "UTF-16", "UTF-16, the other way"])
def test_whatever_an_editor_does_to_text_is_no_fault(card: Card, name: str) -> None:
    codec = {
        "byte order mark": "utf-8-sig",
        "both": "utf-8-sig",
        "UTF-16": "utf-16",
        "UTF-16, the other way": "utf-16-be",
    }
    text = GOOD.replace("Front door", "Tür")
    text = text if name == "byte order mark" else text.replace("\n", "\r\n")
    text = f"\ufeff{text}" if name.endswith("way") else text
    card.file(FILE, text.encode(codec.get(name, "utf-8")))
    assert "Nothing is wrong." in card.start()
    assert load(card.root / CONFIG[1:]).cameras[0].name == "Tür"
    left = card.text(FILE)
    assert left == text.removeprefix("\ufeff").replace(
        'password = "correct horse"  # of the router', "# password: applied and removed"
    ).replace('password = "battery staple 42"', "# password: applied and removed")


@pytest.mark.parametrize("content", ["", "\r\n\r\n", "# all\n# comments\n", "\ufeff"])
def test_a_file_that_says_nothing_is_no_fault(card: Card, content: str) -> None:
    card.file(FILE, content)
    status = card.start()
    assert "Nothing is wrong." in status
    assert f"{FILE} says nothing (all its lines are comments)" in status


def test_no_file_is_no_fault(card: Card) -> None:
    status = card.start()
    assert "Nothing is wrong." in status
    assert f"there is no {FILE}, so nothing was to be applied" in status
    assert "http://camera-1a2b.local/" in status


def test_no_boot_partition(card: Card) -> None:
    (card.root / "boot/firmware/cmdline.txt").unlink()
    (card.root / "boot/firmware").rmdir()
    assert card.root.joinpath("boot").exists()
    assert main(["first-boot", "--root", str(card.root)]) == 0
    assert not card.root.joinpath("boot/firmware").exists()
    assert "camera-1a2b" in card.text("/var/lib/camera-appliance-first-boot/status.txt")


def test_windows_hides_the_ending(card: Card) -> None:
    card.file(FILE, "# the example, untouched\n")
    card.file(f"{FILE}.txt", NAME)
    assert "Nothing is wrong." in card.start()
    assert card.text("/etc/hostname") == "hall\n"


def test_two_files_that_both_say_something(card: Card) -> None:
    card.file(FILE, NAME)
    card.file(f"{FILE}.txt", 'hostname = "kitchen"')
    status = card.start()
    assert f"{FILE}.txt was not read, because {FILE} is there too: keep one of them" in status
    assert card.text("/etc/hostname") == "hall\n"


@pytest.mark.parametrize("name", ["camera-appliance (1).toml", "camera-appliance.txt", "Camera-Appliance2.TOML"])
def test_names_that_were_meant_for_us(card: Card, name: str) -> None:
    card.file(f"/boot/firmware/{name}", NAME)
    assert f"{name} was not read: rename it to camera-appliance.toml" in card.start()
    assert card.text("/etc/hostname") == "camera-1a2b\n"


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_what_is_no_file_holds_nothing_up(card: Card, kind: str) -> None:
    at = card.root / FILE[1:]
    card.file("/etc/secret", NAME)
    match kind:
        case "folder":
            at.mkdir()
        case "link":
            at.symlink_to(card.root / "etc/secret")
        case "pipe":
            os.mkfifo(at)
    words = {"folder": "cannot be read", "link": "is a link, which is not followed", "pipe": "cannot be read"}
    assert words[kind] in card.start()
    assert card.text("/etc/hostname") == "camera-1a2b\n"


READ_ONLY = """
mount --bind "$1/boot/firmware" "$1/boot/firmware" && mount -o remount,bind,ro "$1/boot/firmware" || exit 77
exec "$2" -m appliance first-boot --root "$1"
"""


def test_read_only_card(card: Card) -> None:
    """A real one: the kernel refuses each write. Everything is applied, once; the passwords that stay are said."""
    card.file(FILE, GOOD)
    for _ in range(2):
        done = read_only_start(card.root)
        assert "everybody can read them who has the card" in done.stderr
        assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr
    (notice,) = card.notices
    assert notice.startswith("the passwords in camera-appliance.toml could not be removed")
    assert (card.text(FILE), card.text("/etc/hostname")) == (GOOD, "hall\n")
    assert "Nothing is wrong." in card.start()  # as soon as it can be written
    assert b"correct horse" not in card.everything


def read_only_start(root: Path) -> subprocess.CompletedProcess[str]:
    shell = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", READ_ONLY, "sh", str(root), sys.executable]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=60, cwd=HOUSE)
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("this machine lets nobody mount")
    assert done.returncode == 0, done.stderr
    return done
