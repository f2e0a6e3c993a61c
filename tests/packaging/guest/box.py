"""The guest as its owner and a browser see it."""

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

UNIT = "camera-appliance.service"
CONFIG = Path("/etc/camera-appliance/appliance.toml")
KEPT = Path("/var/lib/camera-appliance-rollback")
SETTINGS = ("--option=APT::Install-Recommends=true", "--option=Dpkg::Use-Pty=false")  # Debian's default; for a log
URL = "http://127.0.0.1"


def ran(*command: str, within_s: float = 600.0) -> tuple[int, str]:
    """Exit status, and all it said."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=within_s,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def apt(*words: str) -> tuple[int, str]:
    """As a person calls it, who says yes to everything."""
    return ran(
        "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes", *SETTINGS, *words, within_s=900.0
    )


def deb(version: str) -> str:
    """Its file."""
    [file] = Path("/host/debs").glob(f"camera-appliance_{version}_amd64.deb")
    return str(file)


def state_of(unit: str = UNIT) -> str:
    """What systemd calls it: active, failed, …"""
    return ran("systemctl", "is-active", unit)[1]


def version() -> str:
    """What dpkg says is there."""
    return ran("dpkg-query", "--show", "--showformat=${db:Status-Status} ${Version}", "camera-appliance")[1]


def got(path: str) -> tuple[int, bytes]:
    """Status and body of an answer; 0: there was none."""
    try:
        with urllib.request.urlopen(f"{URL}{path}", timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def asked(path: str) -> Any:
    """The JSON of an answer; {}: there was none."""
    status, body = got(path)
    return json.loads(body) if status == 200 else {}


def status_of(camera: str = "camera") -> str:
    """live, starting, offline, or nothing."""
    streams = asked("/api/streams").get("streams", [])
    return next((f"{each['status']} {each['device']}".strip() for each in streams if each["id"] == camera), "")


def is_picture(camera: str = "camera") -> bool:
    """Is there a picture taken just now?"""
    status, body = got(f"/api/streams/{camera}/snapshot.jpg")
    return status == 200 and body[:2] == b"\xff\xd8"


def until(holds: Callable[[], bool], within_s: float) -> float:
    """Seconds until it holds; infinite when it does not for so long."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < within_s:
        if holds():
            return time.monotonic() - began_s
        time.sleep(0.5)
    return float("inf")
