"""The package as dpkg knows it. What is put back is put back by dpkg, so that what it says is installed is what runs."""

import fcntl
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kept import sync_folder

NAME = "camera-appliance"
NOT_OF_A_PACKAGE = ("Status", "Conffiles", "Config-Version")  # what dpkg adds to a package's own description
LOCK_TRIED_EVERY_S = 1.0


class PackageError(Exception):
    """dpkg could not; `str()` says what."""


@dataclass(frozen=True)
class Status:
    """What dpkg has of it."""

    state: str  # installed, unpacked, half-installed, …
    version: str


class Package:
    """Ours, on the machine below `root`."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root, self._dpkg = root, root / "var/lib/dpkg"

    def status(self) -> Status:
        """Now."""
        done = self._query("--show", "--showformat=${db:Status-Status} ${Version}", NAME)
        state, _, version = done.stdout.partition(" ") if done.returncode == 0 else ("not-installed", "", "")
        return Status(state, version)

    def repacked(self, folder: Path) -> Path:
        """The installed version as a file in `folder`. Raises PackageError, OSError."""
        stage, new = folder / "stage", folder / "stage.new"
        shutil.rmtree(stage, ignore_errors=True)
        try:
            self._stage(stage)
            architecture = self._said("--show", "--showformat=${Architecture}", NAME)
            file = folder / f"{NAME}_{self.status().version}_{architecture}.deb"
            # Quick rather than small: it is written to a card, and mostly never read.
            _run("dpkg-deb", "--root-owner-group", "-Zzstd", "-z1", "--build", str(stage), str(new))
            with new.open("rb") as written:
                os.fsync(written.fileno())
            new.replace(file)
            sync_folder(folder)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            new.unlink(missing_ok=True)
        return file

    def _stage(self, stage: Path) -> None:
        control = stage / "DEBIAN"
        control.mkdir(parents=True, mode=0o755)
        (control / "control").write_text(checked_first(own_fields(self._said("--status", NAME))))
        for name in self._said("--control-list", NAME).split():
            file = control / name
            file.write_text(self._said("--control-show", NAME, name))
            file.chmod(0o644 if name == "md5sums" else 0o755)
        listed = self._said("--listfiles", NAME).splitlines()
        folders = {os.path.dirname(name) for name in listed}  # noqa: PTH120 - names, a thousand of them
        for name in listed:
            if name.startswith("/") and name != "/.":
                _put(self._root / name[1:], stage / name[1:], is_folder=name in folders)

    @contextmanager
    def locked(self, within_s: float) -> Iterator[None]:
        """Nobody else installs packages meanwhile. Raises PackageError when somebody does for so long."""
        deadline_s = time.monotonic() + within_s
        with (self._dpkg / "lock-frontend").open("a") as file:
            while not _lock(file.fileno()):
                if time.monotonic() > deadline_s:
                    raise PackageError(f"other packages are being installed for {within_s:.0f} s already")
                time.sleep(LOCK_TRIED_EVERY_S)
            yield

    def is_locked(self) -> bool:
        """Is somebody installing packages?"""
        with (self._dpkg / "lock-frontend").open("a") as file:
            return not _lock(file.fileno())

    def install(self, file: Path) -> bool:
        """This file instead of what is there; did it work? Only while it is `locked`."""
        return self._change("--install", str(file))

    def configure(self) -> bool:
        """Go on where an installation was cut off; did it work? Only while it is `locked`."""
        return self._change("--configure", NAME)

    def _change(self, *words: str) -> bool:
        elsewhere = () if self._root == Path("/") else (f"--root={self._root}", "--force-script-chrootless")
        environment = {
            **os.environ,
            "DPKG_FRONTEND_LOCKED": "1",
            "DEBIAN_FRONTEND": "noninteractive",
            "LC_ALL": "C.UTF-8",
        }
        command = ("dpkg", *elsewhere, "--force-confold", *words)
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False).returncode == 0

    def _query(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = ("dpkg-query", f"--admindir={self._dpkg}", *words)
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def _said(self, *words: str) -> str:
        done = self._query(*words)
        if done.returncode != 0:
            raise PackageError(done.stderr.strip())
        return done.stdout


def own_fields(status: str) -> str:
    """A package's own description, of what dpkg knows of it once it is installed."""
    fields: list[str] = []
    for line in status.splitlines(keepends=True):
        if line[:1].isspace() and fields:
            fields[-1] += line
        else:
            fields.append(line)
    return "".join(field for field in fields if field.partition(":")[0] not in NOT_OF_A_PACKAGE)


def checked_first(fields: str) -> str:
    """A package that dpkg asks for what it needs before it unpacks it: else the new version is gone when the old one cannot be had."""
    return re.sub(r"(?m)^Depends:", "Pre-Depends:", fields)


def _put(here: Path, there: Path, *, is_folder: bool) -> None:
    """Without a second copy, where both are on one file system. What the owner took away (documents) stays away."""
    if is_folder:
        there.mkdir(exist_ok=True)
    elif here.is_symlink():
        there.symlink_to(here.readlink())
    elif here.is_dir():
        there.mkdir(exist_ok=True)
    elif here.exists():
        try:
            os.link(here, there)
        except OSError:
            shutil.copy2(here, there)


def _lock(fd: int) -> bool:
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PackageError(done.stderr.strip() or f"{command[0]} failed")
