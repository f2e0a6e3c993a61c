"""Watchdog: signs of life for systemd, each of them earned. Without them for its patience, systemd starts this program anew.

Rule 1: this is a task of the event loop: while the loop stands still, nothing is sent.
Rule 2: a loop that turns late does not do its work; such a turn earns no sign either, and says nothing about cameras, which were
        held up with it.
Rule 3: a camera that makes no progress (neither a picture, nor a failure that is being waited out) earns none: its capture has hung,
        and only a new process helps.
"""

import logging
import time
from collections.abc import Callable

import trio

from appliance.system.notify import Notify

TURNS = 4  # within systemd's patience
SAY_EVERY_S = 10.0  # to people, where systemd wants no signs
log = logging.getLogger("appliance.system")


async def watch(notify: Notify, hung: Callable[[], list[str]], status: Callable[[], str]) -> None:
    """Tell systemd for ever that this program lives, while it does.

    `hung` names the cameras that make no progress, `status` says for people how things are.
    """
    patience_s = notify.watchdog_s
    every_s = patience_s / TURNS if patience_s else SAY_EVERY_S
    while True:
        began_s = time.monotonic()
        await trio.sleep(every_s)
        late_s = time.monotonic() - began_s - every_s
        if late_s > every_s:
            log.warning("the event loop was held up for %.1f s", late_s)
        elif cameras := hung():
            log.error("no progress at all: %s", ", ".join(cameras))
            notify.troubled(f"hung: {', '.join(cameras)}")
        else:
            notify.alive(status())
