"""Ten times the power goes: while the first start writes, while people change the configuration and pictures are written.

QEMU is killed, so what the guest had not handed to its disk is lost, as on a box whose plug is pulled. When, is by chance; the seed is
printed, and SEED=… in the environment plays the same moments again.
"""

import contextlib
import http.client
import os
import random
import threading
import time
from dataclasses import dataclass, field

from appliance.config import loads
from tests.box import guest
from tests.box.card import BOOT, DATA, ROOT, Card
from tests.box.machine import Box, box
from tests.box.places import BoxError
from tests.box.scenarios.stage import Stage, scenario
from tests.lab.scenarios.report import Report

PARTITIONS = {"boot": BOOT, "root": ROOT, "data": DATA}
EARLY = 3  # of the cuts come while it starts for the first time
LATE = 7
STARTS_S = (4.0, 22.0)  # in which a start writes: after QEMU's start
WRITES_S = (0.3, 6.0)
UP_WITHIN_S = 150.0
# FAT has no journal: the next start takes away the mark that it was in use, and takes back what no file has yet.
MENDED_AT_START = ("irty bit", "Leaving filesystem unchanged", "Reclaimed ")
IDENTITY = "cat /etc/machine-id; hostname; sha256sum /etc/ssh/ssh_host_*_key /etc/camera-appliance/tls/*"
RECORD = r"""
mkdir -p /var/lib/camera-appliance/recordings
systemd-run --quiet --collect bash -c 'for each in $(seq 100000); do
  name=/var/lib/camera-appliance/recordings/$each.part
  for part in $(seq 20); do head -c 50000 /dev/urandom >>$name; done
  mv $name ${name%.part}.mjpeg
done'"""


@dataclass
class Kept:
    """What the box was told, and what it confirmed."""

    confirmed: str = ""
    asked: list[str] = field(default_factory=list)  # after that, without an answer
    lost: list[str] = field(default_factory=list)

    def found(self, name: str, cut: int) -> None:
        """The configuration said this after a cut: what was confirmed last, or what was asked after it."""
        if self.confirmed and name not in (self.confirmed, *self.asked):
            self.lost.append(f"cut {cut}: {name!r} instead of {self.confirmed!r} or one of {self.asked}")
        self.confirmed, self.asked = name, []


@scenario("ten power cuts")
def play(stage: Stage) -> None:
    seed = int(os.environ.get("SEED", random.randrange(1_000_000)))
    print(f"  SEED={seed}", flush=True)
    chance, card = random.Random(seed), Card.flashed(stage.folder / "card.img")
    for cut in range(1, EARLY + 1):
        after_s = chance.uniform(*STARTS_S)
        with box(card, stage.folder / f"box{cut}") as running:
            time.sleep(max(0.0, running.started_s + after_s - time.monotonic()))
            running.cut_power()
        print(f"  cut {cut}: {after_s:.1f} s after power came", flush=True)
        _check_card(stage.report, card, f"cut {cut}")
    identity, kept = "", Kept()
    for cut in range(EARLY + 1, EARLY + LATE + 1):
        with box(card, stage.folder / f"box{cut}") as running:
            identity = _check_boot(stage.report, running, f"after cut {cut - 1}", identity, kept, cut - 1)
            after_s = chance.uniform(*WRITES_S)
            _write_and_cut(running, after_s, kept, cut)
        _check_card(stage.report, card, f"cut {cut}")
    with box(card, stage.folder / "last") as running:
        _check_boot(stage.report, running, f"after cut {cut}", identity, kept, cut)
        running.shut_down()
    stage.report.that("a change that was confirmed is never lost", not kept.lost, "; ".join(kept.lost) or "none was")
    wrong = {name: said for name, said in faults_of(card).items() if said}
    stage.report.that(
        "switched off in order: nothing is left of it on any file system", not wrong, str(wrong or "clean")
    )


def _check_boot(report: Report, running: Box, when: str, identity: str, kept: Kept, cut: int) -> str:
    """It is up, whole and the same; its identity."""
    try:
        running.wait_until_up()
        guest.wait_until_active(running, UP_WITHIN_S)
        guest.wait_until(running, "! systemctl is-system-running | grep -q -e initializing -e starting", UP_WITHIN_S)
    except BoxError as error:
        report.that(f"{when}: it starts", False, f"{error}; {running.console()[-300:]}")
        raise
    took_s = time.monotonic() - running.started_s
    failed, now = guest.failed_units(running), running.says(IDENTITY)
    text = running.says(f"cat {guest.CONFIG}")
    name = loads(text).cameras[0].title  # raises where the file is not whole
    kept.found(name, cut)
    same = not identity or now == identity
    whole = not failed and same and len(now.splitlines()) > 5
    report.that(
        f"{when}: up, nothing failed, configuration whole, identity the same",
        whole,
        f"{took_s:.0f} s; failed: {failed or 'none'}; {name!r}; {'same' if same else now}",
    )
    return now


def _write_and_cut(running: Box, after_s: float, kept: Kept, cut: int) -> None:
    """Pictures are written, a name is changed again and again, then there is no power."""
    running.run(RECORD)
    number, plug = 0, threading.Timer(after_s, running.process.kill)
    plug.start()
    while running.process.poll() is None:
        number += 1
        kept.asked.append(f"Cut {cut}, change {number}")
        body = {"name": kept.asked[-1], "keep": True}
        with contextlib.suppress(OSError, http.client.HTTPException):
            _, answer = guest.request(running, "/api/streams/camera", "PATCH", body)
            assert answer.get("kept"), answer
            kept.confirmed, kept.asked = kept.asked[-1], []
    plug.join()
    print(
        f"  cut {cut}: {after_s:.1f} s after the writing began, the last that was confirmed: {kept.confirmed!r}",
        flush=True,
    )


def _check_card(report: Report, card: Card, when: str) -> None:
    """As a doctor sees it in another computer, after the journal was replayed; FAT has none."""
    faults = faults_of(card)
    faults["boot"] = _beside_mended(faults["boot"])
    wrong = "; ".join(f"{name}: {said}" for name, said in faults.items() if said)
    report.that(f"{when}: file systems are clean", not wrong, wrong or ", ".join(faults))


def faults_of(card: Card) -> dict[str, str]:
    """By partition; the one for data is made at the first start."""
    there = card.partitions()
    return {name: card.faults(number) for name, number in PARTITIONS.items() if number in there}


def _beside_mended(said: str) -> str:
    """What the next start does not put right."""
    lines = said.splitlines()[1:-1]  # its version, and how many files there are
    return "; ".join(line for line in lines if line.strip() and not any(each in line for each in MENDED_AT_START))
