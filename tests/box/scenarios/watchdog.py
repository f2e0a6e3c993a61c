"""When nothing else helps: the machine starts anew by itself."""

import time

from tests.box.card import ROOT, Card
from tests.box.machine import Hardware, box
from tests.box.scenarios.stage import Stage, scenario
from tests.box.watching import wait_until_live

WATCHDOG_S = 14.0
PANIC_S = 10.0
BOOTS_IN_S = 60.0  # until root may run something, in an emulator on a busy machine
# systemd that crashes stands still for ever, and feeds nobody any more; a kernel that gives up is told to wait no longer than so.
DISASTERS = {
    "systemd stands still": ("kill -SEGV 1", WATCHDOG_S),
    "the kernel gives up": ("echo c > /proc/sysrq-trigger", PANIC_S),
}


@scenario("the machine hangs")
def the_machine_hangs(stage: Stage) -> None:
    """It is back, with a picture, and its file systems are whole."""
    card = Card.flashed(stage.folder / "card.img")
    with box(card, stage.folder / "box", Hardware(watchdog=True)) as running:
        wait_until_live(running)
        for boot, (name, (disaster, waits_s)) in enumerate(DISASTERS.items(), start=2):
            struck_s = time.monotonic()
            running.run(f"systemd-run --quiet --on-active=0.1 sh -c '{disaster}'")
            running.wait_until_up(waits_s + BOOTS_IN_S, boot=boot)
            stage.report.within(f"{name}: a new start", time.monotonic() - struck_s, waits_s + BOOTS_IN_S)
            wait_until_live(running)
            stage.report.that(f"{name}: live again", True, f"after {time.monotonic() - struck_s:.0f} s")
        running.shut_down()
    faults = card.faults(ROOT)
    stage.report.that("root is clean", not faults, faults or "clean")
