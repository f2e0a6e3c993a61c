"""The support bundle: what is in it, and what is not, wherever it stood."""

import json
import os
import stat
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.config import loads
from appliance.doctor import asking, bundle, examination
from appliance.doctor.discretion import discreet, secrets_of_address
from appliance.system import passwords
from tests.doctor.box import Box
from tests.support.boxes import BoxProcess

CAMERA_PASSWORD, CAMERA_QUERY = "hunter22@!", "querysecret1"
WIFI_KEY, ADMIN_PASSWORD, SETUP_CODE = 'wifi "key" of öur house', "correct horse battery", "ABCD-EFGH-2345"
ADMIN_HASH = passwords.hashed(ADMIN_PASSWORD)
CONFIG = f"""
[[cameras]]
id = "gate"
source = "rtsp://viewer:hunter22%40%21@192.0.2.7:554/live?pw={CAMERA_QUERY}"
# the old one: http://viewer:hunter22%40%21@192.0.2.7/mjpeg
"""
SECRETS = [CAMERA_PASSWORD, "hunter22", CAMERA_QUERY, WIFI_KEY, "wifi ", ADMIN_PASSWORD, ADMIN_HASH, SETUP_CODE]
BASIC = "dmlld2VyOmh1bnRlcjIyQCE="  # viewer:hunter22@!


