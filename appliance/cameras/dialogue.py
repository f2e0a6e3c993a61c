"""A WebSocket to another box, as a synchronous loop needs it: whole messages with deadlines.

Rule 1: a message is bounded; a longer one ends the connection instead of filling our memory.
"""

import time
from collections import deque

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Message,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import ProtocolError

from appliance.cameras.base import CameraError
from appliance.cameras.connection import CONNECT_S, Connection
from appliance.cameras.login import basic
from appliance.config.address import Address

MAX_MESSAGE_BYTES = 16 * 1024 * 1024  # as on the hallway


class Dialogue:
    """Connected and upgraded. Raises CameraError when that fails."""

    def __init__(self, address: Address) -> None:
        self._end = address.end
        deadline_s = time.monotonic() + CONNECT_S
        self._connection = Connection(address, CONNECT_S)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._pieces: list[bytes | bytearray | str] = []  # of a message that is not whole
        self._pieces_bytes = 0
        self._events: deque[Event] = deque()
        try:
            self._upgrade(address, deadline_s)
        except BaseException:
            self._connection.close()
            raise

    def receive(self, wait_s: float) -> bytes | str | None:
        """The next whole message, or None after `wait_s`. Raises CameraError."""
        deadline_s = time.monotonic() + wait_s
        while True:
            while self._events:
                message = self._take(self._events.popleft())
                if message is not None:
                    return message
            if not self._read(max(deadline_s - time.monotonic(), 0.0)):
                return None

    def say(self, text: str) -> None:
        """Send a text message. Raises CameraError."""
        self._send(TextMessage(text))

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()

    def _upgrade(self, address: Address, deadline_s: float) -> None:
        login = [(b"Authorization", basic(address).encode())] if address.user else []
        self._send(Request(host=address.netloc, target=address.target, extra_headers=login))
        while (left_s := deadline_s - time.monotonic()) > 0:
            self._read(left_s)
            while self._events:
                match self._events.popleft():
                    case AcceptConnection():
                        return
                    case RejectConnection(status_code=status):
                        raise CameraError(f"{self._end}: {status}: {_MEANS.get(status, 'it offers no WebSocket here')}")
        raise CameraError(f"{self._end}: no answer within {CONNECT_S:g} s")

    def _read(self, wait_s: float) -> bool:
        """Take in what has come; did anything?"""
        data = self._connection.receive(wait_s)
        if data is None:
            return False
        if not data:
            raise CameraError(f"{self._end} ended the connection")
        try:
            self._protocol.receive_data(data)
            self._events.extend(self._protocol.events())
        except ProtocolError as error:
            raise CameraError(f"{self._end} does not speak WebSocket ({error})") from error
        return True

    def _take(self, event: Event) -> bytes | str | None:
        match event:
            case Ping():
                self._send(event.response())
            case CloseConnection(code=code):
                raise CameraError(f"{self._end} ended the connection ({_CLOSURES.get(code, f'code {int(code)}')})")
            case BytesMessage() | TextMessage():
                return self._joined(event)
        return None

    def _joined(self, event: Message) -> bytes | str | None:  # type: ignore[type-arg]  # of bytes or str, both come here
        self._pieces.append(event.data)
        self._pieces_bytes += len(event.data)
        if self._pieces_bytes > MAX_MESSAGE_BYTES:
            raise CameraError(f"{self._end} sends a message of more than {MAX_MESSAGE_BYTES} bytes")
        if not event.message_finished:
            return None
        pieces, self._pieces, self._pieces_bytes = self._pieces, [], 0
        if isinstance(event, TextMessage):
            return "".join(piece for piece in pieces if isinstance(piece, str))
        return b"".join(piece for piece in pieces if not isinstance(piece, str))

    def _send(self, event: Event) -> None:
        self._connection.send(self._protocol.send(event))


_MEANS = {
    401: "name or password wrong, or none given",
    403: "it does not let us",
    404: "there is no such stream",
    503: "it is full",
}
_CLOSURES = {1000: "the stream ended", 1001: "it is going away", 1013: "it is full"}
