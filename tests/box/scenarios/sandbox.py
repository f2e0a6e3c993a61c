"""The program behind its units' walls, with cameras that come and go: USB through V4L2 and udev, a ribbon camera through libcamera."""

import re
from typing import Any

import trio

from tests.box import guest, libcamera, sharing
from tests.box.audience import Viewer, audience, seats
from tests.box.card import Card
from tests.box.machine import Box, Hardware, box
from tests.box.scenarios.stage import Stage, scenario
from tests.lab.machine import UNNEEDED
from tests.lab.scenarios.report import Report
from tests.lab.usbcam import jpegs

MOST_EXPOSED = 2.0
SIZES = [(640, 480)]
PICTURES = 12
COMES_S, LEAVES_S = 3.0, 2.0  # of DESIGN.md 7: replugged and live, unplugged and said
RESET_WITHIN_S = 90.0  # of a camera that hangs: it is closed and opened again first
PATIENCE_S = 60.0
WITHOUT_CAMERA = (
    f"module_blacklist={UNNEEDED},vivid"  # then there is no video device when the service starts, and never was one
)
LINK = "/dev/v4l/by-id/usb-Lab_Lab_Camera_SN1-video-index0"
USB_CAMERA = f"""
systemd-run --quiet --unit=usbcam --working-directory=/appliance -E PYTHONDONTWRITEBYTECODE=1 {guest.PYTHON} -m tests.lab.usbcam run \\
  --serial SN1 --frames /host/pictures --sizes 640x480 --fps 15,30 --formats mjpeg --unplugged --control /run/usbcam-SN1.sock"""
CONFIGURATION = """
[[cameras]]
id = "camera"
source = "{source}"
width = 640
height = 480
fps = 15
preset = "medium"
"""
WALLS = """
for pid in $(systemctl show camera-appliance.service -P MainPID) $(pgrep -u camera-appliance -f 'appliance.cameras worker'); do
  sed -n 's/^\\(Uid\\|NoNewPrivs\\|Seccomp\\|CapEff\\):[ \\t]*\\([0-9a-f]*\\).*/\\1=\\2/p' /proc/$pid/status | paste -sd' '
done"""
UNITS = (
    "camera-appliance.service",
    "camera-appliance-first-boot.service",
    "camera-appliance-upgrade-check.service",
    "camera-appliance-data.service",
)


@scenario("USB camera behind the walls")
def usb(stage: Stage) -> None:
    """It starts before there is a camera, or a driver for one."""
    share = stage.folder / "share"
    jpegs.write(share / "pictures", SIZES, PICTURES)
    hardware = Hardware(kernel_words=WITHOUT_CAMERA, more=sharing.devices(share))
    with box(Card.flashed(stage.folder / "card.img"), stage.folder / "box", hardware) as running:
        running.wait_until_up()
        guest.wait_until_active(running)
        sharing.mount(running)
        guest.configure(running, CONFIGURATION.format(source=f"usb:{LINK}"))
        print(f"  Python starts: {guest.measure_starts(running)}", flush=True)
        nodes = running.says("ls -d /dev/video* 2>/dev/null; true")
        stage.report.that("no video device when it started", nodes == "", nodes or "none")
        say_exposure(stage.report, running)
        trio.run(_plugging, stage.report, running)
        failed = guest.failed_units(running)
        stage.report.that("no unit failed", not failed, failed or "none")


async def _plugging(report: Report, running: Box) -> None:
    async with audience(running.url, seats(1, 1, 0)) as viewers:
        told = await _state(running)
        report.says(
            "without a camera: it says so", str(told["reason"]), "not plugged in|no such device|not there|not attached"
        )
        script = f"modprobe -a vhci_hcd uvcvideo && {USB_CAMERA}"
        done = await trio.to_thread.run_sync(running.run, script)
        assert done.status == 0, done.output
        await trio.to_thread.run_sync(guest.wait_until, running, "[ -S /run/usbcam-SN1.sock ]", PATIENCE_S)
        for words in ("plugged in", "plugged in again"):
            began_s = await _told(running, "plug")
            took_s = max([await viewer.picture_after(began_s, PATIENCE_S) for viewer in viewers])
            report.within(f"{words}: live, after", took_s, COMES_S, starts=1)
            if words == "plugged in":
                await _say_walls(report, running)
            began_s = await _told(running, "unplug")
            took_s = await _until_status(running, "offline", began_s)
            report.within("pulled out: said, after", took_s, LEAVES_S)
        began_s = await _told(running, "plug")
        await viewers[0].picture_after(began_s, PATIENCE_S)
        await _hanging(report, running, list(viewers))


async def _hanging(report: Report, running: Box, viewers: list[Viewer]) -> None:
    """A camera that answers nothing is switched off and on by the unit that may, asked by the one that may not."""
    began_s = await _told(running, "freeze")
    with trio.move_on_after(RESET_WITHIN_S) as patience:
        while not (await _state(running, "/api/status"))["streams"][0]["counters"]["usb_resets"]:  # noqa: ASYNC110 - REST tells nobody
            await trio.sleep(1)
    words = await trio.to_thread.run_sync(guest.journal, running, "camera-appliance-usb-reset@*", 6)
    report.that(
        "hanging: it is switched off and on",
        not patience.cancelled_caught,
        f"after {trio.current_time() - began_s:.0f} s; {' '.join(words.split())}",
    )
    began_s = await _told(running, "thaw")
    took_s = await viewers[0].picture_after(began_s, 2 * PATIENCE_S)
    report.that("thawed: live again", took_s < float("inf"), f"after {took_s:.1f} s")


