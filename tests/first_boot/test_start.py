"""A good file: applied once, its secrets gone from the card, and what an owner expects of the starts that follow."""

import shutil
import tomllib
from pathlib import Path

import pytest

from appliance.cli import main
from appliance.config import load
from appliance.first_boot.facts import CONFIG, NETWORK_STATE, SECRETS, SETUP_CODE, TLS_CERTIFICATE, TLS_KEY
from appliance.first_boot.ground import Ground
from appliance.first_boot.starting import APPLIED, start
from appliance.system import passwords
from tests.first_boot.box import CODE, FILE, GOOD, SSH_KEY, STATUS, Card

TOOLS = pytest.mark.skipif(
    not (shutil.which("openssl") and shutil.which("ssh-keygen")), reason="needs openssl, ssh-keygen"
)
CLOUD = "/etc/camera-appliance-first-boot.toml"


def test_good_file_is_applied(card: Card) -> None:
    card.file("/etc/group", "root:x:0:\ncamera-appliance:x:0:\n")
    card.file("/sys/class/rfkill/rfkill0/type", "wlan\n")
    card.file("/sys/class/rfkill/rfkill0/soft", "1\n")
    card.file("/sys/class/rfkill/rfkill1/type", "bluetooth\n")
    card.file("/sys/class/rfkill/rfkill1/soft", "1\n")
    card.file("/var/lib/systemd/rfkill/platform-3f300000.mmcnr:wlan", "1\n")
    card.file(NETWORK_STATE, "[main]\nNetworkingEnabled=true\nWirelessEnabled=false\n")
    card.file(FILE, GOOD)
    status = card.start()
    assert "Nothing is wrong." in status
    for told in (
        "host name hall",
        "Wi-Fi Home (DE)",
        "admin password (kept for a coming version: nothing asks for it yet)",
        "SSH key for pi",
        "configuration (presets, cameras)",
    ):
        assert f"  - {told}\n" in status
    assert card.text("/etc/hostname") == "hall\n"
    assert card.text("/etc/hosts") == "127.0.0.1\tlocalhost\n127.0.1.1\thall\n"
    assert card.text("/etc/ssh/camera-appliance-keys/pi") == f"{SSH_KEY}\n"
    assert card.text("/etc/modprobe.d/camera-appliance-wifi.conf") == "options cfg80211 ieee80211_regdom=DE\n"
    assert [card.text(f"/sys/class/rfkill/rfkill{number}/soft") for number in (0, 1)] == ["0\n", "1\n"]
    assert card.text("/var/lib/systemd/rfkill/platform-3f300000.mmcnr:wlan") == "0\n"
    assert "WirelessEnabled=true" in card.text(NETWORK_STATE)
    config = load(card.root / CONFIG[1:])
    assert (config.presets["high"].fps, config.cameras[0].name) == (15, "Front door")
    assert "# what people see" in card.text(CONFIG)  # comments stay
    admin = tomllib.loads(card.text(SECRETS))["admin"]
    assert passwords.matches("battery staple 42", admin["password"])
    assert (admin["setup_code"], card.text(SETUP_CODE)) == ("", "")
    assert CODE not in status


def test_secrets_are_nowhere_in_clear_afterwards(card: Card) -> None:
    card.file(FILE, GOOD)
    before = (card.root / FILE[1:]).open("rb")  # whoever reads the partition's old blocks
    card.start()
    assert set(before.read()) == {ord(" ")}
    before.close()
    for path in card.root.rglob("*"):
        if path.is_file():
            assert b"battery staple" not in path.read_bytes(), path
            assert b"correct horse" not in path.read_bytes(), path
    assert '"hall"           # its name' in card.text(FILE)  # the rest is as its owner wrote it
    assert "# password: applied and removed" in card.text(FILE)


def test_who_may_read_secrets(card: Card) -> None:
    card.file(FILE, GOOD)
    card.start()
    connection = "/etc/NetworkManager/system-connections/camera-appliance-wifi.nmconnection"
    assert [card.mode(path) for path in (SECRETS, connection, APPLIED)] == [0o640, 0o600, 0o600]


def test_second_start_changes_nothing(card: Card) -> None:
    card.file(FILE, GOOD)
    card.start()
    card.file(CONFIG, card.text(CONFIG).replace("Front door", "Renamed on the page"))
    card.file("/etc/hostname", "renamed\n")
    before = contents(card.root)
    card.start()
    assert {path for path, content in contents(card.root).items() if content != before.get(path)} <= {
        "boot/firmware/camera-appliance-status.txt",
        "var/lib/camera-appliance-first-boot/status.txt",
    }


def test_what_is_changed_is_applied_and_only_that(card: Card) -> None:
    card.file(FILE, GOOD)
    card.start()
    card.file(CONFIG, card.text(CONFIG).replace("Front door", "Renamed on the page"))
    wifi = card.connection
    card.file(FILE, card.text(FILE).replace('"hall"', '"kitchen"'))
    assert "Nothing is wrong." in card.start()
    assert card.text("/etc/hostname") == "kitchen\n"
    assert "Renamed on the page" in card.text(CONFIG)
    assert card.connection == wifi


