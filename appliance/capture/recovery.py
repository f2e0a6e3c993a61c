"""Recovery: what is done about a camera that failed, and when. Pure: the caller looks at the device and brings the time.

    new_worker        a new process opens it again, after a wait that grows
    usb_reset         a USB device that is there and fails all the same is switched off and on, as if somebody replugged it
    wait_for_hotplug  a device that is gone is waited for, and nothing is started meanwhile but for a look now and then

Rule 1: there is no reopening in the same process: only its end surely lets go of a device. OpenCV's release can hang for seconds on
        a device that failed, and a mapping left behind keeps it busy; a new process costs half a second.
Rule 2: a reset is for the device's own faults. One that is busy or forbidden is well, and one that is gone has nothing to switch.
Rule 3: processes that cannot be ended are counted, and from some number on no other is sent after them.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from appliance import backoff
from appliance.wire.hallway import Kind
from appliance.wire.mending import Step

SPREAD = 0.1  # so that cameras that failed together do not come back in step
STEADY_S = 2.0  # a camera that delivered for so long is tried again soon
WELL_S = 60.0  # and after so long its own faults are of the past
LOOK_AGAIN_S = 30.0  # for a device that is waited for, in case nobody tells that it came
RESET_AFTER = 3  # of the device's own faults in a row
MOST_RESETS = 3  # of one device in RESET_PERIOD_S
RESET_PERIOD_S = 3600.0
RESET_WAIT_S = 5.0  # for the device to come back afterwards
MOST_STUCK = 3
OWN_FAULTS: frozenset[Kind] = frozenset({"hung", "silent", "broken", "refused"})


class Failure(NamedTuple):
    """How it failed, and how things are."""

    kind: Kind
    delivered_s: float = 0.0  # for how long there were pictures before
    took_s: float = 0.0  # from the beginning of the attempt: a slow failure is a wait already
    plugged: bool | None = None  # is its device there? None: it has none that could be pulled out
    stuck: int = 0  # processes of ours that cannot be ended
    resets_s: Sequence[float] | None = None  # when its device was reset before; None: it cannot be


class Plan(NamedTuple):
    """What comes next."""

    step: Step
    attempt: int  # the number of the coming try
    wait_s: float  # before it, unless the device appears; infinite: until it does


class Recovery:
    """What one camera's failures in a row lead to."""

    def __init__(self) -> None:
        self._failures = 0
        self._faults = 0  # of the device itself

    @property
    def fresh(self) -> bool:
        """Has it not failed, since it last was well?"""
        return not self._failures

    def start_over(self) -> None:
        """People started it, or its device is another one now."""
        self._failures = self._faults = 0

    def next(self, failure: Failure, now_s: float) -> Plan:
        """What to do about it."""
        if failure.delivered_s > STEADY_S:
            self._failures = 0
        if failure.delivered_s > WELL_S:
            self._faults = 0
        wait_s = max(backoff.delay_s(self._failures, SPREAD) - failure.took_s, backoff.delay_s(0, SPREAD))
        self._failures += 1
        if failure.plugged is False:
            return self._plan("wait_for_hotplug", math.inf if failure.stuck >= MOST_STUCK else LOOK_AGAIN_S)
        if failure.kind in OWN_FAULTS or (failure.kind == "busy" and failure.stuck):  # busy with a process of ours
            self._faults += 1
            if self._faults >= RESET_AFTER and may_reset(failure.resets_s, now_s):
                self._faults = 0
                return self._plan("usb_reset", RESET_WAIT_S)
        if failure.stuck >= MOST_STUCK:
            return self._plan("wait_for_hotplug", math.inf)
        return self._plan("new_worker", wait_s)

    def _plan(self, step: Step, wait_s: float) -> Plan:
        return Plan(step, self._failures, wait_s)


def may_reset(resets_s: Sequence[float] | None, now_s: float) -> bool:
    """Is a reset possible, and not one too many?"""
    return resets_s is not None and sum(each > now_s - RESET_PERIOD_S for each in resets_s) < MOST_RESETS
