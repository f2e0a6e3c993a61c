"""systemctl and what ends a server otherwise, with five viewers outside: what they miss, and that all comes back."""

import trio

from tests.box import guest
from tests.box.audience import Viewer, all_live, audience, seats
from tests.box.machine import Box
from tests.box.scenarios.stage import Stage, scenario
from tests.lab.scenarios.report import Report, start_costs_s

GAP_S = 3.0  # of the issue, for a restart
NO_GAP_S = 1.0  # between two pictures of an emulated camera
HEALED_S = 10.0  # the issue wants a server that was killed to come back; RestartSec= alone is 2 s
WATCHDOG_S = 30.0
CLOSED_WITHIN_S = 5.0
LOOK_S = 5.0
# Memory runs out: what is in use now and 10 MiB more, without swap; then a reload wants some, and pictures 36 times as large.
STARVE = f"""
cd /sys/fs/cgroup/system.slice/{guest.SERVICE}
cp -p {guest.CONFIG} /run/good; cp memory.max memory.swap.max /run/
kills() {{ awk '$1 == "oom_kill" {{print $2}}' memory.events; }}
before=$(kills)
echo 0 >memory.swap.max
awk '$1 ~ /^(anon|kernel|shmem)$/ {{bytes += $2}} END {{print bytes + 10 * 1048576}}' memory.stat >memory.max
sed -i 's/^width = 640/width = 3840/; s/^height = 360/height = 2160/' {guest.CONFIG}
systemctl reload {guest.SERVICE}
for each in $(seq 240); do [ "$(kills)" = "$before" ] || break; sleep 0.25; done
echo $(($(kills) - before)) processes
"""
SATE = f"""
cd /sys/fs/cgroup/system.slice/{guest.SERVICE}
cat /run/memory.max >memory.max; cat /run/memory.swap.max >memory.swap.max
cp -p /run/good {guest.CONFIG}; systemctl reload {guest.SERVICE}
"""


@scenario("systemctl, five viewers")
def play(stage: Stage) -> None:
    with guest.measured_box(stage.folder) as running:
        trio.run(_play, stage.report, running)


async def _play(report: Report, running: Box) -> None:
    async with audience(running.url, seats(2, 2, 1)) as viewers:
        await all_live(viewers)
        for act in (_restart, _reload, _bad_reload, _stop_and_start, _kill, _freeze, _starve):
            await act(report, running, list(viewers))
            await all_live(viewers)
    failed = await trio.to_thread.run_sync(guest.failed_units, running)
    report.that("no unit failed", not failed, failed or "none")


async def _restart(report: Report, running: Box, viewers: list[Viewer]) -> None:
    """Whoever knocks meanwhile waits in the socket that systemd keeps."""
    began_s = trio.current_time()
    done = await trio.to_thread.run_sync(running.run, f"systemctl restart {guest.SERVICE}")
    report.that("restart: systemctl says that it worked", done.status == 0, done.output or "0")
    await all_live(viewers)
    await say_gap(report, running, "restart: the longest gap", viewers, began_s, GAP_S, starts=2)
    endings = {viewer.name: viewer.endings(began_s) for viewer in viewers}
    report.that(
        "restart: all were closed in order", all(each[:1] == ["closed"] for each in endings.values()), said(endings)
    )
    say_no_refusal(report, "restart", viewers, began_s)


async def _reload(report: Report, running: Box, viewers: list[Viewer]) -> None:
    """A preset with another height and quality: the same connections, other pictures."""
    before = {viewer.name: (viewer.connections, viewer.seen[-1].size) for viewer in viewers}
    began_s = trio.current_time()
    script = f"sed -i '{in_medium('height = .*', 'height = 240')}; {in_medium('jpeg_quality = .*', 'jpeg_quality = 55')}' {guest.CONFIG}"
    script += f"; systemctl reload {guest.SERVICE}"
    done = await trio.to_thread.run_sync(running.run, script)
    report.that("reload: systemctl says that it worked", done.status == 0, done.output or "0")
    took = [await _until_height(viewer, 240, began_s) for viewer in viewers]
    report.within("reload: all have the new size, after", max(took), 3.0, starts=1)
    await trio.sleep(LOOK_S)
    sizes = {viewer.seen[-1].size for viewer in viewers}
    report.that(
        "reload: from one size to another, in place", sizes == {(426, 240)}, f"{before['MJPEG 1'][1]} to {sizes}"
    )
    same = all(viewer.connections == before[viewer.name][0] for viewer in viewers)
    report.that("reload: on the same connections", same)
    await say_gap(report, running, "reload: the longest gap", viewers, began_s, NO_GAP_S)