async def _told(running: Box, command: str) -> float:
    """Tell the camera; when it was told."""
    script = f"cd /appliance && {guest.PYTHON} -B -m tests.lab.usbcam tell /run/usbcam-SN1.sock {command}; date +%s.%N"
    began_s = trio.current_time()
    said = await trio.to_thread.run_sync(running.says, script)
    after = float(said.splitlines()[-1])
    now = float(await trio.to_thread.run_sync(running.says, "date +%s.%N"))
    return max(began_s, trio.current_time() - (now - after) - 0.3)


async def _state(running: Box, path: str = "/api/streams/camera") -> dict[str, Any]:
    _, state = await trio.to_thread.run_sync(guest.request, running, path)
    return dict(state)


async def _until_status(running: Box, status: str, since_s: float) -> float:
    with trio.move_on_after(PATIENCE_S):
        while (await _state(running))["status"] != status:  # noqa: ASYNC110 - the same
            await trio.sleep(0.1)
        return trio.current_time() - since_s
    return float("inf")


async def _say_walls(report: Report, running: Box) -> None:
    """Of the server and of the camera's process."""
    walls = (await trio.to_thread.run_sync(running.says, WALLS)).splitlines()
    right = len(walls) == 2 and all(
        "NoNewPrivs=1" in each and "Seccomp=2" in each and "Uid=0" not in each.split() for each in walls
    )
    report.that("server and worker are behind the walls", right, "; ".join(walls))
    report.that("the worker may not open ports below 1024", bool(walls) and "CapEff=0000000000000000" in walls[-1])


def say_exposure(report: Report, running: Box) -> None:
    """What systemd counts of each unit as it is loaded, drop-ins and all. The main one has a bar; first boot is root, by trade."""
    said = running.says(
        "systemd-analyze verify /usr/lib/systemd/system/camera-appliance*.service /usr/lib/systemd/system/camera-appliance*.socket"
    )
    report.that(
        f"systemd-analyze verify, {running.says('systemctl --version | head -n 1')}", not said, said or "nothing to say"
    )
    for unit in UNITS:
        shown = running.says(f"systemd-analyze security --no-pager {unit} | tail -n 1")
        exposure = float((re.findall(r": (\d+\.\d)", shown) or ["99"])[-1])
        if unit == guest.SERVICE:
            report.most(f"systemd-analyze security: {unit}", exposure, MOST_EXPOSED)
        else:
            print(f"  systemd-analyze security: {unit}: {exposure}", flush=True)


@scenario("libcamera behind the walls")
def ribbon(stage: Stage) -> None:
    """libcamera's virtual camera, through picamera2 and our driver for it, with a dma-buf heap of the kernel's."""
    share = stage.folder / "share"
    share.mkdir()
    libcamera.gather(share)
    jpegs.write(share / "pictures", SIZES, PICTURES)
    with box(
        Card.flashed(stage.folder / "card.img"), stage.folder / "box", Hardware(more=sharing.devices(share))
    ) as running:
        running.wait_until_up()
        guest.wait_until_active(running)
        sharing.mount(running)
        done = running.run(libcamera.INSTALL, 240)
        stage.report.that(
            "libcamera and picamera2 are installed", done.status == 0, done.output[-200:] if done.status else ""
        )
        guest.configure(running, CONFIGURATION.format(source="csi:0"))
        heaps = running.says("ls -l /dev/dma_heap | tail -n +2 | awk '{print $1, $4, $NF}'")
        stage.report.that(
            "the buffers' rule",
            "crw-rw---- video" in heaps and "vidbuf_cached" in running.says("ls /dev/dma_heap"),
            " ".join(heaps.split()),
        )
        trio.run(_ribbon_live, stage.report, running)


async def _ribbon_live(report: Report, running: Box) -> None:
    async with audience(running.url, seats(1, 1, 0)) as viewers:
        began_s = trio.current_time()
        took_s = max([await viewer.picture_after(began_s, 2 * PATIENCE_S) for viewer in viewers])
        state = await _state(running)
        report.that(
            "its picture is live", took_s < float("inf"), f"after {took_s:.1f} s; {state['status']}: {state['reason']}"
        )
        await trio.sleep(5)
        sizes = {sight.size for viewer in viewers for sight in viewer.since(began_s)}
        report.that(
            "pictures of the size that was asked for", sizes == {(640, 480)}, f"{sizes}, {len(viewers[0].seen)} of them"
        )
        await _say_walls(report, running)
    words = await trio.to_thread.run_sync(guest.journal, running)
    opened = [line for line in words.splitlines() if "appliance.capture" in line]
    report.says("how it was opened", opened[-1] if opened else words[-300:], "YUV420")
