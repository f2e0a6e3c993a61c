"""One recipe, two ends: the image that is tested in QEMU is the one that ships for the Pi, but for what is named here with its reason."""

import re
import subprocess
from pathlib import Path

import pytest

from image.manifest import BOARDS

PROJECT = Path(__file__).parents[2]
IMAGE = PROJECT / "image"
LAYER = IMAGE / "pi" / "layer" / "camera-appliance.yaml"
OURS = "camera-appliance"  # installed from a file, at both ends
ONLY_QEMU = {
    "linux-image-amd64": "a Pi's kernel comes with its device layer, and has another name on each board",
    "busybox-static": "QEMU is given a small initrd; the Pi's layout brings its own",
}
ONLY_PI = {"python3-picamera2": "it is in no Debian; QEMU has no ribbon cable"}
FILES_ONLY_QEMU = {
    "etc/modules-load.d/virtual-camera.conf": "the virtual camera: nothing can be plugged into QEMU",
    "etc/modprobe.d/virtual-camera.conf": "its sizes",
    "etc/udev/rules.d/70-virtual-camera.rules": "its name",
}
SHADOW = "root:*:20000:0:99999:7:::\n"


def section(file: str, name: str) -> list[str]:
    """What stands below [name]."""
    text = (IMAGE / file).read_text().partition(f"\n[{name}]\n")[2].partition("\n[")[0]
    return [line.split()[0] for line in text.splitlines() if line.strip() and not line.startswith("#")]


def hooks(kind: str) -> str:
    """The shell of the Pi's layer."""
    return LAYER.read_text().partition(f"{kind}-hooks:")[2].partition("-hooks:")[0]


@pytest.fixture(params=["qemu", "pi"])
def end(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def tree_of(folder: Path) -> Path:
    """As Debian and our package leave one, as far as `settle` looks at it."""
    units = [unit for what in ("enable", "disable") for unit in section("units.txt", what)]
    for unit in units:
        at = folder / "usr/lib/systemd/system" / unit
        at.parent.mkdir(parents=True, exist_ok=True)
        if not (IMAGE / "overlay/etc/systemd/system" / unit).exists():
            at.write_text("[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n")
    for path, text in (
        ("etc/shadow", SHADOW),
        ("etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
        ("etc/ssh/ssh_host_ed25519_key", "a key\n"),
        ("etc/camera-appliance/secrets.toml", "a secret\n"),
        ("var/lib/systemd/random-seed", "a seed\n"),
        ("boot/firmware/cmdline.txt", "console=tty1 root=ROOTDEV fsck.repair=yes rootwait\n"),
    ):
        at = folder / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)
    return folder


def settled(folder: Path, end: str) -> dict[str, str]:
    """Every file and link that there is afterwards."""
    subprocess.run([IMAGE / "settle", tree_of(folder), end], check=True, capture_output=True, timeout=60)
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = f"{path.stat().st_mode & 0o777:o} {path.read_text()}"
    return found


def test_both_ends_install_the_same_packages() -> None:
    common, qemu, pi = (section("packages.txt", name) for name in ("common", "qemu", "pi"))
    packages = LAYER.read_text().partition("  packages:\n")[2].partition("  customize-hooks:")[0]
    assert re.findall(r"- (\S+)", packages) == [name for name in common + pi if name != OURS]
    assert (set(qemu), set(pi)) == (set(ONLY_QEMU), set(ONLY_PI))
    assert 'section "$HERE/packages.txt"' in (IMAGE / "qemu/build").read_text()
    assert all("#" in line for line in (IMAGE / "packages.txt").read_text().splitlines() if line and line[0] != "["), (
        "each with its reason"
    )


def test_both_ends_install_our_package_through_apt_without_what_it_recommends() -> None:
    for text in (hooks("customize"), (IMAGE / "qemu/debian.sh").read_text()):
        assert re.search(r"apt-get install .*--no-install-recommends /tmp/camera-appliance\.deb", text)
    assert "path-include=/usr/share/doc/*/copyright" in (IMAGE / "qemu/debian.sh").read_text()


def test_both_ends_are_settled_by_the_same_program() -> None:
    assert '"$IGconf_camera_recipe/settle" "$1" pi' in hooks("cleanup")
    assert '"$HERE/settle" "$TREE" qemu' in (IMAGE / "qemu/build").read_text()
    assert [path.parent.name for path in IMAGE.glob("*/overlay")] == ["qemu"], "what only one end has is named above"


def test_both_ends_have_the_same_files_and_units(tmp_path: Path) -> None:
    qemu, pi = settled(tmp_path / "q", "qemu"), settled(tmp_path / "p", "pi")
    differ = {name for name in qemu.keys() | pi.keys() if qemu.get(name) != pi.get(name)}
    assert differ == set(FILES_ONLY_QEMU)
    enabled = {Path(name).name for name in pi if ".wants/" in name}
    assert set(section("units.txt", "enable")) <= enabled
    assert not set(section("units.txt", "disable")) & enabled
    assert {Path(name).name for name, content in pi.items() if content == "-> /dev/null"} == set(
        section("units.txt", "mask")
    )


def test_nothing_is_the_same_in_two_boxes(tmp_path: Path, end: str) -> None:
    found = settled(tmp_path, end)
    assert found["etc/machine-id"] == "644 ", "empty: a missing one would undo units.txt"
    assert not {name for name in found if "ssh_host" in name or "secret" in name or "seed" in name}


@pytest.mark.parametrize("password", ["", "$y$j9T$abc"])
def test_an_account_with_a_password_or_without_need_of_one_stops_it(tmp_path: Path, end: str, password: str) -> None:
    (tree_of(tmp_path) / "etc/shadow").write_text(f"{SHADOW}pi:{password}:20000:0:99999:7:::\n")
    done = subprocess.run([IMAGE / "settle", tmp_path, end], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "account" in done.stderr


def test_a_pi_is_told_of_memory_limits(tmp_path: Path) -> None:
    assert settled(tmp_path, "pi")["boot/firmware/cmdline.txt"].split() == [
        "644",
        *("console=tty1", "root=ROOTDEV", "fsck.repair=yes", "rootwait", "cgroup_enable=memory"),
    ]


def test_boards_are_those_of_the_manifest() -> None:
    assert {path.stem for path in (IMAGE / "pi/config").glob("*.yaml")} - {OURS} == set(BOARDS)
