"""Yet another version comes while the one before it is judged: it is judged by itself."""

import pytest
import watch

from tests.packaging.told import Machine, ToldBox, live


class OvertakenBox(ToldBox):
    """Dark; while it is looked at for the third time, somebody installs a good version."""

    def __init__(self, machine: "Machine") -> None:
        super().__init__(cameras={"front": "offline"})
        self._machine, self._looks = machine, 0

    def cameras(self) -> dict[str, str] | None:
        self._looks += 1
        if self._looks == 3:
            self._machine.upgrade("3", self)
            self.seen = {"front": "live"}
        return self.seen


def test_a_good_version_does_not_pay_for_the_bad_one_before(machine: Machine) -> None:
    machine.upgrade("2", live("front"))
    machine.check(OvertakenBox(machine))
    assert machine.runs == "3"
    assert [file.name for file in machine.kept.folder.iterdir()] == ["camera-appliance_1_all.deb"]


def test_a_version_that_comes_while_the_verdict_waits_for_dpkg_is_judged_itself(machine: Machine) -> None:
    """The verdict on the second falls while apt is at work on the third."""
    machine.upgrade("2", live("front"))
    upgrade = machine.kept.upgrade()
    assert upgrade is not None
    machine.upgrade("3", live(front="offline"))
    with pytest.raises(watch.OvertakenError):
        watch.roll_back(upgrade, "no picture", machine.package, ToldBox(), machine.kept, machine.notice)
    assert (machine.runs, machine.kept.rolling_back, machine.notice.exists()) == ("3", "", False)
