"""Flash, boot, open a browser: live video."""

import time

from tests.box.card import BOOT, DATA, ROOT, Card
from tests.box.machine import Box, Hardware, box
from tests.box.page import live_after_s, page, words
from tests.box.places import BoxError
from tests.box.scenarios.stage import Stage, scenario
from tests.box.watching import stream

WITHIN_S = 60.0  # of the kernel's start
PATIENCE_S = 180.0
SETTLED_WITHIN_S = 60.0
MOST_EXPOSED = 2.0
WATCHDOG_MOST_S = 14
FIRST_BOOT_MOST_EXPOSED = 2.1  # it is root, and sets names, owners and a radio's country
STARTS_OF_QEMU_S = 3.0  # its firmware, before the kernel
UNITS = (
    "camera-appliance.service",
    "camera-appliance-usb-reset@.service",
    "camera-appliance-first-boot.service",
    "camera-appliance-first-boot-status.service",
)
NAMELESS = r"""
awk -F: '$2 !~ /^[*!]/ {print $1}' /etc/shadow; ls ~root/.ssh/authorized_keys /etc/ssh/camera-appliance-keys/* 2>/dev/null
"""


@scenario("flash, boot, watch")
def flash_boot_watch(stage: Stage) -> None:
    """A card as it comes, a browser outside, and what systemd says of it."""
    card = Card.flashed(stage.folder / "card.img")
    with box(card, stage.folder / "first", Hardware(watchdog=True)) as running:
        with page(running, PATIENCE_S) as chromium:
            live_s = live_after_s(chromium, running.started_s, PATIENCE_S)
            shown = words(chromium)
        kernel_s = running.kernel_started_s() - running.started_s
        stage.report.within("kernel started: live, moving video in a browser", live_s - kernel_s, WITHIN_S)
        stage.report.within("QEMU started: the same", live_s, WITHIN_S + STARTS_OF_QEMU_S)
        stage.report.says("of the virtual camera", f"{stream(running).get('device')}", "virtual-camera")
        stage.report.that("the tile", "LIVE" in shown.upper(), shown)
        _settled(stage, running)
        _units(stage, running)
        _made_for_a_card(stage, running)
        running.shut_down()
    for name, number in (("boot partition", BOOT), ("root", ROOT), ("data", DATA)):
        faults = card.faults(number)
        stage.report.that(f"{name}: clean after shutting down", not faults, faults or "clean")


def _settled(stage: Stage, running: Box) -> None:
    """Green everywhere."""
    end_s = time.monotonic() + SETTLED_WITHIN_S
    while (system := running.says("systemctl is-system-running")) == "starting" and time.monotonic() < end_s:
        time.sleep(1)
    stage.report.that("systemctl is-system-running", system == "running", system)
    failed = running.says("systemctl --failed --no-legend --plain")
    stage.report.that("systemctl --failed", failed == "", failed or "empty")
    status = running.run("systemctl status --no-pager camera-appliance")
    stage.report.that("systemctl status camera-appliance: green", status.status == 0, status.output.splitlines()[0])


def _units(stage: Stage, running: Box) -> None:
    """What systemd 257 thinks of the units."""
    said = running.says(f"systemd-analyze verify {' '.join(UNITS)} camera-appliance-usb-reset.socket")
    version = running.says("systemctl --version | head -n 1")
    stage.report.that(f"systemd-analyze verify: nothing to say ({version})", said == "", said or "nothing")
    for unit in UNITS:
        path = f"/usr/lib/systemd/system/{unit}"
        shown = running.says(f"systemd-analyze security --no-pager --offline=true {path} | tail -n 1")
        exposure = float(next(word for word in reversed(shown.split()) if word[0].isdigit()))
        bar = FIRST_BOOT_MOST_EXPOSED if unit == "camera-appliance-first-boot.service" else MOST_EXPOSED
        stage.report.most(f"systemd-analyze security: {unit}", exposure, bar)


