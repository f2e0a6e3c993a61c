"""What is in the package: each path that a unit or a script names, one version, and scripts that a shell understands."""

import gzip
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import msgspec
import pytest

from appliance import __version__
from appliance.config import loads

PROJECT = Path(__file__).parents[2]
DEB = PROJECT / "packaging/deb"
SCRIPTS = ("postinst", "prerm", "postrm")
OURS = re.compile(r"/usr/(?:bin|lib|libexec|share)/(?:doc/)?camera-appliance[\w./@-]*")


@pytest.fixture(scope="session")
def unpacked(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    subprocess.run(("dpkg-deb", "--raw-extract", str(bare), str(folder)), check=True)
    return folder


def test_what_is_named_is_there(unpacked: Path) -> None:
    named = {
        path.rstrip("/.")
        for file in [
            *unpacked.rglob("*.service"),
            *unpacked.rglob("*.socket"),
            *unpacked.rglob("*.conf"),
            *map(DEB.joinpath, SCRIPTS),
        ]
        for path in OURS.findall(file.read_text())
    }
    assert len(named) > 5
    assert [path for path in sorted(named) if not (unpacked / path[1:]).exists()] == []


def test_units_that_are_switched_on_are_there(unpacked: Path) -> None:
    units = {path.name for path in (unpacked / "usr/lib/systemd/system").glob("*.*") if path.is_file()}
    preset = (unpacked / "usr/lib/systemd/system-preset/80-camera-appliance.preset").read_text()
    enabled = set(re.findall(r"(?m)^enable (\S+)$", preset))
    assert enabled | set(re.findall(r"(?m)^disable (\S+)$", preset)) <= units
    for script in ("postinst", "postrm"):
        [line] = re.findall(r'(?m)^UNITS="(.+)"$', (DEB / script).read_text())
        assert set(line.split()) == enabled


def test_nothing_lies_where_packages_may_not_put_it(unpacked: Path) -> None:
    files = [path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if not path.is_dir()]
    allowed = ("DEBIAN/", "usr/bin/", "usr/lib/", "usr/libexec/camera-appliance/", "usr/share/")
    assert [file for file in files if not file.startswith(allowed)] == []
    assert not [
        path
        for path in unpacked.rglob("*")
        if path.stat(follow_symlinks=False).st_mode & 0o022 and not path.is_symlink()
    ]


def test_the_images_own_files_are_the_images(unpacked: Path) -> None:
    names = {path.name for path in unpacked.rglob("*")}
    assert not names & {path.name for path in (PROJECT / "systemd/image").iterdir()}


def test_the_owners_file_leaves_the_address_to_the_unit(unpacked: Path) -> None:
    """And says which it is: an owner who writes another one is obeyed."""
    shipped = (unpacked / "usr/share/camera-appliance/appliance.toml").read_text()
    assert "bind" not in tomllib.loads(shipped)["server"]
    unit = (unpacked / "usr/lib/systemd/system/camera-appliance.service").read_text()
    [address] = re.findall(r"(?m)^ExecStart=.* --default-bind (\S+)$", unit)
    assert f'\n# bind = ["{address}"] ' in shipped
    written = shipped.replace(f'# bind = ["{address}"]', f'bind = ["{address}"]')
    ours = (PROJECT / "config/appliance.toml").read_text()
    assert msgspec.structs.replace(loads(written).server, bind=[]) == msgspec.structs.replace(
        loads(ours).server, bind=[]
    )


def test_one_version(bare: Path, unpacked: Path) -> None:
    assert bare.name == f"camera-appliance_{__version__}_arm64.deb"
    control = (unpacked / "DEBIAN/control").read_text()
    assert f"\nVersion: {__version__}\n" in control
    assert "\nArchitecture: arm64\n" in control
    changelog = gzip.decompress((unpacked / "usr/share/doc/camera-appliance/changelog.gz").read_bytes()).decode()
    assert changelog.startswith(f"camera-appliance ({__version__}) ")
    assert len(changelog.splitlines()) > 5


def test_the_command_runs_on_its_own_environment(unpacked: Path) -> None:
    environment = unpacked / "usr/lib/camera-appliance"
    assert (unpacked / "usr/bin/camera-appliance").read_text().startswith("#!/usr/lib/camera-appliance/bin/python -I\n")
    assert (environment / "bin/python").readlink() == Path("python3")
    assert (environment / "bin/python3").readlink() == Path("../../../bin/python3")
    settings = dict(line.split(" = ") for line in (environment / "pyvenv.cfg").read_text().splitlines())
    assert settings == {"home": "/usr/bin", "include-system-site-packages": "true", "version": "3.13"}


def test_files_have_their_sums(unpacked: Path) -> None:
    subprocess.run(("md5sum", "--check", "--quiet", "DEBIAN/md5sums"), cwd=unpacked, check=True)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_shell_understands_the_scripts(script: str) -> None:
    subprocess.run(("sh", "-n", str(DEB / script)), check=True)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="no shellcheck here")
def test_shellcheck_finds_nothing() -> None:
    subprocess.run(
        ("shellcheck", "--severity=warning", *(str(DEB / script) for script in (*SCRIPTS, "build"))),
        check=True,
        cwd=PROJECT,
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_understands_the_unit_of_the_check(tmp_path: Path) -> None:
    name = "camera-appliance-upgrade-check.service"
    (tmp_path / name).write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/sh", (DEB / name).read_text()))
    done = subprocess.run(
        ("systemd-analyze", "verify", f"./{name}"), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_python_can_compile_what_runs_without_it(unpacked: Path) -> None:
    """The check runs on the system's bare Python: nothing but the standard library is imported there."""
    program = unpacked / "usr/libexec/camera-appliance/upgrade"
    done = subprocess.run(("python3", "-IBS", str(program), "--help"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "keep" in done.stdout