async def _until_height(viewer: Viewer, height: int, since_s: float) -> float:
    with trio.move_on_after(20):
        while not (found := [sight for sight in viewer.since(since_s) if sight.size[1] == height]):
            await viewer.news.wait()
        return found[0].at_s - since_s
    return float("inf")


async def _bad_reload(report: Report, running: Box, viewers: list[Viewer]) -> None:
    before, began_s = {viewer.name: viewer.connections for viewer in viewers}, trio.current_time()
    spoil = (
        f"""cp -p {guest.CONFIG} /run/good; sed -i '{in_medium("height = 240", 'height = "tall"')}' {guest.CONFIG}"""
    )
    script = f"{spoil}; systemctl reload {guest.SERVICE}"
    done = await trio.to_thread.run_sync(running.run, script)
    report.that("bad file: systemctl reload fails", done.status != 0, f"status {done.status}")
    await trio.sleep(LOOK_S)
    await say_gap(report, running, "bad file: the longest gap", viewers, began_s, NO_GAP_S)
    report.that("bad file: on the same connections", all(each.connections == before[each.name] for each in viewers))
    words = await trio.to_thread.run_sync(guest.journal, running, guest.SERVICE, 8)
    line = next((each for each in words.splitlines() if "tall" in each or "presets.medium" in each), words)
    report.that(
        "bad file: the journal says file, key and reason",
        all(each in line for each in (guest.CONFIG, "presets.medium.height", "int")),
        line,
    )
    _, status = await trio.to_thread.run_sync(guest.request, running, "/api/status")
    report.says("bad file: so does the page", str(status["configuration"]["problem"]), "presets.medium.height")
    done = await trio.to_thread.run_sync(
        running.run, f"cp -p /run/good {guest.CONFIG}; systemctl reload {guest.SERVICE}"
    )
    report.that("mended: systemctl reload works again", done.status == 0, done.output or "0")


async def _starve(report: Report, running: Box, viewers: list[Viewer]) -> None:
    """The camera's process pays, as often as it tries: the server goes on, and so does every connection."""
    shown, connections = ("MainPID", "NRestarts"), {viewer.name: viewer.connections for viewer in viewers}
    before = await trio.to_thread.run_sync(guest.show, running, *shown)
    ended = await trio.to_thread.run_sync(running.says, STARVE, 120)
    report.that("memory: the kernel ended a process", ended.endswith("processes") and ended[0] not in "0-", ended)
    done = await trio.to_thread.run_sync(running.run, SATE)
    began_s = trio.current_time()
    report.that("memory: there is enough again, and reload works", done.status == 0, done.output or "0")
    took_s = max([await viewer.picture_after(began_s) for viewer in viewers])
    report.within("memory: live again, after", took_s, HEALED_S, starts=1)
    after = await trio.to_thread.run_sync(guest.show, running, *shown)
    report.that("memory: the server lives", before == after, f"{before}, {after}")
    report.that("memory: on the same connections", all(each.connections == connections[each.name] for each in viewers))
    words = await trio.to_thread.run_sync(guest.journal, running, guest.SERVICE, 40)
    line = next((each for each in words.splitlines() if "memory ran out" in each), words)
    report.says("memory: the journal says why", line, "memory ran out, and the system ended the capture process")


