"""The unit that runs it: in time, and with no more rights than it needs."""

import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "systemd" / "camera-appliance-first-boot.service"
MOST_EXPOSED = 24  # tenths; root, which has to name the machine, cannot do with the 2.0 of the server


def unit() -> dict[str, list[str]]:
    """Keys of a unit may stand several times."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        key, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            found.setdefault(key, []).extend(value.split())
    return found


def test_it_comes_before_whatever_asks_for_a_name_or_a_network() -> None:
    needed = {
        "network-pre.target",
        "NetworkManager.service",
        "avahi-daemon.service",
        "ssh.service",
        "camera-appliance.service",
    }
    assert needed <= set(unit()["Before"])
    assert "local-fs.target" in unit()["After"]


def test_nothing_waits_for_its_success() -> None:
    assert not {"Requires", "RequiredBy", "RequiresMountsFor", "OnFailure"} & unit().keys()
    assert unit()["WantedBy"] == ["multi-user.target"]


def test_it_may_write_what_it_writes() -> None:
    assert {"/etc", "-/boot/firmware", "-/var/lib/NetworkManager", "-/var/lib/systemd/rfkill"} == set(
        unit()["ReadWritePaths"]
    )
    assert (unit()["StateDirectory"], unit()["RuntimeDirectory"]) == (
        ["camera-appliance-first-boot"],
        ["camera-appliance-notices"],
    )
    assert "ProtectKernelTunables" not in unit(), "it makes /sys read-only, and with it the switch of the Wi-Fi"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_has_nothing_to_say_about_it(tmp_path: Path) -> None:
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/usr/bin/camera-appliance", "/bin/true"))
    verified = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True, timeout=60)
    assert (verified.returncode, verified.stderr) == (0, "")
    threshold = ["--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager"]
    done = subprocess.run(["systemd-analyze", "security", *threshold, here], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
