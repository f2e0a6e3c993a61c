"""cloud-init, as a Raspberry Pi OS has it: what its user-data leaves for us is taken like the owner's own file."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance import __version__ as ours
from tests.lab.scenarios.report import Report
from tests.lab.usbcam import remote
from tests.packaging.guest import box, expect

SEED = Path("/boot/firmware")  # where Raspberry Pi Imager puts it
SOURCE = f"datasource_list: [NoCloud, None]\ndatasource:\n  NoCloud:\n    seedfrom: file://{SEED}/\n"
DOCUMENT = Path(__file__).parents[3] / "docs/first-boot.md"
LEFT = Path("/etc/camera-appliance-first-boot.toml")
PASSWORD = "three or four words"  # the document's
DONE_WITHIN_S = 240.0  # an emulator; on a Pi it takes seconds


def seeded(report: Report) -> None:
    """A system with cloud-init gets our package, and the user-data that our document shows."""
    box.apt("update")  # the repository may have been made anew since the first part
    with _camera():
        expect.apt(report, "apt install, with cloud-init", "install", "cloud-init", box.deb(ours))
        expect.live(report, "the camera is live", "BEFORE")
    SEED.mkdir(parents=True, exist_ok=True)
    Path("/etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg").write_text(SOURCE)
    SEED.joinpath("meta-data").write_text("instance-id: card-1\n")
    SEED.joinpath("user-data").write_text(documented())


def clouded(report: Report) -> None:
    """The next start."""
    with _camera():
        seconds = box.until(
            lambda: box.ran("cloud-init", "status")[1] in ("status: done", "status: error"), DONE_WITHIN_S
        )
        status = box.ran("cloud-init", "status", "--long")[1]
        report.that(
            "cloud-init is done", "status: done" in status, f"after {seconds:.0f} s: {' | '.join(status.splitlines())}"
        )
        seconds = box.until(lambda: "Front door" in _names(), expect.LIVE_WITHIN_S)
        report.that("the camera has its name", seconds < expect.LIVE_WITHIN_S, f"{_names()}, after {seconds:.0f} s")
        expect.live(report, "and is live", "BEFORE")
        _is_taken(report)
        expect.none_failed(report)


def _is_taken(report: Report) -> None:
    names = (Path("/etc/hostname").read_text().strip(), box.ran("uname", "--nodename")[1])
    report.that("the box has its name", names == ("front-door", "front-door"), str(names))
    said = box.ran("cloud-init", "single", "--name", "update_hostname", "--frequency", "always")[1]
    kept = Path("/etc/hostname").read_text().strip()
    report.that("cloud-init leaves it", kept == "front-door", f"{kept}; {said.splitlines()[-1:]}")
    text = LEFT.read_text()
    report.says("the password is gone from the file", text, "# password: applied and removed")
    secrets = Path("/etc/camera-appliance/secrets.toml").read_text()
    report.that("and kept as a hash", PASSWORD not in text + secrets and "scrypt" in secrets)
    status = Path("/var/lib/camera-appliance-first-boot/status.txt").read_text()
    report.says("the status says that all is well", " | ".join(status.splitlines()), "Nothing is wrong.")


def documented() -> str:
    """The user-data in docs/first-boot.md."""
    [block] = re.findall(r"```yaml\n(#cloud-config\n.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return str(block)


def _names() -> list[str]:
    return [each["name"] for each in box.asked("/api/streams").get("streams", [])]


@contextmanager
def _camera() -> Iterator[None]:
    with remote.camera("BEFORE", *expect.CAMERA):
        yield
