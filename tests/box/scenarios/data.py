"""The card's partitions: data is made at the first start and kept at the next ones; neither it nor boot is a condition for a picture."""

from tests.box import guest
from tests.box.card import BOOT, DATA, ROOT, Card
from tests.box.machine import Box, box
from tests.box.scenarios.stage import Stage, scenario
from tests.box.watching import wait_until_live, warnings

PLACE = "/var/lib/camera-appliance"
WHERE = f"findmnt --noheadings --output SOURCE {PLACE}"
KEPT = "what somebody recorded"


@scenario("data: kept, and done without when it is destroyed")
def kept_and_done_without(stage: Stage) -> None:
    """Four starts: a new card, the same again, the same with a data partition that nobody can mend; the new card flashed once more."""
    card = Card.flashed(stage.folder / "card.img")
    with box(card, stage.folder / "first") as running:
        _made(stage, running)
        running.says(f"echo {KEPT} > {PLACE}/kept; sync")
        running.shut_down()
    with box(card, stage.folder / "second") as running:
        wait_until_live(running)
        kept = running.says(f"({WHERE}; cat {PLACE}/kept) | paste -sd' '")
        stage.report.that("second start: the same partition, the same data", kept == f"/dev/vda3 {KEPT}", kept)
        running.shut_down()
    again = card.copied(stage.folder / "again.img")
    card.destroy(DATA)
    with box(card, stage.folder / "third") as running:
        live_s = wait_until_live(running)
        stage.report.that("destroyed: a live picture all the same", True, f"after {live_s:.0f} s")
        said = [each for each in warnings(running) if "data partition" in each]
        stage.report.says("the page says so", " ".join(said), "cannot be used")
        label = running.says("blkid -o value -s LABEL /dev/vda3")
        stage.report.that("nothing was made anew over it", label == "", label or "untouched")
        running.shut_down()
    faults = card.faults(ROOT)
    stage.report.that("root is clean", not faults, faults or "clean")
    again.flash_again()
    stage.report.that("before: the data of the last flash are on the card", again.holds(KEPT.encode(), whole=True))
    with box(again, stage.folder / "again") as running:
        _made(stage, running)
        left = running.says(f"ls {PLACE}")
        stage.report.that("flashed again: nothing of before is there", "kept" not in left.split(), left or "nothing")
        running.shut_down()


@scenario("boot partition: done without when it is destroyed")
def without_boot(stage: Stage) -> None:
    """QEMU brings the kernel, so it starts where a Pi would not; on a Pi the same comes of a partition that lost its name."""
    card = Card.flashed(stage.folder / "card.img")
    card.destroy(BOOT)
    with box(card, stage.folder / "box") as running:
        live_s = wait_until_live(running)
        stage.report.that("a live picture all the same", True, f"after {live_s:.0f} s")
        said = [each for each in warnings(running) if "boot partition" in each]
        stage.report.says("the page says what is the matter", " ".join(said), "/boot/firmware could not be mounted")
        emergency = running.says("systemctl is-active emergency.target")
        stage.report.that("nobody is asked for a password", emergency == "inactive", emergency)
        print(f"  failed: {guest.failed_units(running)}")
        running.shut_down()


def _made(stage: Stage, running: Box) -> None:
    wait_until_live(running)
    where = running.says(WHERE)
    stage.report.that("first start: made and mounted", where == "/dev/vda3", where)
    owner = running.says(f"stat --format '%U %a' {PLACE}")
    stage.report.that("it is the appliance's own", owner == "camera-appliance 750", owner)
