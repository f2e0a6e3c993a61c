"""The way back from an upgrade, with the real dpkg on a folder of its own, and a box that is as told."""

import json
import subprocess
from pathlib import Path

import keep
import package
import pytest
import watch
from box import Box, State
from kept import Kept, Upgrade

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

    def check(self, box: Box) -> None:
        watch.check(FAST, self.package, box, self.kept, self.notice)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    if subprocess.run(("id", "-u"), capture_output=True, text=True, check=True).stdout.strip() != "0":
        pytest.skip("dpkg installs as root only")
    return Machine(tmp_path)


def live(*names: str, **others: str) -> ToldBox:
    return ToldBox(cameras={**dict.fromkeys(names, "live"), **others})


def test_a_version_that_comes_live_stays(machine: Machine) -> None:
    machine.upgrade("2", live("front", "garden", attic="offline"))
    assert machine.kept.upgrade() == Upgrade("1", "2", ("front", "garden"), "camera-appliance_1_all.deb")
    machine.check(live("front", "garden", attic="offline"))
    assert machine.runs == "2"
    assert machine.kept.upgrade() is None
    assert not machine.notice.exists()
    assert [file.name for file in machine.kept.folder.iterdir()] == ["camera-appliance_1_all.deb"]


def test_a_version_that_takes_its_time_stays(machine: Machine) -> None:
    machine.upgrade("2", live("front"))
    machine.check(SlowBox())
    assert machine.runs == "2"


@pytest.mark.parametrize(
    ("box", "words"),
    [
        (live("garden", front="offline"), "no picture of front"),
        (live("garden"), "no picture of front"),
        (ToldBox(cameras=None), "it does not answer"),
        (ToldBox(State("loaded", "activating", 9)), "it does not get ready (systemd: loaded, activating)"),
        (ToldBox(State("not-found", "inactive", 0)), "it does not get ready (systemd: not-found, inactive)"),
        (RestlessBox(cameras={"front": "live", "garden": "live"}), "it does not stay up"),
    ],
)
def test_a_version_that_does_not_goes(machine: Machine, box: ToldBox, words: str) -> None:
    machine.upgrade("2", live("front", "garden"))
    machine.check(box)
    assert machine.runs == "1"
    assert machine.package.status() == package.Status("installed", "1")
    assert not (machine.root / "usr/share/camera-appliance/only-in-2").exists()
    assert (machine.root / "usr/share/camera-appliance/link").readlink() == Path("program")
    assert machine.notice.read_text() == f"The upgrade to 2 did not come live ({words}), so 1 is back.\n"
    assert box.started == (not box.now.is_up)
    assert (machine.kept.upgrade(), machine.kept.rolling_back) == (None, "")


def test_a_box_that_somebody_stopped_is_left_alone(machine: Machine) -> None:
    machine.upgrade("2", live("front"))
    box = ToldBox(State("loaded", "inactive", 0))
    machine.check(box)
    assert (machine.runs, box.started, machine.kept.upgrade()) == ("2", False, None)


def test_what_was_dark_before_is_no_reason(machine: Machine) -> None:
    machine.upgrade("2", ToldBox(cameras=None))
    machine.check(ToldBox(cameras={"front": "offline"}))
    assert machine.runs == "2"


def test_a_box_that_did_not_run_before_is_not_judged(machine: Machine) -> None:
    machine.upgrade("2", ToldBox(State("loaded", "inactive", 0)))
    machine.check(ToldBox(State("loaded", "failed", 0)))
    assert machine.runs == "2"


def test_of_two_upgrades_in_a_row_the_last_good_version_comes_back(machine: Machine) -> None:
    machine.upgrade("2", live("front"))
    machine.upgrade("3", live(front="offline"))
    machine.check(live(front="offline"))
    assert machine.runs == "1"


def test_what_is_kept_can_be_installed_by_hand(machine: Machine) -> None:
    machine.upgrade("2", live("front"))
    machine.check(live("front"))
    keep.keep("1", machine.package, live("front"), machine.kept)
    assert machine.package.install(machine.kept.folder / "camera-appliance_1_all.deb")
    assert machine.runs == "1"
    machine.check(live("front"))
    assert [file.name for file in machine.kept.folder.iterdir()] == ["camera-appliance_2_all.deb"]


def test_the_same_version_again_is_no_upgrade(machine: Machine) -> None:
    keep.keep("1", machine.package, live("front"), machine.kept)
    assert not machine.kept.folder.exists()


def test_the_version_that_goes_back_is_not_kept(machine: Machine) -> None:
    machine.upgrade("2", live("front"))
    machine.kept.begin_rolling_back("for a reason")
    keep.keep("1", machine.package, live("front"), machine.kept)
    upgrade = machine.kept.upgrade()
    assert upgrade is not None
    assert upgrade.old == "1"


def test_after_a_power_cut_while_going_back_it_goes_on(machine: Machine) -> None:
    machine.upgrade("2", live("front"))
    machine.kept.begin_rolling_back("for a reason")
    machine.check(live("front"))
    assert machine.runs == "1"
    assert "for a reason" in machine.notice.read_text()


@pytest.mark.parametrize(("state", "runs"), [("half-installed", "1"), ("unpacked", "2"), ("half-configured", "2")])
def test_after_a_power_cut_in_dpkg_a_version_is_whole(machine: Machine, state: str, runs: str) -> None:
    machine.upgrade("2", live("front"))
    status = machine.root / "var/lib/dpkg/status"
    status.write_text(
        status.read_text().replace("ok installed", f"ok {state}" if state != "half-installed" else f"reinstreq {state}")
    )
    machine.check(live("front"))
    assert machine.runs == runs
    assert machine.package.status() == package.Status("installed", runs)


def test_where_the_old_version_cannot_come_back_the_new_one_goes_on(machine: Machine) -> None:
    machine.upgrade("2", live("front"))
    (machine.kept.folder / "camera-appliance_1_all.deb").write_bytes(b"half of it")
    box = ToldBox(State("loaded", "failed", 0))
    machine.check(box)
    assert (machine.runs, box.started) == ("2", True)
    assert "1 cannot be put back" in machine.notice.read_text()


def test_what_is_kept_is_the_package(machine: Machine) -> None:
    folder = machine.kept.folder
    folder.mkdir()
    packed = machine.package.repacked(folder)
    fields = subprocess.run(("dpkg-deb", "--field", str(packed)), capture_output=True, text=True, check=True).stdout
    original = subprocess.run(
        ("dpkg-deb", "--field", str(machine.root.parent / "1.deb")), capture_output=True, text=True, check=True
    ).stdout
    assert sorted(fields.splitlines()) == sorted(original.splitlines())
    assert [file.name for file in folder.iterdir()] == [packed.name]


def test_a_record_that_is_not_whole_is_none(machine: Machine) -> None:
    machine.kept.folder.mkdir()
    for text in ("", "{", "[]", json.dumps({"old": "1"})):
        (machine.kept.folder / "upgrade.json").write_text(text)
        assert machine.kept.upgrade() is None
        machine.check(live("front"))
