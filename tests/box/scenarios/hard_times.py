"""The disk is full, the clock jumps, the network goes: the picture goes on, and all heals."""

import base64
import json
import time
from typing import Any

import trio

from tests.box import guest
from tests.box.audience import Viewer, all_live, audience, seats
from tests.box.card import Card
from tests.box.machine import Box, box
from tests.box.monitor import link
from tests.box.places import BOX
from tests.box.scenarios.stage import Stage, scenario
from tests.lab.scenarios.report import Report

NO_GAP_S = 1.0
SETTLES_S = 5.0
YEAR_S = 365 * 86400
STAMP_OFF_S = 2.0  # of a picture, from the box's clock: the emulator needs a while for each
WITHOUT_WATCHDOG_S = 35.0  # a box that missed its signs of life would be killed within
AWAY_S = 60.0
DROPPED_WITHIN_S = 35.0  # TCP's 15 s and the server's 10 s, and what an emulator takes
BACK_WITHIN_S = 15.0  # a page knocks every 4 s, and gives each try 10 s
ADDRESS_WITHIN_S = 45.0
FILL = r"""
for place in / /var/lib/camera-appliance; do
  file=$place/filler; test -e $file && continue
  fallocate -l $(df --output=avail --block-size=1 $place | tail -n 1) $file || true
  dd if=/dev/zero of=$file.more bs=64k status=none; dd if=/dev/zero of=$file.more bs=512 oflag=append conv=notrunc status=none
  sync
done 2>/dev/null
df --output=target,avail / /var/lib/camera-appliance | tail -n +2"""
EMPTY = "rm -f /filler* /var/lib/camera-appliance/filler*; sync"


@scenario("disk full, clock steps, network gone")
def play(stage: Stage) -> None:
    with guest.measured_box(stage.folder) as running:
        program = base64.b64encode((BOX / "watcher").read_bytes()).decode()
        running.run(f"base64 -d <<<{program} >/run/watcher; chmod +x /run/watcher")
        trio.run(_play, stage.report, running)


async def _play(report: Report, running: Box) -> None:
    async with audience(running.url, seats(1, 1, 1)) as viewers:
        await all_live(viewers)
        before = await trio.to_thread.run_sync(guest.show, running, "MainPID", "NRestarts")
        for act in (_disk_full, _clock_steps, _network_gone):
            await act(report, running, list(viewers))
            await all_live(viewers)
        after = await trio.to_thread.run_sync(guest.show, running, "MainPID", "NRestarts")
        report.that("through all of this it was one process", before == after, f"{before}, {after}")
    failed = await trio.to_thread.run_sync(guest.failed_units, running)
    report.that("no unit failed", not failed, failed or "none")


async def _disk_full(report: Report, running: Box, viewers: list[Viewer]) -> None:
    began_s = trio.current_time()
    left = await trio.to_thread.run_sync(running.says, FILL, 120)
    report.that("disks are full", all(line.split()[1] == "0" for line in left.splitlines()), " ".join(left.split()))
    answer = await _renamed(running, "Nobody's")
    report.says(
        "full: a change is made, and why it will not last is said", str(answer.get("why_not_kept")), "no space left"
    )
    text = await trio.to_thread.run_sync(running.says, f"cat {guest.CONFIG}; ls -A /etc/camera-appliance")
    report.that("full: the configuration is the old one, whole", "Front door" in text and "Nobody" not in text)
    await trio.sleep(SETTLES_S)
    say_gap(report, "full: the longest gap", viewers, began_s)
    status, _ = await trio.to_thread.run_sync(guest.request, running, "/healthz")
    report.that("full: /healthz", status == 200, str(status))
    await trio.to_thread.run_sync(running.run, EMPTY)
    answer = await _renamed(running, "Front door 2")
    text = await trio.to_thread.run_sync(running.says, f"cat {guest.CONFIG}")
    report.that(
        "room again: a change is kept",
        bool(answer.get("kept")) and "Front door 2" in text,
        str(answer.get("why_not_kept")),
    )


async def _renamed(running: Box, name: str) -> dict[str, Any]:
    body = {"name": name, "keep": True}
    _, answer = await trio.to_thread.run_sync(guest.request, running, "/api/streams/camera", "PATCH", body)
    return dict(answer)


