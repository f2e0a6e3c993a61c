"""Other versions of the package that was built: what an older one is, and newer ones that are broken."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

SITE = "usr/lib/camera-appliance/lib/python3.13/site-packages/appliance"
OLDER, MUTE, DARK, FINE = "0.0.9", "999.1", "999.2", "999.3"  # versions


def make(deb: Path, folder: Path) -> None:
    """All of them, in `folder`."""
    for version, change in ((OLDER, _nothing), (MUTE, _never_ready), (DARK, _no_worker), (FINE, _nothing)):
        _make(deb, folder, version, change)


def _make(deb: Path, folder: Path, version: str, change: Callable[[Path], None]) -> None:
    tree = folder / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run(("dpkg-deb", "--raw-extract", str(deb), str(tree)), check=True)
    _replace(tree / "DEBIAN/control", r"(?m)^Version: .*$", f"Version: {version}")
    _replace(tree / SITE / "__init__.py", r'__version__ = ".*"', f'__version__ = "{version}"')
    change(tree / SITE)
    new = folder / f"camera-appliance_{version}_amd64.deb"
    subprocess.run(
        ("dpkg-deb", "--root-owner-group", "-Zzstd", "-z1", "--build", str(tree), str(new)),
        check=True,
        capture_output=True,
    )
    shutil.rmtree(tree)


def _nothing(program: Path) -> None:
    """It is as good."""


def _never_ready(program: Path) -> None:
    """It runs, and does not say so."""
    _replace(program / "system/notify.py", r'self\._tell\("READY=1", ', 'self._tell("X_READY=1", ')


def _no_worker(program: Path) -> None:
    """It is ready, and each process that opens a camera ends at once."""
    (program / "cameras/worker.py").write_text('raise SystemExit("this version is broken on purpose")\n')


def _replace(file: Path, pattern: str, by: str) -> None:
    text, count = re.subn(pattern, by, file.read_text())
    assert count == 1, f"{file}: {pattern} is there {count} times"
    file.write_text(text)
