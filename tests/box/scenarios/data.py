"""The data partition: made at the first start, kept at the next ones, and no condition for a picture."""

import subprocess

from tests.box.card import DATA, ROOT, Card
from tests.box.machine import Box, box
from tests.box.scenarios.stage import Stage, scenario
from tests.box.watching import wait_until_live, warnings

PLACE = "/var/lib/camera-appliance"
WHERE = f"findmnt --noheadings --output SOURCE {PLACE}"
KEPT = "what somebody recorded"


@scenario("data: kept, and done without when it is destroyed")
def kept_and_done_without(stage: Stage) -> None:
    """Three starts: a new card, the same again, the same with a data partition that nobody can mend."""
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
    start, size = card.partitions()[DATA]
    punch = ["fallocate", "--punch-hole", "--keep-size", "--offset", str(start), "--length", str(size), str(card.file)]
    subprocess.run(punch, check=True)
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


def _made(stage: Stage, running: Box) -> None:
    wait_until_live(running)
    where = running.says(WHERE)
    stage.report.that("first start: made and mounted", where == "/dev/vda3", where)
    owner = running.says(f"stat --format '%U %a' {PLACE}")
    stage.report.that("it is the appliance's own", owner == "camera-appliance 750", owner)
