"""QEMU's monitor: what happens to the box's hardware while it runs."""

import socket
import time

from tests.box.machine import Box
from tests.box.places import BoxError

PROMPT = b"(qemu) "
ANSWERS_WITHIN_S = 10.0
ATTEMPT_S = 0.05


def link(running: Box, *, up: bool) -> None:
    """The cable of its network is plugged in, or not. Raises BoxError."""
    answer = tell(running, f"set_link n0 {'on' if up else 'off'}")
    if "rror" in answer or "not found" in answer:
        raise BoxError(f"QEMU cannot pull the cable: {answer}")


def tell(running: Box, command: str) -> str:
    """QEMU's answer to one command. Raises BoxError."""
    end_s = time.monotonic() + ANSWERS_WITHIN_S
    with socket.socket(socket.AF_UNIX) as talk:
        talk.settimeout(ANSWERS_WITHIN_S)
        while True:
            try:
                talk.connect(str(running.folder / "monitor"))
                break
            except OSError as error:
                if time.monotonic() > end_s:
                    raise BoxError(f"QEMU's monitor does not answer: {error}") from error
                time.sleep(ATTEMPT_S)
        _until_prompt(talk)
        talk.sendall(command.encode() + b"\n")
        return _until_prompt(talk)


def _until_prompt(talk: socket.socket) -> str:
    said = b""
    while not said.endswith(PROMPT) and (more := talk.recv(4096)):
        said += more
    return said.decode(errors="replace")
