"""The recovery's rules, held to histories that no real box would have the patience for."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.backoff import FIRST_S, LAST_S
from appliance.capture.recovery import (
    LOOK_AGAIN_S,
    MOST_RESETS,
    MOST_STUCK,
    OWN_FAULTS,
    RESET_AFTER,
    RESET_PERIOD_S,
    RESET_WAIT_S,
    SPREAD,
    Failure,
    Plan,
    Recovery,
)
from appliance.wire.hallway import Kind

KINDS: tuple[Kind, ...] = get_args(Kind)
OTHERS = sorted(set(KINDS) - OWN_FAULTS - {"busy"})


class Box:
    """One camera on a clock of its own: each failure is followed by what the plan says."""

    def __init__(self, *, resettable: bool = True) -> None:
        self.recovery = Recovery()
        self.now_s = 0.0
        self.resets_s: list[float] = []
        self.resettable = resettable
        self.plans: list[Plan] = []

    def fail(self, failure: Failure, *, took_s: float = 1.0) -> Plan:
        self.now_s += took_s + failure.delivered_s
        there = failure.plugged and self.resettable
        plan = self.recovery.next(failure._replace(resets_s=list(self.resets_s) if there else None), self.now_s)
        if plan.step == "usb_reset":
            self.resets_s.append(self.now_s)
            self.recovery.start_over()  # it went away and came back
        self.now_s += min(plan.wait_s, LOOK_AGAIN_S)
        self.plans.append(plan)
        return plan

    def fail_all(self, failures: Iterable[Failure]) -> list[str]:
        return [self.fail(failure).step for failure in failures]


def test_new_workers_come_later_and_later() -> None:
    box = Box()
    waits = [box.fail(Failure("ended", plugged=True)).wait_s for _ in range(9)]
    for wait_s, longest_s in zip(waits, (0.5, 1, 2, 4, 8, 10, 10, 10, 10), strict=True):
        assert longest_s * (1 - SPREAD) <= wait_s <= longest_s
    assert [plan.attempt for plan in box.plans] == list(range(1, 10))


def test_a_failure_that_took_its_time_is_followed_sooner() -> None:
    """A frozen camera takes four seconds to fail: once it thaws, people must not wait for another ten."""
    box = Box(resettable=False)
    waits = [box.fail(Failure("silent", took_s=4.0, plugged=True)).wait_s for _ in range(9)]
    assert max(waits[:4]) <= FIRST_S
    assert max(waits) <= LAST_S - 4


def test_a_camera_that_delivered_is_tried_again_soon() -> None:
    box = Box()
    for _ in range(5):
        box.fail(Failure("ended", plugged=True))
    assert box.fail(Failure("ended", delivered_s=2.5, plugged=True))[1:] == pytest.approx((1, FIRST_S), abs=FIRST_S)
    assert box.plans[-1].attempt == 1
    assert not box.recovery.fresh


@pytest.mark.parametrize("kind", sorted(OWN_FAULTS))
def test_the_whole_ladder(kind: Kind) -> None:
    """Two new workers, then a reset, three times over; then new workers for the rest of the hour."""
    box = Box()
    steps = box.fail_all([Failure(kind, plugged=True)] * 30)
    assert steps[:9] == ["new_worker", "new_worker", "usb_reset"] * 3
    assert set(steps[9:]) == {"new_worker"}
    assert box.plans[2].wait_s == RESET_WAIT_S
    box.now_s += RESET_PERIOD_S
    assert box.fail(Failure(kind, plugged=True)).step == "usb_reset"


def test_where_nothing_can_be_reset_that_step_is_left_out() -> None:
    assert set(Box(resettable=False).fail_all([Failure("silent", plugged=True)] * 20)) == {"new_worker"}


@pytest.mark.parametrize("kind", [*OTHERS, "busy"])
def test_what_is_no_fault_of_the_device_resets_nothing(kind: Kind) -> None:
    assert set(Box().fail_all([Failure(kind, plugged=True)] * 50)) == {"new_worker"}


def test_busy_with_a_process_of_ours_is_the_devices_fault() -> None:
    assert Box().fail_all([Failure("busy", plugged=True, stuck=1)] * 3)[-1] == "usb_reset"


def test_a_device_that_is_gone_is_waited_for() -> None:
    box = Box()
    assert set(box.fail_all([Failure("gone", plugged=False)] * 20)) == {"wait_for_hotplug"}
    assert {plan.wait_s for plan in box.plans} == {LOOK_AGAIN_S}
    # Back already when one looks: then it is opened at once.
    box.recovery.start_over()
    assert box.fail(Failure("gone", plugged=True)).step == "new_worker"
    assert box.plans[-1].wait_s <= FIRST_S


def test_old_faults_are_forgotten_only_after_a_while() -> None:
    """A camera that freezes after ten seconds each time has not recovered; one that froze last week has."""
    ill, well = Box(), Box()
    assert ill.fail_all([Failure("silent", delivered_s=10, plugged=True)] * 3)[-1] == "usb_reset"
    assert set(well.fail_all([Failure("silent", delivered_s=3600, plugged=True)] * 20)) == {"new_worker"}


def test_no_more_processes_than_so_many_get_stuck() -> None:
    stuck = Failure("hung", plugged=True, stuck=MOST_STUCK)
    plan = Box(resettable=False).fail(stuck)
    assert (plan.step, plan.wait_s) == ("wait_for_hotplug", math.inf)
    assert Box().fail(stuck._replace(plugged=False)).wait_s == math.inf
    assert Box().fail_all([stuck] * 3) == ["wait_for_hotplug", "wait_for_hotplug", "usb_reset"], "it may free them"


def test_a_camera_without_a_device_is_only_tried_again() -> None:
    assert set(Box().fail_all(Failure(kind) for kind in KINDS * 5)) == {"new_worker"}


failures = st.builds(
    Failure,
    kind=st.sampled_from(KINDS),
    delivered_s=st.sampled_from([0.0, 1.0, 5.0, 100.0]),
    took_s=st.sampled_from([0.0, 0.5, 4.0, 100.0]),
    plugged=st.sampled_from([None, True, False]),
    stuck=st.integers(0, MOST_STUCK),
)


@given(st.lists(failures, max_size=200), st.booleans())
def test_any_history(history: list[Failure], resettable: bool) -> None:
    box = Box(resettable=resettable)
    steps = box.fail_all(history)
    for failure, plan in zip(history, box.plans, strict=True):
        assert plan.attempt >= 1
        assert plan.wait_s > 0
        assert (plan.step == "wait_for_hotplug") == (
            failure.plugged is False or (failure.stuck >= MOST_STUCK and plan.step != "usb_reset")
        )
        if plan.step == "new_worker":
            assert plan.wait_s <= LAST_S
        if plan.step == "usb_reset":
            assert failure.plugged
            assert failure.kind in OWN_FAULTS or (failure.kind == "busy" and failure.stuck)
    assert Counter(steps)["usb_reset"] <= len(history) // RESET_AFTER
    for began_s in box.resets_s:
        assert sum(began_s <= each < began_s + RESET_PERIOD_S for each in box.resets_s) <= MOST_RESETS
