"""The box that runs, from outside: what systemd says of it, and what it says of its cameras at the desk (appliance/system/desk.py)."""

import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

SYSTEMCTL = "/usr/bin/systemctl"
UNIT = "camera-appliance.service"
DESK = Path("/run/camera-appliance/desk.sock")
ANSWERS_WITHIN_S = 10.0


@dataclass(frozen=True)
class State:
    """Of the unit."""

    load: str
    active: str
    pid: int

    @property
    def is_up(self) -> bool:
        """It has said that it is ready, and goes on."""
        return self.load == "loaded" and self.active in ("active", "reloading")

    @property
    def is_stopped(self) -> bool:
        """Somebody wanted it so: by itself it would be started again, or be known as failed."""
        return self.load == "loaded" and self.active == "inactive"


class Box:
    """This machine's."""

    def state(self) -> State:
        """As systemd has it."""
        shown = (SYSTEMCTL, "show", UNIT, "--property=LoadState,ActiveState,MainPID")
        said = subprocess.run(shown, capture_output=True, text=True, check=False).stdout
        known = dict(line.partition("=")[::2] for line in said.splitlines())
        return State(known.get("LoadState", ""), known.get("ActiveState", ""), int(known.get("MainPID") or 0))

    def cameras(self) -> dict[str, str] | None:
        """Each camera's status, by its id; None: it does not answer, or is too old to be asked."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as desk:
            desk.settimeout(ANSWERS_WITHIN_S)
            try:
                desk.connect(str(DESK))
                desk.sendall(b"health\n")
                answer = desk.makefile(encoding="utf-8", errors="replace").readline().split()
            except OSError:
                return None
        if answer[:1] != ["done"]:
            return None
        return dict(each.partition(":")[::2] for each in answer[1:])

    def start(self) -> None:
        """Whatever became of it before."""
        subprocess.run((SYSTEMCTL, "reset-failed", UNIT), check=False, capture_output=True)
        subprocess.run((SYSTEMCTL, "start", UNIT), check=False)