async def _clock_steps(report: Report, running: Box, viewers: list[Viewer]) -> None:
    """A year on, a year back: pictures bear the new time, and nothing that waits or counts takes notice."""
    began_s = trio.current_time()
    for words, step_s in (("a year on", YEAR_S), ("a year back", -YEAR_S)):
        await trio.to_thread.run_sync(running.run, f"date -s @$(($(date +%s) + {step_s}))")
        await trio.sleep(SETTLES_S)
        asked_s = trio.current_time()
        now_s = float(await trio.to_thread.run_sync(running.says, "date +%s.%N"))
        for viewer in viewers:
            await viewer.picture_after(asked_s)
            last = viewer.seen[-1]
            off_s = abs(last.captured_s - now_s - (last.at_s - asked_s))
            report.within(f"{words}: {viewer.name}: the picture's time is off the box's clock by", off_s, STAMP_OFF_S)
        _, status = await trio.to_thread.run_sync(guest.request, running, "/api/status")
        [stream] = status["streams"]
        ages = [stream["counters"]["last_picture_age_s"], (stream["numbers"]["age_ms_p95"] or 0) / 1000]
        report.that(
            f"{words}: ages are sane", all(0 <= each < 5 for each in ages), f"{ages} s; up for {status['uptime_s']} s"
        )
    await trio.sleep(max(0.0, began_s + WITHOUT_WATCHDOG_S - trio.current_time()))
    say_gap(report, f"clock steps: the longest gap in {WITHOUT_WATCHDOG_S:g} s", viewers, began_s)
    ended = [viewer.endings(began_s) for viewer in viewers]
    report.that("clock steps: on the same connections", not any(ended), str(ended))


async def _network_gone(report: Report, running: Box, viewers: list[Viewer]) -> None:
    """Pulled for a minute. Somebody watches in the box itself."""
    for_s = AWAY_S + 10
    await trio.to_thread.run_sync(
        running.says, f"systemd-run --quiet --unit=watcher -p StandardOutput=file:/run/seen /run/watcher {for_s:g}"
    )
    await trio.sleep(SETTLES_S)
    began_s = trio.current_time()
    link(running, up=False)
    ask = f"""{guest.PYTHON} -c 'import json, urllib.request; print(json.load(urllib.request.urlopen("http://127.0.0.1/api/status"))["viewers"])'"""
    dropped_s = await trio.to_thread.run_sync(guest.wait_until, running, f'[ "$({ask})" = 1 ]', DROPPED_WITHIN_S)
    report.within("gone: the server let go of those outside, after", dropped_s, DROPPED_WITHIN_S)
    await trio.sleep(max(0.0, began_s + AWAY_S - trio.current_time()))
    link(running, up=True)
    back_s = trio.current_time()
    took_s = max([await viewer.picture_after(back_s) for viewer in viewers])
    report.within("back: all outside have a picture, after", took_s, BACK_WITHIN_S)
    await trio.to_thread.run_sync(guest.wait_until, running, "[ -s /run/seen ]", for_s)
    seen = json.loads(await trio.to_thread.run_sync(running.says, "cat /run/seen"))
    report.that("gone: who watches in the box stays connected", seen["connections"] == 1, str(seen))
    report.within("gone: the longest gap for who watches in the box", seen["longest_gap_s"], NO_GAP_S)


@scenario("no network at boot")
def no_network(stage: Stage) -> None:
    """The cable is out when power comes: it starts all the same, and is there when the cable is."""
    with box(Card.flashed(stage.folder / "card.img"), stage.folder / "box") as running:
        link(running, up=False)
        running.wait_until_up()
        guest.wait_until_active(running)
        guest.wait_until(running, "! systemctl is-system-running | grep -q -e initializing -e starting", 120)
        state = running.says("systemctl is-system-running")
        stage.report.that(
            "without a network: all started, nothing failed",
            state == "running",
            f"{state} {guest.failed_units(running)}",
        )
        program = base64.b64encode((BOX / "watcher").read_bytes()).decode()
        seen = json.loads(running.says(f"base64 -d <<<{program} >/run/watcher; chmod +x /run/watcher; /run/watcher 12"))
        stage.report.least("pictures in the box itself, in 12 s", seen["pictures"], 10)
        address = running.says("hostname -I")
        stage.report.that("it has no address of the network", "10.0.2" not in address, address or "none")
        link(running, up=True)
        began_s = time.monotonic()
        trio.run(_reached, running)
        stage.report.within(
            "the cable is plugged in: a picture outside, after", time.monotonic() - began_s, ADDRESS_WITHIN_S
        )
        stage.report.that(
            "still nothing failed", not guest.failed_units(running), guest.failed_units(running) or "nothing"
        )


async def _reached(running: Box) -> None:
    async with audience(running.url, seats(1, 0, 0)) as viewers:
        await all_live(viewers)


def say_gap(report: Report, what: str, viewers: list[Viewer], since_s: float) -> None:
    """Of the viewer who missed most."""
    report.within(what, max(viewer.longest_gap_s(since_s) for viewer in viewers), NO_GAP_S)