def test_a_part_without_its_password_keeps_the_password(card: Card) -> None:
    card.file(FILE, GOOD)
    card.start()
    security = card.connection.partition("[wifi-security]")[2]
    card.file(FILE, card.text(FILE).replace('country = "de"', 'country = "FR"\nhidden = true'))
    assert "Wi-Fi Home (FR)" in card.start()
    assert "hidden=true" in card.connection
    assert card.connection.partition("[wifi-security]")[2] == security


def test_another_network_needs_its_password(card: Card) -> None:
    card.file(FILE, GOOD)
    card.start()
    card.file(FILE, card.text(FILE).replace('"Home"', '"Garden"'))
    assert "wifi.password: is missing" in card.start()
    assert "ssid=Home" in card.connection


def test_a_part_that_is_taken_out_stays_in_the_box(card: Card) -> None:
    card.file(FILE, GOOD)
    card.start()
    (card.root / FILE[1:]).unlink()
    status = card.start()
    assert "Nothing is wrong." in status
    assert "Wi-Fi Home (DE)" in status
    assert "ssid=Home" in card.connection


def test_cloud_init_may_leave_the_file(card: Card) -> None:
    card.file(CLOUD, GOOD)
    card.file("/etc/cloud/cloud.cfg.d/05_logging.cfg", "\n")
    assert "host name hall" in card.start()
    assert "preserve_hostname: true" in card.text("/etc/cloud/cloud.cfg.d/99-camera-appliance.cfg")
    assert "correct horse" not in card.text(CLOUD)


def test_the_boot_partition_is_asked_before_cloud_init(card: Card) -> None:
    card.file(CLOUD, GOOD)
    card.file(FILE, 'hostname = "kitchen"\n')
    assert f"{CLOUD} was not read, because {FILE} is there too" in card.start()
    assert card.text("/etc/hostname") == "kitchen\n"


@TOOLS
def test_a_box_is_itself(tmp_path: Path) -> None:
    """Two cards from one image: other keys, another code; the same name only on the same board."""
    cards = [Card(tmp_path / name, flashed=True) for name in ("one", "two")]
    cards[1].file("/proc/device-tree/serial-number", "10000000abcd3c4d\0")
    for card in cards:
        card.file("/etc/machine-id", "uninitialized\n")
        assert "Setup code:" in card.start()
        code = card.text(SETUP_CODE).strip()
        assert code in card.status
        assert passwords.matches(code, tomllib.loads(card.text(SECRETS))["admin"]["setup_code"])
        assert card.mode(SETUP_CODE) == 0o600
        assert "BEGIN CERTIFICATE" in card.text(TLS_CERTIFICATE)
        assert card.mode(TLS_KEY) == 0o640
    assert [card.text("/etc/hostname") for card in cards] == ["camera-1a2b\n", "camera-3c4d\n"]
    for path in (SETUP_CODE, TLS_KEY, "/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key"):
        assert len(cards[0].text(path)) > 13, path
        assert cards[0].text(path) != cards[1].text(path), path
    kept = contents(tmp_path / "one")
    cards[0].start()
    assert contents(tmp_path / "one") == kept


def test_the_setup_code_is_neither_on_the_page_nor_in_the_journal(card: Card, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    card.file(FILE, "hostname = 1\n")
    assert CODE in card.start()
    assert caplog.text
    assert CODE not in caplog.text
    assert CODE not in "".join(card.notices)


class NoRoom(Ground):
    """A full disk below /etc/ssh, /etc/NetworkManager and our state; everything else can be written."""

    def write(self, path: str, text: str, mode: int | None = 0o644, group: int = -1, owner: int = -1) -> None:
        if path.startswith(("/etc/ssh", "/etc/NetworkManager", "/var")):
            raise OSError(28, "No space left on device", path)
        super().write(path, text, mode, group, owner)


def test_what_cannot_be_written_is_said_and_tried_again(card: Card) -> None:
    card.file(FILE, GOOD)
    status = start(NoRoom(card.root))
    assert "host name hall" in status.applied
    assert any(
        each.startswith("Wi-Fi Home (DE): could not be done: ") and "No space" in each for each in status.problems
    )
    assert "correct horse" in card.text(FILE)
    assert "battery staple" not in card.text(FILE)
    assert "Nothing is wrong." in card.start()
    assert "ssid=Home" in card.connection
    assert "correct horse" not in card.text(FILE)


TRIE = """
           |-- 127.0.0.1
              /32 host LOCAL
           |-- 192.168.0.7
              /32 host LOCAL
"""


def test_the_status_gets_the_addresses_when_there_are_some(card: Card) -> None:
    card.file(FILE, "hostname = 1\n")
    before = card.start()
    assert "none yet when this was written" in before
    card.file("/proc/net/fib_trie", TRIE)
    assert main(["first-boot", "--addresses", "--root", str(card.root)]) == 0
    assert card.status == before.replace(
        "none yet when this was written; your router lists them, too", "http://192.168.0.7/"
    )
    assert card.text(STATUS) == card.text("/var/lib/camera-appliance-first-boot/status.txt")


def test_there_is_no_status_before_the_first_start(card: Card) -> None:
    assert main(["first-boot", "--addresses", "--root", str(card.root)]) == 0
    assert card.text(STATUS) == ""


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
