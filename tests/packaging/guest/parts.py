"""python -m tests.packaging.guest.parts PART: one part, in the guest. Each leaves the disk as the next one needs it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance import __version__ as ours
from tests.lab.scenarios.report import Report
from tests.lab.usbcam import remote
from tests.lab.usbcam.remote import Remote
from tests.packaging.guest import box, cloud, expect
from tests.packaging.guest.expect import BACK_WITHIN_S, CAMERA, CHECKED_WITHIN_S, LIVE_WITHIN_S, SECRET, STATE
from tests.packaging.guest.variants import DARK, FINE, MUTE, OLDER

LATER = "/dev/v4l/by-id/usb-Lab_Lab_Camera_LATER-video-index0"
PLUGGED_WITHIN_S = 15.0  # outside of an emulator it is three
DROP_IN = Path("/etc/systemd/system/camera-appliance-upgrade-check.service.d")
PATIENCE = f"""\
[Service]
ExecStart=
ExecStart=/usr/bin/python3 -IBS /usr/libexec/camera-appliance/upgrade check --within {CHECKED_WITHIN_S:.0f}
"""
RECORDING = STATE / "recordings/one.mp4"


def installed(report: Report) -> None:
    """In a clean guest, with a camera plugged in before; then with one plugged in after."""
    Path("/etc/apt/sources.list").write_text("deb [trusted=yes] file:/host/repository ./\n")
    box.apt("update")
    DROP_IN.mkdir(parents=True)
    (DROP_IN / "patience.conf").write_text(PATIENCE)
    with remote.camera("BEFORE", *CAMERA) as before, remote.camera("LATER", *CAMERA, "--unplugged") as later:
        expect.apt(report, "apt install of an older version", "install", box.deb(OLDER))
        report.that("the unit is active when apt is done", box.state_of() == "active", box.state_of())
        report.that("it is enabled", box.ran("systemctl", "is-enabled", box.UNIT)[1] == "enabled")
        report.that("its user is in video and render", expect.groups() >= {"video", "render"}, str(expect.groups()))
        expect.live(report, "the camera that was there before is live", "BEFORE")
        page, first_boot = box.got("/")[0], box.ran("systemctl", "is-enabled", "camera-appliance-first-boot.service")[1]
        report.that("the page answers on port 80", page == 200, str(page))
        report.that("first boot is off", first_boot == "disabled", first_boot)
        _write_config(f"usb:{before.link()}")
        status, said = box.ran("systemctl", "reload", box.UNIT)
        report.that("a changed configuration is taken", status == 0, said or "yes")
        later.tell("plug")
        seconds = box.until(lambda: box.is_picture("later"), LIVE_WITHIN_S)
        report.within("a camera plugged in after is live", seconds, PLUGGED_WITHIN_S)
        expect.none_failed(report)
    STATE.joinpath("sign").write_text("of the owner")
    SECRET.write_text("secret")
    SECRET.chmod(0o600)


def upgraded(report: Report) -> None:
    """To the version that was built; what the owner wrote stays."""
    with _both():
        expect.live(report, "after a start of the machine it is live")
        before = expect.owned()
        expect.apt(report, "apt install of the new version", "install", box.deb(ours))
        expect.judged(report, f"{ours} is found good")
        report.that("the new version is installed", box.version() == f"installed {ours}", box.version())
        report.that("and runs", box.asked("/api/status").get("version") == ours)
        report.that("configuration, state and secrets are the same", expect.owned() == before, f"{len(before)} files")
        expect.live(report, "both cameras are live", also="later")
        kept = [file.name for file in box.KEPT.glob("*")]
        report.that("the old version is kept", kept == [f"camera-appliance_{OLDER}_amd64.deb"], str(kept))
        expect.none_failed(report)


def mute(report: Report) -> None:
    """An upgrade to a version that never becomes ready."""
    _undone(report, MUTE, "it does not get ready")


def dark(report: Report) -> None:
    """An upgrade to a version that is ready, and whose workers crash."""
    _undone(report, DARK, "no picture of camera")


def interrupted(report: Report) -> None:
    """The power goes while a bad upgrade is watched."""
    with _both():
        expect.live(report, "it is live")
        expect.apt(report, f"apt install of {DARK}", "install", box.deb(DARK))
        unjudged = box.KEPT.joinpath("upgrade.json").exists()
        report.that(
            "the power goes before it is judged", unjudged and box.version() == f"installed {DARK}", box.version()
        )


def resumed(report: Report) -> None:
    """The next start finishes what was begun; a good upgrade is good after all that."""
    with _both():
        seconds = box.until(lambda: box.version() == f"installed {ours}", CHECKED_WITHIN_S + 120)
        report.within("the start after the power cut brings the old version back", seconds, BACK_WITHIN_S)
        expect.live(report, "and it is live", also="later")
        expect.apt(report, f"apt install of {FINE}", "install", box.deb(FINE))
        expect.judged(report, f"{FINE} is found good")
        report.that("it stays", box.version() == f"installed {FINE}", box.version())
        expect.apt(
            report,
            "back by hand, from what is kept",
            "--allow-downgrades",
            "install",
            str(next(box.KEPT.glob("*.deb"))),
        )
        expect.judged(report, "that is found good, too")
        report.that("it is there", box.version() == f"installed {ours}", box.version())


def removed(report: Report) -> None:
    """Remove, install again, purge."""
    with _both():
        before = expect.owned()
        expect.apt(report, "apt remove", "remove", "camera-appliance")
        report.that("it is stopped", box.state_of() == "inactive", box.state_of())
        report.that("nobody answers on port 80", box.got("/")[0] == 0)
        report.that("configuration, state and secrets stay", expect.owned() == before, f"{len(before)} files")
        report.that("the program is gone", not any(map(Path.exists, expect.programs())))
        expect.apt(report, "apt install again", "install", box.deb(ours))
        expect.live(report, "it is live again, with the owner's configuration", also="later")
        RECORDING.parent.mkdir(exist_ok=True)
        RECORDING.write_bytes(b"nobody can make it again")
        said = expect.apt(report, "apt purge", "purge", "camera-appliance")
        report.says(
            "it says where the recordings are", said, "recordings are left in /var/lib/camera-appliance/recordings"
        )
        found = [path for root in ("/etc", "/var/lib", "/usr") for path in Path(root).rglob("*camera-appliance*")]
        found += Path("/run").glob("camera-appliance*")
        not_ours = ("/var/lib/apt", "/var/lib/dpkg", str(DROP_IN))
        left = [path for path in found if not str(path).startswith(not_ours)]
        report.that("all else is gone", left == [STATE], ", ".join(map(str, left)))
        report.that("the recording is there", RECORDING.exists() and not SECRET.exists())
        expect.none_failed(report)


def _undone(report: Report, bad: str, why: str) -> None:
    with _both():
        expect.live(report, "it is live")
        before = expect.owned()
        expect.apt(report, f"apt install of {bad}", "install", box.deb(bad))
        report.that("which is there then", box.version() == f"installed {bad}", box.version())
        seconds = box.until(lambda: box.version() == f"installed {ours}", CHECKED_WITHIN_S + 180)
        report.within("the old version comes back", seconds, BACK_WITHIN_S)
        expect.judged(report, "the check ends")
        expect.live(report, "it is live again", also="later")
        report.that("configuration, state and secrets are the same", expect.owned() == before)
        journal = box.ran("journalctl", "--boot", "--unit", "camera-appliance-upgrade-check", "--output", "cat")[1]
        report.says("the journal says why", journal[-3000:].replace("\n", " | "), f"{bad} did not come live: {why}")
        warnings = " ".join(box.asked("/api/status").get("warnings", []))
        report.says("the page says it", warnings, f"The upgrade to {bad} did not come live ({why}")
        log = Path("/var/log/dpkg.log").read_text()
        report.that("dpkg's log has it", f"upgrade camera-appliance:amd64 {bad} {ours}" in log)
        expect.none_failed(report)


@contextmanager
def _both() -> Iterator[tuple[Remote, Remote]]:
    with remote.camera("BEFORE", *CAMERA) as before, remote.camera("LATER", *CAMERA) as later:
        yield before, later


def _write_config(source: str) -> None:
    cameras = f'[[cameras]]\nid = "camera"\nsource = "{source}" # the owner\'s\n\n[[cameras]]\nid = "later"\nsource = "usb:{LATER}"\n'
    box.CONFIG.write_text(cameras)


PARTS: dict[str, Callable[[Report], None]] = {
    each.__name__: each
    for each in (installed, upgraded, mute, dark, interrupted, resumed, removed, cloud.seeded, cloud.clouded)
}


def main() -> int:
    """The part that is named."""
    name = sys.argv[1]
    report = Report(name, Path(f"/host/report-{name}"))
    try:
        PARTS[name](report)
    finally:
        report.keep()
        if report.missed:
            print(
                box.ran("journalctl", "--boot", "--no-pager", "--lines", "150", "--unit", "camera-appliance*")[1],
                flush=True,
            )
    return int(report.missed)


if __name__ == "__main__":
    sys.exit(main())
