"""What must be so in the guest, whatever the part."""

import hashlib
from pathlib import Path

from tests.lab.scenarios.report import Report
from tests.packaging.guest import box

CHECKED_WITHIN_S = 90.0  # the package's own patience is three minutes
BACK_WITHIN_S = CHECKED_WITHIN_S + 90  # an emulator takes a minute to unpack the old version
LIVE_WITHIN_S = 120.0  # of a restart, in an emulator that does other things too
CAMERA = ("--frames", "/host/frames", "--sizes", "320x240", "--fps", "15", "--formats", "mjpeg")
STATE, SECRET = Path("/var/lib/camera-appliance"), Path("/etc/camera-appliance/tls-key.pem")


def apt(report: Report, what: str, *words: str) -> str:
    """What apt said; it must have worked."""
    status, said = box.apt(*words)
    report.that(what, status == 0, "status 0" if status == 0 else said[-500:])
    print(said, flush=True)
    return said


def live(report: Report, what: str, device: str = "", *, also: str = "camera") -> None:
    """Is the owner's camera, and the other one if it is named, on the page?"""
    wanted = ("camera", also)
    seconds = box.until(
        lambda: all(box.is_picture(each) and "live" in box.status_of(each) for each in wanted), LIVE_WITHIN_S
    )
    shown = box.status_of()
    report.that(what, seconds < LIVE_WITHIN_S and device in shown, f"{shown}, after {seconds:.0f} s")


def judged(report: Report, what: str) -> None:
    """The check after an upgrade has ended."""
    seconds = box.until(
        lambda: (
            not box.KEPT.joinpath("upgrade.json").exists()
            and box.state_of("camera-appliance-upgrade-check") == "inactive"
        ),
        CHECKED_WITHIN_S + 120,
    )
    report.that(what, seconds < CHECKED_WITHIN_S + 60, f"after {seconds:.0f} s")


def none_failed(report: Report) -> None:
    """systemd is content."""
    failed = box.ran("systemctl", "--failed", "--no-legend", "--plain")[1]
    report.that("no unit has failed", failed == "", failed or "none")


def owned() -> dict[str, tuple[str, int, str]]:
    """What the owner has: each file's content, rights and owner. The state has what the program writes, too."""
    files = [box.CONFIG, SECRET, STATE / "sign"]
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mode, path.owner()) for path in files
    }


def groups() -> set[str]:
    """Of the program's user."""
    return set(box.ran("id", "--name", "--groups", "camera-appliance")[1].split())


def programs() -> list[Path]:
    """Some of what goes with the package."""
    return [
        Path("/usr/lib/camera-appliance"),
        Path("/usr/bin/camera-appliance"),
        Path("/usr/lib/systemd/system/camera-appliance.service"),
    ]
