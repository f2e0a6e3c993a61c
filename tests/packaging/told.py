"""A box that is as told, and a folder that the real dpkg takes for a machine."""

import subprocess
from pathlib import Path

import keep
import package
import watch
from box import Box, State
from kept import Kept

UP = State("loaded", "active", 7)
FAST = watch.Patience(within_s=0.2, holds_s=0.03, looks_every_s=0.01)


class ToldBox(Box):
    """A box that is as told, and remembers whether it was started."""

    def __init__(self, state: State = UP, cameras: dict[str, str] | None = None) -> None:
        self.now, self.seen, self.started = state, cameras, False

    def state(self) -> State:
        return self.now

    def cameras(self) -> dict[str, str] | None:
        return self.seen

    def start(self) -> None:
        self.started = True


class RestlessBox(ToldBox):
    """Its process is another one each time."""

    def state(self) -> State:
        self.now = State("loaded", "active", self.now.pid + 1)
        return self.now


class SlowBox(ToldBox):
    """It comes live at the fifth look."""

    looks = 0

    def cameras(self) -> dict[str, str] | None:
        self.looks += 1
        return {"front": "live" if self.looks > 4 else "starting"}


class Machine:
    """A folder that dpkg takes for a machine, with version 1 installed."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.root = folder, folder / "root"
        for name in ("info", "updates", "triggers"):
            (self.root / "var/lib/dpkg" / name).mkdir(parents=True)
        for name in ("status", "available"):
            (self.root / "var/lib/dpkg" / name).touch()
        self.package, self.kept = package.Package(self.root), Kept(folder / "kept")
        self.notice = folder / "notices/upgrade"
        self.install("1")

    @property
    def runs(self) -> str:
        return (self.root / "usr/share/camera-appliance/program").read_text()

    def deb(self, version: str, more: str = "") -> Path:
        tree = self._folder / f"tree-{version}"
        (tree / "DEBIAN").mkdir(parents=True)
        own = (
            f"Package: camera-appliance\nVersion: {version}\nArchitecture: all\nMaintainer: us <us@example.org>\n{more}"
        )
        (tree / "DEBIAN/control").write_text(f"{own}Description: a camera\n of two\n .\n lines\n")
        program = tree / "usr/share/camera-appliance/program"
        program.parent.mkdir(parents=True)
        program.write_text(version)
        (program.parent / "link").symlink_to("program")
        (program.parent / f"only-in-{version}").touch()
        deb = self._folder / f"{version}.deb"
        subprocess.run(
            ("dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(deb)),
            check=True,
            capture_output=True,
        )
        return deb

    def install(self, version: str) -> None:
        assert self.package.install(self.deb(version))

    def upgrade(self, version: str, box: Box) -> None:
        """As apt does it."""
        keep.keep(version, self.package, box, self.kept)
        self.install(version)

    def needs(self, what: str) -> None:
        """The installed version, as dpkg knows it."""
        status = self.root / "var/lib/dpkg/status"
        status.write_text(status.read_text().replace("Maintainer:", f"Depends: {what}\nMaintainer:"))

    def check(self, box: Box) -> None:
        watch.check(FAST, self.package, box, self.kept, self.notice)


def live(*names: str, **others: str) -> ToldBox:
    return ToldBox(cameras={**dict.fromkeys(names, "live"), **others})
