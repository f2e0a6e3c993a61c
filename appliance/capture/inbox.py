"""Inbox: what a worker says, message by message. A picture that is there whole is not copied again."""

import socket

from appliance.frame import Frame
from appliance.wire import hallway

AT_ONCE_BYTES = 1024 * 1024  # asked of the kernel: it holds less


class Inbox:
    """The server's end of the hallway, for reading. It never waits: BlockingIOError says that more has to come first."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._expected: tuple[int, int] | None = None  # kind and length of the message that is arriving
        self._head: bytes | None = None  # of the frame that is arriving
        self._parts: list[bytes] = []
        self._got = 0

    def read(self) -> hallway.Up | tuple[int, Frame]:
        """The next message; a frame comes with its slot. Raises BlockingIOError, EOFError, OSError, HallwayError."""
        if self._expected is None:
            self._expected = hallway.decode_prefix(self._exactly(hallway.PREFIX.size))
        kind, length = self._expected
        if not hallway.is_frame(kind, length):
            message: hallway.Up | tuple[int, Frame] = hallway.decode_up(kind, memoryview(self._exactly(length)))
        else:
            if self._head is None:
                self._head = self._exactly(hallway.FRAME_HEAD_BYTES)
            message = hallway.decode_frame(self._head, self._exactly(length - hallway.FRAME_HEAD_BYTES))
            self._head = None
        self._expected = None
        return message

    def _exactly(self, count: int) -> bytes:
        """So many bytes; what has arrived of them is kept for the next call."""
        while self._got < count:
            data = self._socket.recv(min(count - self._got, AT_ONCE_BYTES))
            if not data:
                raise EOFError
            if len(data) == count:
                return data
            self._parts.append(data)
            self._got += len(data)
        whole = b"".join(self._parts)
        self._parts, self._got = [], 0
        return whole