def planted(box: Box) -> Path:
    """Secrets wherever the bundle looks, and where it must not."""
    path = box.root / "etc/camera-appliance/appliance.toml"
    box.file("/etc/camera-appliance/appliance.toml", CONFIG)
    box.file("/etc/camera-appliance/secrets.toml", f'[admin]\npassword = "{ADMIN_HASH}"\n')
    box.file("/var/lib/camera-appliance-first-boot/setup-code", f"{SETUP_CODE}\n")
    box.file(
        "/boot/firmware/camera-appliance.toml",
        f'[admin]\npassword = "{ADMIN_PASSWORD}"\n[wifi]\npassword = {json.dumps(WIFI_KEY)}\n',
    )
    box.file("/etc/NetworkManager/system-connections/home.nmconnection", f"[wifi-security]\npsk={WIFI_KEY}\n")
    box.log = [
        f"uvcvideo: failed for http://viewer:hunter22%40%21@192.0.2.7/ {WIFI_KEY}",
        f"Kernel command line: root=/dev/mmcblk0p2 wifi_psk={WIFI_KEY} quiet",
        f"somebody typed {ADMIN_PASSWORD} and {ADMIN_HASH} and {SETUP_CODE}",
    ]
    box.file("/sys/bus/usb/devices/1-1/idVendor", "046d")
    box.file("/sys/bus/usb/devices/1-1/idProduct", "082d")
    box.file("/sys/bus/usb/devices/1-1/product", f"Camera {CAMERA_PASSWORD}")
    return path


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """journalctl and systemctl of a box where everything was logged that should not have been."""
    folder = tmp_path / "bin"
    folder.mkdir()
    journal = (
        f"cannot open rtsp://viewer:hunter22%40%21@192.0.2.7:554/live?pw={CAMERA_QUERY}: refused\n"
        f"Authorization: Basic {BASIC}\npassword={ADMIN_PASSWORD}\nSetup code: {SETUP_CODE}\njoins home with {WIFI_KEY}\nlive at http://[::]:80\n"
    )
    (folder / "said").write_text(journal)
    for name in ("journalctl", "systemctl"):
        (folder / name).write_text(f"#!/bin/sh\ncat {folder}/said\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def opened(file: Path) -> dict[str, str]:
    with tarfile.open(file) as tar:
        return {member.name.partition("/")[2]: read(tar, member) for member in tar}


def read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    data = tar.extractfile(member)
    assert data is not None
    return data.read().decode()


def test_planted_secrets_are_nowhere_in_it(box: Box, programs: Path, tmp_path: Path) -> None:
    path = planted(box)
    config = loads(CONFIG)
    findings = examination.examine(box, path, {})
    file = tmp_path / "bundle.tar.gz"
    size_bytes = bundle.write(file, bundle.parts(box, path, config, findings))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert size_bytes == file.stat().st_size < 100_000
    told = opened(file)
    for secret in [*SECRETS, BASIC, json.dumps(WIFI_KEY)[1:-1]]:
        assert [name for name, text in told.items() if secret in text] == [], secret
    assert "rtsp://[removed]@192.0.2.7:554/live?[removed]" in told["config.toml"]
    assert "live at http://[::]:80" in told["journal.txt"], "what is no secret stays"
    assert "root=/dev/mmcblk0p2" in told["kernel.txt"]
    assert "1-1  046d:082d" in told["usb.txt"]
    assert "Raspberry Pi 4 Model B Rev 1.5" in told["versions.json"]
    assert "temperature" in told["doctor.txt"]


def test_it_stays_small_whatever_it_meets(box: Box, programs: Path, tmp_path: Path) -> None:
    (programs / "said").write_bytes(os.urandom(3_000_000))
    box.log = [os.urandom(500).hex() for _ in range(5000)]
    size_bytes = bundle.write(tmp_path / "b.tar.gz", bundle.parts(box, None, loads(""), []))
    assert size_bytes < 2_000_000


def test_programs_that_are_not_there_or_never_answer(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asking.command("there-is-no-such-program") == "[there-is-no-such-program: No such file or directory]"
    monkeypatch.setattr(asking, "COMMAND_S", 0.2)
    (programs / "journalctl").write_text("#!/bin/sh\nexec sleep 60\n")
    began_s = time.monotonic()
    assert "did not end" in asking.command("journalctl")
    assert time.monotonic() - began_s < 5


def test_the_command_with_a_box_that_runs(tmp_path: Path, programs: Path) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    with BoxProcess(folder) as box:
        box.wait_until_live()
        where = tmp_path / "mine.tar.gz"
        command = [sys.executable, "-m", "appliance", "doctor", "--config", str(folder / "appliance.toml"), "--bundle"]
        done = subprocess.run([*command, str(where)], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        assert str(where) in done.stdout
        told = opened(where)
        assert all(name in done.stdout for name in told)
        assert json.loads(told["status.json"])["streams"][0]["id"] == "front"
        assert json.loads(told["health.json"])["ok"] is True
        again = subprocess.run([*command, str(where)], capture_output=True, text=True, timeout=60)
        assert again.returncode == 1
        assert again.stderr.strip() == f"camera-appliance doctor: {where} cannot be written: File exists"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("open http://u:p@h/x?k=v now", "open http://[removed]@h/x?[removed] now"),
        ("http://u:p@ss/w@h/x", "http://[removed]@h/x"),
        ('{"password": "x", "a": 1}', '{"password": [removed]'),
        ("psk=abc", "psk=[removed]"),
        ("admin_password : 'x y'", "admin_password : [removed]"),
        ("$6$salt$hash and $scrypt$ln=14,r=8$abc", "[removed] and [removed]"),
        ("code WXYZ-2345-ABCD.", "code [removed]."),
        ("compass: north, http://box.local/stream", "compass: north, http://box.local/stream"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\ny", "[removed]\ny"),
    ],
)
def test_what_looks_like_a_secret_is_struck(text: str, clean: str) -> None:
    assert discreet(text) == clean


@given(st.text(min_size=4, max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_a_known_secret_is_found_in_any_text(secret: str, before: str, after: str) -> None:
    clean = discreet(before + secret + after, [secret])
    assert secret not in clean or secret in "[removed]"
    assert json.dumps(secret)[1:-1] not in discreet(json.dumps(before + secret), [secret]) or secret in "[removed]"


@given(st.text(max_size=60))
def test_addresses_of_any_kind(text: str) -> None:
    assert all(isinstance(each, str) for each in secrets_of_address(f"http://{text}"))


def test_nothing_of_the_file_is_for_others_at_any_moment(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="exists"):
        bundle.write(tmp_path / "link", {"a": "b"})
    assert not (tmp_path / "elsewhere").exists()
