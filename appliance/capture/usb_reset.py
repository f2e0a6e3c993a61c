"""USB reset: a device is switched off and on by a small program that may do that; this one may not, and only asks.

The contract, for the program at the other end of the socket (its own systemd unit, started for each connection, as root):
    it is asked     one line with the device's place, as `^[0-9]+-[0-9.]+$`: "1-1.2"
    it does         write 0, then 1, to /sys/bus/usb/devices/1-1.2/authorized, if the device has a video interface
    it answers      one line, "ok" or why not, and closes

Rule 1: no socket, no reset: the ladder goes on without, and says so once.
Rule 2: who asked how often is kept by place, for the whole program: a stream that is made anew must not ask anew.
"""

import logging
import time
from collections import deque
from pathlib import Path

import trio

from appliance.capture.device import SYS, usb_port_of
from appliance.capture.recovery import MOST_RESETS

SOCKET = Path("/run/camera-appliance-usb-reset.sock")
DEADLINE_S = 8.0  # a device needs a moment to settle in between
LONGEST_ANSWER_BYTES = 200
log = logging.getLogger("appliance.capture")


class UsbReset:
    """One for the whole program."""

    def __init__(self, socket: Path = SOCKET, sys: Path = SYS) -> None:
        self._socket, self._sys = socket, sys
        self._done_s: dict[str, deque[float]] = {}  # by place, of which a machine has a few dozen
        self._said_absent = False

    def times_of(self, device: str) -> list[float] | None:
        """When it was reset lately; None: it cannot be."""
        port = usb_port_of(device, self._sys)
        if port is None:
            return None
        if not self._socket.exists():
            if not self._said_absent:
                self._said_absent = True
                log.info("no USB device is reset here: there is no %s", self._socket)
            return None
        return list(self._done_s.get(port, ()))

    async def __call__(self, device: str) -> str:
        """Switch it off and on; why that did not happen, "" when it did."""
        port = usb_port_of(device, self._sys)
        if port is None:
            return "it is not there any more"
        self._done_s.setdefault(port, deque(maxlen=MOST_RESETS)).append(time.monotonic())
        try:
            with trio.fail_after(DEADLINE_S):
                answer = await self._asked(port)
        except (OSError, trio.BrokenResourceError, trio.TooSlowError) as error:
            return str(error) or "no answer"
        return "" if answer == "ok" else answer or "no answer"

    async def _asked(self, port: str) -> str:
        answer = b""
        async with await trio.open_unix_socket(str(self._socket)) as stream:
            await stream.send_all(f"{port}\n".encode())
            async for chunk in stream:
                answer += chunk
                if b"\n" in answer or len(answer) > LONGEST_ANSWER_BYTES:
                    break
        return answer.partition(b"\n")[0][:LONGEST_ANSWER_BYTES].decode(errors="replace").strip()