def _made_for_a_card(stage: Stage, running: Box) -> None:
    """What the issue asks of the image."""
    where = running.says("findmnt --noheadings --output SOURCE,FSTYPE,SIZE /var/lib/camera-appliance")
    stage.report.that("data on a partition of their own", where.startswith("/dev/vda3"), where)
    left = running.says(
        "sfdisk --quiet --list-free --bytes /dev/vda | awk 'NR > 1 {last = $NF} END {print int(last / 1048576)}'"
    )
    stage.report.most("of the card is left", float(left or 0), 8, " MiB")
    journal = running.says("ls /var/log/journal 2>/dev/null; journalctl --header | grep -m 1 'File path'")
    stage.report.says("the journal is in memory", journal, "/run/log/journal")
    swap = running.says("swapon --noheadings --show=NAME,SIZE")
    stage.report.says("swap is compressed memory", swap, "zram")
    watchdog = running.says(
        "systemctl show -p RuntimeWatchdogUSec --value; cat /sys/class/watchdog/watchdog0/{identity,timeout,state}"
    )
    armed = watchdog.splitlines()[-1:] == ["active"] and int(watchdog.splitlines()[-2]) <= WATCHDOG_MOST_S
    stage.report.that("a hardware watchdog of 14 s at most is armed", armed, " ".join(watchdog.split("\n")))
    accounts = running.says(NAMELESS)
    stage.report.that("no account has a password, no key is there", accounts == "", accounts or "none")
    ssh = running.says("systemctl is-active ssh.service ssh.socket; ss -Hltn 'sport = :22'")
    stage.report.that("SSH is off", "active" not in ssh.split() and ":22" not in ssh, " ".join(ssh.split()))
    listens = running.says("ss -Hltn | awk '{print $4}' | sort -u | paste -sd' '")
    stage.report.that("the network reaches port 80 and nothing else", listens == "*:80", listens)


@scenario("the memory of a Zero 2 W")
def the_memory_of_a_zero(stage: Stage) -> None:
    """512 MB, one viewer."""
    card = Card.flashed(stage.folder / "card.img")
    with box(card, stage.folder / "box", Hardware(memory_mib=512)) as running:
        with page(running, PATIENCE_S) as chromium:
            live_s = live_after_s(chromium, running.started_s, PATIENCE_S)
            stage.report.that("live, with a browser that watches", live_s < PATIENCE_S, f"after {live_s:.0f} s")
            free_mib = running.says("awk '/MemAvailable/ {print int($2 / 1024)}' /proc/meminfo")
        stage.report.least("of it is left", float(free_mib), 128, " MiB")
        killed = running.says("journalctl -b -k --no-pager | grep -ci 'out of memory'")
        stage.report.that("nobody was killed for it", killed == "0", killed)


@scenario("a second boot, another box")
def second_boot_another_box(stage: Stage) -> None:
    """What a box makes for itself stays, and is another in the next box."""
    seen = []
    for name in ("one", "two"):
        card = Card.flashed(stage.folder / f"{name}.img")
        for boot in (1, 2)[: 2 if name == "one" else 1]:
            with box(card, stage.folder / f"{name}{boot}") as running:
                running.wait_until_up()
                _wait_for_first_boot(running)
                seen.append(
                    running.says(
                        "cat /etc/machine-id; sha256sum < /etc/ssh/ssh_host_ed25519_key; sha256sum < /etc/camera-appliance/tls/key.pem"
                    )
                )
                running.shut_down()
    stage.report.that(
        "a second start keeps machine id and keys", seen[0] == seen[1], "the same" if seen[0] == seen[1] else "others"
    )
    same = set(seen[0].split()) & set(seen[2].split()) - {"-"}
    stage.report.that("another card has others", not same, "others" if not same else str(same))


def _wait_for_first_boot(running: Box) -> None:
    asked = running.run("systemctl start camera-appliance-first-boot.service", PATIENCE_S)
    if asked.status:
        raise BoxError(asked.output)
