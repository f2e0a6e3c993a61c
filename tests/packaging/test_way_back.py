"""The way back from an upgrade, with the real dpkg on a folder of its own, and a box that is as told."""

import json
import subprocess
from pathlib import Path

import keep
import package
import pytest
from box import State
from kept import Upgrade

from tests.packaging.told import Machine, RestlessBox, SlowBox, ToldBox, live


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


def test_an_old_version_that_lacks_something_is_not_unpacked_over_the_new_one(machine: Machine) -> None:
    machine.needs("python3 (<< 3.0)")  # which went with an upgrade of the system
    machine.upgrade("2", live("front"))
    box = ToldBox(State("loaded", "failed", 0))
    machine.check(box)
    assert (machine.runs, machine.package.status()) == ("2", package.Status("installed", "2"))
    assert box.started
    assert "1 cannot be put back" in machine.notice.read_text()


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
    machine.needs("python3")
    machine.package.repacked(folder)
    fields = subprocess.run(("dpkg-deb", "--field", str(packed)), capture_output=True, text=True, check=True).stdout
    assert "\nPre-Depends: python3\n" in fields


def test_a_record_that_is_not_whole_is_none(machine: Machine) -> None:
    machine.kept.folder.mkdir()
    for text in ("", "{", "[]", json.dumps({"old": "1"})):
        (machine.kept.folder / "upgrade.json").write_text(text)
        assert machine.kept.upgrade() is None
        machine.check(live("front"))
