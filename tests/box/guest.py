"""What tests ask of a box that runs, in words: its service, its configuration, what a start of Python costs it."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.box.card import Card
from tests.box.machine import Box, box
from tests.box.places import PROJECT, BoxError

SERVICE = "camera-appliance.service"
CONFIG = "/etc/camera-appliance/appliance.toml"
PYTHON = "/usr/lib/camera-appliance/bin/python"
STARTS = ("appliance.main", "appliance.cameras.worker, cv2, simplejpeg")  # what the server and a worker take in
ANSWERS_WITHIN_S = 30.0
LIVE_WITHIN_S = 180.0
CAMERA = """
[[cameras]]
id = "camera"
name = "Front door"
source = "usb:/dev/video0"
width = 640
height = 360
fps = 15
preset = "medium"
"""


@contextmanager
def measured_box(folder: Path) -> Iterator[Box]:
    """A new box that is up and has CAMERA; what a start of Python costs it is known. Raises BoxError."""
    with box(Card.flashed(folder / "card.img"), folder / "box") as running:
        running.wait_until_up()
        wait_until_active(running)
        configure(running)
        print(f"  Python starts: {measure_starts(running)}", flush=True)
        yield running


def request(running: Box, path: str, method: str = "GET", body: object = None) -> tuple[int, Any]:
    """Status and JSON of an answer of its REST interface. Raises OSError while there is none."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} if data else {}
    asked = urllib.request.Request(running.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=ANSWERS_WITHIN_S) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read() or b"null")


def show(running: Box, *properties: str) -> dict[str, str]:
    """What systemd says of the service."""
    said = running.says(f"systemctl show {SERVICE} " + " ".join(f"-p {each}" for each in properties))
    return dict(line.split("=", 1) for line in said.splitlines())


def wait_until_active(running: Box, within_s: float = LIVE_WITHIN_S) -> None:
    """The program says that it is ready. Raises BoxError."""
    wait_until(running, f"systemctl is-active --quiet {SERVICE}", within_s)


def wait_until(running: Box, condition: str, within_s: float) -> float:
    """Seconds until the shell's `condition` holds in the guest. Raises BoxError."""
    began_s = time.monotonic()
    script = f"for each in $(seq {int(within_s * 4)}); do if {condition}; then exit 0; fi; sleep 0.25; done; exit 1"
    if running.run(script, within_s * 2 + 30).status:
        raise BoxError(f"not within {within_s:g} s: {condition}\n{journal(running)}")
    return time.monotonic() - began_s


def journal(running: Box, unit: str = SERVICE, lines: int = 20) -> str:
    """Its last lines."""
    return running.says(f"journalctl --no-pager -o cat -n {lines} -u {unit}")


def configure(running: Box, text: str = CAMERA) -> None:
    """Have this at the end of the shipped file, in place of its camera, and start with it. Raises BoxError."""
    script = f"""
sed -i '/^\\[\\[cameras\\]\\]/,$d' {CONFIG}
cat >>{CONFIG} <<'END'
{text}
END
systemctl restart {SERVICE}"""
    done = running.run(script, 120)
    if done.status:
        raise BoxError(f"it does not start with that configuration: {done.output}\n{journal(running)}")


def failed_units(running: Box) -> str:
    """Their names; "" when there are none."""
    return running.says("systemctl list-units --failed --plain --no-legend | cut -d' ' -f1")


def measure_starts(running: Box, least_s: float = 0.0) -> str:
    """What the slower of the two Pythons takes longer to start there than here, for `Report.within(starts=...)`; in words.

    `least_s`: what it was before; this machine has other work, too.
    """
    there = [min(_took_s(running, what) for _ in range(2)) for what in STARTS]
    here = [min(_took_here_s(what) for _ in range(2)) for what in STARTS]
    costs_s = max(least_s, *(slow - quick for slow, quick in zip(there, here, strict=True)))
    os.environ["LAB_START_COSTS_S"] = f"{costs_s:.2f}"
    return f"server {there[0]:.1f} s, worker {there[1]:.1f} s; outside {here[0]:.1f} s and {here[1]:.1f} s"


def _took_s(running: Box, what: str) -> float:
    seconds = running.says(f'TIMEFORMAT=%R; time {PYTHON} -P -c "import {what}"').splitlines()[-1]
    return float(seconds)


def _took_here_s(what: str) -> float:
    began_s = time.monotonic()
    subprocess.run([sys.executable, "-P", "-c", f"import {what}"], check=True, cwd=PROJECT)
    return time.monotonic() - began_s
