"""The units: systemd understands every line, they are as hardened as promised, and they say what the program says."""

import configparser
import re
import shlex
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from appliance import cli
from appliance.capture import usb_reset

UNITS = Path(__file__).parents[2] / "systemd"
SERVICE = UNITS / "camera-appliance.service"
HARDENED = {  # how exposed at most, of 100 in systemd's own counting; what is not hardened at all has 96
    "camera-appliance.service": 20,
    "camera-appliance-usb-reset@.service": 20,
    "camera-appliance-first-boot-status.service": 20,
    "camera-appliance-first-boot.service": 21,  # it is root, and sets names, owners and a radio's country
}
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze here (Debian package systemd)")


def version() -> int:
    said = subprocess.run([str(ANALYZE), "--version"], capture_output=True, text=True, check=True).stdout
    return int(re.findall(r"systemd (\d+)", said)[0])


def analyze(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(ANALYZE), *arguments], cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as on a box, with programs that exist here too."""
    program = tmp_path / "program"
    program.touch(mode=0o755)
    for unit in [*UNITS.glob("*.service"), *UNITS.glob("*.socket")]:
        text = re.sub(r"(?m)^(Exec\w+=)\S+", rf"\g<1>{program}", unit.read_text())
        (tmp_path / unit.name).write_text(text)
    if version() >= 254:
        drop_ins = tmp_path / "camera-appliance.service.d"
        drop_ins.mkdir()
        shutil.copy(UNITS / "restart-delays.conf", drop_ins)
    return tmp_path


@needs_systemd
def test_systemd_understands_every_line(installed: Path) -> None:
    for units in (
        ["camera-appliance.service"],
        ["camera-appliance-usb-reset.socket", "camera-appliance-usb-reset@.service"],
        ["camera-appliance-first-boot-status.service"],
    ):
        done = analyze("verify", *(f"./{unit}" for unit in units), folder=installed)
        assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize(("unit", "most"), HARDENED.items())
def test_units_are_hardened(installed: Path, unit: str, most: int) -> None:
    done = analyze("security", "--offline=true", f"--threshold={most}", f"./{unit}", folder=installed)
    assert done.returncode == 0, done.stdout


def test_what_the_unit_says_is_what_the_program_takes() -> None:
    for key in ("ExecStart", "ExecReload"):
        [command] = re.findall(rf"(?m)^{key}=(.+)$", SERVICE.read_text())
        name, *arguments = shlex.split(command)
        assert Path(name).name == "camera-appliance"
        cli._parser().parse_args(arguments)  # exits where it does not understand


def test_who_may_ask_for_a_reset_asks_at_the_same_place() -> None:
    [place] = re.findall(r"(?m)^ListenStream=(.+)$", (UNITS / "camera-appliance-usb-reset.socket").read_text())
    assert Path(place) == usb_reset.SOCKET


@pytest.mark.parametrize("name", ["journald.conf", "watchdog.conf"])
def test_drop_ins_can_be_read(name: str) -> None:
    parser = configparser.ConfigParser(strict=True)
    parser.read_string((UNITS / "image" / name).read_text())
    assert parser.sections()


def test_the_hardware_watchdog_is_one() -> None:
    """A Raspberry Pi's counts to 15 s; systemd takes a larger value, and then there is none."""
    seconds = re.findall(r"(?m)^R\w+WatchdogSec=(\d+)$", (UNITS / "image" / "watchdog.conf").read_text())
    assert [int(each) <= 14 for each in seconds] == [True, True]


def test_the_network_is_told_of_the_page() -> None:
    group = ElementTree.parse(UNITS / "image" / "avahi.service").getroot()
    assert [each.text for each in group.iter("type")] == ["_http._tcp"]
    assert [each.text for each in group.iter("port")] == ["80"]


@needs_systemd
def test_user_and_folders_are_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for name, base in (("passwd", "root:x:0:0::/:/bin/sh\n"), ("group", "root:x:0:\n")):
        (tmp_path / "etc" / name).write_text(base)
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", str(UNITS / "sysusers.conf")], check=True, timeout=60)
    groups = dict(line.split(":", 1) for line in (tmp_path / "etc/group").read_text().splitlines())
    assert [groups[name].split(":")[-1] for name in ("video", "render")] == ["camera-appliance"] * 2
    assert "camera-appliance:" in (tmp_path / "etc/passwd").read_text()
    shipped = tmp_path / "usr/share/camera-appliance/appliance.toml"
    shipped.parent.mkdir(parents=True)
    shipped.write_text("# as shipped\n")
    for _ in range(2):
        subprocess.run(
            ["systemd-tmpfiles", "--create", f"--root={tmp_path}", str(UNITS / "tmpfiles.conf")], check=True, timeout=60
        )
        taken = tmp_path / "etc/camera-appliance/appliance.toml"
        assert (taken.read_text(), taken.stat().st_mode & 0o777) in [("# as shipped\n", 0o640), ("# mine\n", 0o640)]
        taken.write_text("# mine\n")
