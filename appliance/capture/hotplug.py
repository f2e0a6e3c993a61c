"""Hotplug: that a device appeared or left, told to whoever waits for one.

Rule 1: udev's word only says that it is time to look; what is there is read from /dev. So a lost word costs time, never truth,
        and looking without being told (where no udev runs) gives the same answers, only later.
Rule 2: udev is heard after its own work: then the names by-id and by-path are there, and may be opened. The kernel's own word
        would come before.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import trio

from appliance.capture.device import Node, node_of
from appliance.streams.change import Change

UDEV = Path("/run/udev")
LOOK_EVERY_S = 0.25
MOST_WORDS = 100  # of udev, before others have their turn
PAUSE_S = 1.0  # before udev is asked anew after it said more than the kernel could keep
log = logging.getLogger("appliance.capture")


class Monitor(Protocol):
    """What is used of pyudev's Monitor, which ships no types."""

    def fileno(self) -> int:
        """The socket."""

    def poll(self, timeout: float | None = None) -> object | None:
        """The next word, None when there is none. Raises OSError."""


def heard(udev: Path = UDEV) -> Monitor:
    """Ask udev to tell of video devices. Raises ImportError or OSError, with words, where there is no udev or no way to it."""
    if not (udev / "control").exists():
        raise FileNotFoundError("it does not run here")
    import pyudev

    monitor = pyudev.Monitor.from_netlink(pyudev.Context())
    monitor.filter_by("video4linux")
    monitor.start()
    asked: Monitor = monitor
    return asked


class Hotplug:
    """One for the whole program."""

    def __init__(self, ask: Callable[[], Monitor] = heard) -> None:
        self._ask = ask
        self.stirred = Change()  # a device may have come or gone

    async def run(self, *, task_status: trio.TaskStatus[bool] = trio.TASK_STATUS_IGNORED) -> None:
        """Tell of devices for ever; reports whether udev is heard."""
        monitor = self._heard()
        task_status.started(monitor is not None)
        while monitor is not None:
            await self._listen(monitor)
            await trio.sleep(PAUSE_S)
            monitor = self._heard()
            self.stirred.tell()  # for what was missed
        while True:
            self.stirred.tell()
            await trio.sleep(LOOK_EVERY_S)

    async def appearance_of(self, name: str, before: Node | None) -> None:
        """Return when a device of this name is there, and another one than `before`; never for no name."""
        while (now := node_of(name)) is None or now == before:
            await self.stirred.wait()

    def _heard(self) -> Monitor | None:
        try:
            return self._ask()
        except (ImportError, OSError) as error:
            log.info("looking for cameras every %g s, because udev tells nothing: %s", LOOK_EVERY_S, error)
            return None

    async def _listen(self, monitor: Monitor) -> None:
        """Return when udev has said more than the kernel could keep: pyudev does not get over that."""
        while True:
            await trio.lowlevel.wait_readable(monitor.fileno())
            try:
                for _ in range(MOST_WORDS):
                    if monitor.poll(0) is None:
                        break
            except OSError:
                return
            self.stirred.tell()
