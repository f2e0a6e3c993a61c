"""`camera-appliance doctor` on boxes that are broken on purpose: it names the fault, and what mends it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import trio

from tests.lab.scenarios.box import as_user, camera, configuration
from tests.lab.scenarios.late import LINK
from tests.lab.scenarios.refused import NOBODY, held
from tests.lab.scenarios.scene import SMALL
from tests.lab.scenarios.stage import Stage, scenario
from tests.lab.usbcam import remote

PORT = 8123


class Told(NamedTuple):
    """What it printed."""

    status: int
    findings: list[dict[str, str]]
    text: str  # all it printed besides

    def faults(self, check: str) -> str:
        """All it says is wrong of one check, with what mends it."""
        wrong = [each for each in self.findings if each["check"] == check and each["state"] != "ok"]
        return "; ".join(f"{each['what']} [fix: {each['fix']}]" for each in wrong)


@scenario("doctor: no permission", quick=True)
async def no_permission(stage: Stage) -> None:
    with remote.camera("SN1", *SMALL) as cam:
        told = await examined(stage, cam.link(), user=NOBODY)
        stage.report.says("it names the fault", told.faults("permission"), f"{NOBODY} may not open {cam.nodes()[0]}")
        stage.report.says("and what mends it", told.faults("permission"), "usermod -aG video")
        say_manners(stage, told, status=1)


@scenario("doctor: another program has the camera", quick=True)
async def busy(stage: Stage) -> None:
    with remote.camera("SN1", *SMALL) as cam, held(cam.nodes()[0]) as pid:
        told = await examined(stage, cam.link())
        stage.report.says("it names who", told.faults("held"), "v4l2-ctl")
        stage.report.says("and which process", told.faults("held"), str(pid))
        say_manners(stage, told, status=1)


@scenario("doctor: the port is taken")
async def port(stage: Stage) -> None:
    with remote.camera("SN1", *SMALL) as cam, listener():
        told = await examined(stage, cam.link())
        stage.report.says("it names the port", told.faults("port"), str(PORT))
        stage.report.says("and who has it", told.faults("port"), f"{os.getpid()}")
        say_manners(stage, told, status=1)


@scenario("doctor: the camera is not there")
async def missing(stage: Stage) -> None:
    told = await examined(stage, LINK)
    stage.report.says("it says so", told.faults("camera"), "not there")
    say_manners(stage, told, status=1)


@scenario("doctor: twins with one serial number")
async def twins(stage: Stage) -> None:
    options = (*SMALL, "--serial", "SN1")
    with remote.camera("left", *options) as left, remote.camera("right", *options):
        told = await examined(stage, left.link("by-path"))
        stage.report.says("it names the socket to call it by", told.faults("names"), "usb:/dev/v4l/by-path/")


@scenario("doctor: a healthy box")
async def healthy(stage: Stage) -> None:
    with remote.camera("SN1", *SMALL) as cam:
        told = await examined(stage, cam.link())
        wrong = [f"{each['check']}: {each['what']}" for each in told.findings if each["state"] == "fault"]
        stage.report.that("no fault is invented", not wrong, "; ".join(wrong) or "none")
        say_manners(stage, told, status=0)


async def examined(stage: Stage, device: str, user: str = "") -> Told:
    """What doctor finds, asked as root or as `user`."""
    config = stage.folder / "appliance.toml"
    config.write_text(configuration([camera("front", f"usb:{device}")], PORT))
    command = [sys.executable, "-m", "appliance", "doctor", "--json", "--config", str(config)]
    ask = partial(subprocess.run, command, capture_output=True, check=False, **as_user(user))
    answer: subprocess.CompletedProcess[Any] = await trio.to_thread.run_sync(ask)
    return Told(answer.returncode, json.loads(answer.stdout or b"[]"), answer.stderr.decode())


def say_manners(stage: Stage, told: Told, status: int) -> None:
    """Its exit status, and no traceback."""
    stage.report.that("its exit status", told.status == status, str(told.status))
    stage.report.that("no traceback", "Traceback" not in told.text, told.text.strip()[-100:] or "none")


@contextmanager
def listener() -> Iterator[None]:
    """We ourselves hold the port."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("0.0.0.0", PORT))
        taken.listen()
        yield