async def _stop_and_start(report: Report, running: Box, viewers: list[Viewer]) -> None:
    began_s = trio.current_time()
    done = await trio.to_thread.run_sync(running.run, f"systemctl stop {guest.SERVICE}")
    report.within("stop: it took", trio.current_time() - began_s, GAP_S)
    report.that("stop: systemctl says that it worked", done.status == 0, done.output or "0")
    endings = {viewer.name: await viewer.ending_after(began_s, CLOSED_WITHIN_S) for viewer in viewers}
    report.that("stop: all were closed in order", set(endings.values()) == {"closed"}, said(endings))
    left = await trio.to_thread.run_sync(
        running.says, "pgrep -a -u camera-appliance; grep -E ':0050 0+:0000 0A' /proc/net/tcp /proc/net/tcp6"
    )
    report.that("stop: no process is left, and the port is closed", not left, left or "none")
    began_s = trio.current_time()
    await trio.to_thread.run_sync(running.run, f"systemctl start {guest.SERVICE}")
    started_s = trio.current_time() - began_s
    took_s = max([await viewer.picture_after(began_s) for viewer in viewers])
    firsts = {
        each.name: [round(end.at_s - began_s, 1) for end in each.ended if end.at_s >= began_s] for each in viewers
    }
    print(f"  start: systemctl took {started_s:.1f} s; knocked in vain at {firsts}", flush=True)
    report.within(
        "start: all viewers are back, after", took_s, GAP_S + 4.0, starts=2
    )  # they knock every 2 to 4 s by then


async def _kill(report: Report, running: Box, viewers: list[Viewer]) -> None:
    began_s = trio.current_time()
    await trio.to_thread.run_sync(running.run, f"systemctl kill --kill-whom=main -s KILL {guest.SERVICE}")
    await all_live(viewers)
    await say_gap(report, running, "kill -9: the longest gap", viewers, began_s, HEALED_S, starts=2)
    say_no_refusal(report, "kill -9", viewers, began_s)
    restarts = await trio.to_thread.run_sync(guest.show, running, "NRestarts", "RestartUSecNext")
    print(f"  systemd counts {restarts}")


async def _freeze(report: Report, running: Box, viewers: list[Viewer]) -> None:
    """It hangs: nothing comes, nothing ends, until systemd misses its sign of life."""
    began_s = trio.current_time()
    await trio.to_thread.run_sync(running.run, f"systemctl kill --kill-whom=main -s STOP {guest.SERVICE}")
    await all_live(viewers)
    what = "kill -STOP: the longest gap, 30 s of it the watchdog's"
    await say_gap(report, running, what, viewers, began_s, WATCHDOG_S + HEALED_S, starts=2)
    words = await trio.to_thread.run_sync(guest.journal, running, guest.SERVICE, 60)
    report.says(
        "kill -STOP: the journal says why",
        next((each for each in words.splitlines() if "atchdog" in each), words),
        "watchdog timeout",
    )


def in_medium(pattern: str, text: str) -> str:
    """For sed: a key of that preset."""
    return rf"/^\[presets.medium\]/,/^\[presets.high\]/s/^{pattern}/{text}/"


async def say_gap(
    report: Report, running: Box, what: str, viewers: list[Viewer], since_s: float, bar_s: float, *, starts: int = 0
) -> None:
    """Of the viewer who missed most."""
    gap_s = max(viewer.longest_gap_s(since_s) for viewer in viewers)
    if starts and gap_s > bar_s + starts * start_costs_s():  # is the machine busier than when this was measured?
        await trio.to_thread.run_sync(guest.measure_starts, running, start_costs_s())
    report.within(what, gap_s, bar_s, starts=starts)


def say_no_refusal(report: Report, act: str, viewers: list[Viewer], since_s: float) -> None:
    refused = [how for viewer in viewers for how in viewer.endings(since_s) if how.startswith("refused")]
    report.that(f"{act}: nobody who knocked was refused", not refused, said(refused) if refused else "nobody was")


def said(what: object) -> str:
    """On one line."""
    return str(what).replace("\n", " ")
