"""Root's way into a test boot: scripts in, output and status out, over a virtio port. At its other end is `agent`, beside this."""

import base64
import select
import socket
import time
from pathlib import Path
from typing import NamedTuple

from tests.box.places import BOX, BoxError

PORT = "box.agent"
ATTEMPT_S = 0.05
MOST_AT_ONCE = 65536


class Answer(NamedTuple):
    """Of a script."""

    status: int
    output: str


def credentials() -> dict[str, bytes]:
    """What puts the agent into a boot: systemd takes units from whoever runs the machine."""
    unit = f"""
[Unit]
Description=The tests' way in
DefaultDependencies=no
After=systemd-udevd.service
Conflicts=shutdown.target
Before=shutdown.target
[Service]
ImportCredential={PORT}
ExecStart=/bin/bash ${{CREDENTIALS_DIRECTORY}}/{PORT}
Restart=always
RestartSec=1
OOMScoreAdjust=-1000
TimeoutStopSec=1
"""
    wants = "[Unit]\nWants=box-agent.service\n"
    return {
        "systemd.extra-unit.box-agent.service": unit.encode(),
        "systemd.unit-dropin.sysinit.target~box": wants.encode(),
        PORT: (BOX / "agent").read_bytes(),
    }


class Channel:
    """The host's end. One script at a time."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._socket: socket.socket | None = None
        self._read = b""
        self._number = 0
        self.boots = 0  # how often an agent said that it is there

    def connect(self, within_s: float) -> None:
        """QEMU makes the socket when it starts. Raises BoxError."""
        end_s = time.monotonic() + within_s
        while True:
            talk = socket.socket(socket.AF_UNIX)
            try:
                talk.connect(str(self._place))
            except OSError as error:
                talk.close()
                if time.monotonic() > end_s:
                    raise BoxError(f"QEMU did not start: {error}") from error
                time.sleep(ATTEMPT_S)
            else:
                self._socket = talk
                return

    def await_boot(self, number: int, within_s: float) -> None:
        """Until the agent of the machine's boot `number`, counted from 1, is there. Raises BoxError."""
        end_s = time.monotonic() + within_s
        while self.boots < number:
            self._heard(end_s, f"the guest did not come up for the {number}. time within {within_s:g} s")

    def run(self, script: str, within_s: float) -> Answer:
        """What `script`, for bash, prints, and its status. Raises BoxError when there is no answer in time."""
        assert self._socket is not None, "connect first"
        self._number += 1
        line = f"{self._number} {base64.b64encode(script.encode()).decode()}\n"
        self._socket.sendall(line.encode())
        end_s = time.monotonic() + within_s
        while True:
            number, _, answer = self._heard(end_s, f"no answer within {within_s:g} s: {script!r}").partition(" ")
            status, _, output = answer.partition(" ")
            if number == str(self._number):
                return Answer(int(status), base64.b64decode(output).decode(errors="replace"))

    def close(self) -> None:
        """The guest may go on without us."""
        if self._socket is not None:
            self._socket.close()

    def _heard(self, end_s: float, complaint: str) -> str:
        """The next line."""
        assert self._socket is not None, "connect first"
        while b"\n" not in self._read:
            ready, _, _ = select.select([self._socket], [], [], max(0.0, end_s - time.monotonic()))
            more = self._socket.recv(MOST_AT_ONCE) if ready else b""
            if not more:
                raise BoxError(complaint if not ready else f"QEMU ended; {complaint}")
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        said = line.decode(errors="replace").strip("\r\0 ")
        self.boots += said == "ready"
        return said
