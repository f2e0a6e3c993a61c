"""What the server asks for: the only thread in a worker reads the hallway, and the main loop looks at the latest state.

Rule 1: nothing queues here. The newest wish replaces the one before; so does the newest pushed picture, and of each control
        the newest value.
Rule 2: when the server is gone the process ends at once, from this thread, also while the main thread hangs in a camera
        call: no orphan ever holds a device.
"""

import os
import socket
import sys
import threading
from typing import NoReturn

from appliance.wire.hallway import (
    PREFIX,
    Adjust,
    Down,
    HallwayError,
    Open,
    Pushed,
    Rendition,
    Want,
    decode_down,
    decode_prefix,
)

SERVER_GONE, SERVER_BROKEN = 0, 2  # exit statuses


class Commands:
    """The latest wishes of the server."""

    def __init__(self, hallway: socket.socket) -> None:
        self._hallway = hallway
        self._news = threading.Condition()
        self._pushed: Pushed | None = None
        self._wanted: list[Rendition] = []
        self._adjust: Adjust | None = None

    def first(self) -> Open:
        """The message that starts a worker. Ends the process when the server goes before it comes."""
        message = self._receive()
        if not isinstance(message, Open):
            _end(SERVER_BROKEN, "the first message is not Open")
        return message

    def listen(self) -> None:
        """Start to read; from here on the end of the hallway is the end of the process."""
        threading.Thread(target=self._listen, name="commands", daemon=True).start()

    def wanted(self) -> list[Rendition]:
        """The renditions wanted now. The same list object as long as the server has not spoken."""
        return self._wanted

    def adjust(self) -> Adjust | None:
        """What is to be set and was not taken yet."""
        if self._adjust is None:  # nearly always; the lock is for the moment in which it is taken
            return None
        with self._news:
            taken, self._adjust = self._adjust, None
            return taken

    def pushed(self, wait_s: float) -> Pushed | None:
        """The newest pushed picture that was not taken yet, waiting for one at most so long."""
        with self._news:
            self._news.wait_for(lambda: self._pushed is not None, timeout=wait_s)
            taken, self._pushed = self._pushed, None
            return taken

    def _listen(self) -> NoReturn:
        while True:
            message = self._receive()
            with self._news:
                if isinstance(message, Want):
                    self._wanted = message.renditions
                elif isinstance(message, Pushed):
                    self._pushed = message
                elif isinstance(message, Adjust):
                    self._adjust = merged(self._adjust, message)
                else:
                    _end(SERVER_BROKEN, "a second Open")
                self._news.notify()

    def _receive(self) -> Down:
        try:
            kind, length = decode_prefix(bytes(self._exactly(PREFIX.size)))
            return decode_down(kind, self._exactly(length))
        except HallwayError as error:
            _end(SERVER_BROKEN, str(error))

    def _exactly(self, length: int) -> memoryview:
        whole = memoryview(bytearray(length))
        filled = 0
        while filled < length:
            try:
                got = self._hallway.recv_into(whole[filled:])
            except OSError:  # a server that was killed resets the hallway; to us that is the same end
                got = 0
            if not got:
                _end(SERVER_GONE)
            filled += got
        return whole


def merged(before: Adjust | None, newest: Adjust) -> Adjust:
    """Both in one; of each control the newest value. What was meant for another model is no use any more."""
    if before is None or before.model != newest.model:
        return newest
    return Adjust(newest.model, newest.number, {**before.values, **newest.values})


def _end(status: int, why: str = "") -> NoReturn:
    if why:
        sys.stderr.write(f"camera worker: the server does not speak our protocol: {why}\n")
        sys.stderr.flush()
    os._exit(status)  # not sys.exit: nothing of this process may wait for a camera
