"""Remedy: does what the recovery says, and shows it. It returns when the camera is to be opened again."""

import logging
import math
import time
from collections.abc import Awaitable, Callable

import trio

from appliance.capture.device import Node, node_of
from appliance.capture.hotplug import Hotplug
from appliance.capture.recovery import Failure, Plan, Recovery
from appliance.capture.stuck import Stuck
from appliance.capture.usb_reset import UsbReset
from appliance.streams.stream import Stream

SAY_WHY_S = 2.0  # to draw a placeholder takes a sixth of that, unless the machine is busy
log = logging.getLogger("appliance.capture")


class Remedy:
    """The deeds of one camera's recovery."""

    def __init__(self, stream: Stream, recovery: Recovery, hotplug: Hotplug, usb_reset: UsbReset, stuck: Stuck) -> None:
        self._stream, self._recovery = stream, recovery
        self._hotplug, self._usb_reset, self._stuck = hotplug, usb_reset, stuck

    async def apply(self, failure: Failure, device: str, say_why: Callable[[Stream], Awaitable[None]]) -> None:
        """Have people told, do the next step, and wait as it says. `device`: its name if it is a USB device, else ""."""
        stream = self._stream
        node = node_of(device)
        # Before the next attempt: who watches a plain stream is told only by the picture.
        with trio.move_on_after(SAY_WHY_S):
            await say_why(stream)
        seen = failure._replace(stuck=len(self._stuck))
        if device:
            seen = seen._replace(plugged=node_of(device) is not None, resets_s=self._usb_reset.times_of(device))
        plan = self._recovery.next(seen, time.monotonic())
        self._say(plan)
        if plan.step != "usb_reset" or await self._reset(device):
            await self._wait(plan.wait_s, device, node)
        stream.mending.plan("new_worker", plan.attempt, 0.0, stream.reason)
        stream.changed.tell()

    def _say(self, plan: Plan) -> None:
        """For people; in the log less and less often, because it may go on for weeks."""
        stream, wait_s = self._stream, None if plan.wait_s == math.inf else plan.wait_s
        stream.mending.plan(plan.step, plan.attempt, wait_s, stream.reason)
        stream.changed.tell()
        if plan.attempt.bit_count() == 1:
            log.info("%s: %s, before attempt %d", stream.id, plan.step.replace("_", " "), plan.attempt)

    async def _reset(self, device: str) -> bool:
        why_not = await self._usb_reset(device)
        if why_not:
            log.warning("%s: its USB device could not be reset: %s", self._stream.id, why_not)
            return False
        self._stream.mending.usb_resets += 1
        log.warning("%s: its USB device was reset", self._stream.id)
        return True

    async def _wait(self, wait_s: float, device: str, before: Node | None) -> None:
        """Until it is time, or the device is another one than `before`; without a time, also until a stuck process ends."""
        self._stream.progress.expect(wait_s)
        with trio.move_on_after(wait_s):
            async with trio.open_nursery() as nursery:
                if wait_s == math.inf:
                    nursery.start_soon(self._until_one_ends, nursery.cancel_scope)
                await self._hotplug.appearance_of(device, before)
                self._recovery.start_over()
                nursery.cancel_scope.cancel()

    async def _until_one_ends(self, scope: trio.CancelScope) -> None:
        await self._stuck.change()
        scope.cancel()
