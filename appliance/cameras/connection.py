"""A connection to a camera on the network: bytes with deadlines, and one true reason when there are none.

Rule 1: no wait here is longer than asked, except the look-up of a name; the server ends a worker that hangs in it.
Rule 2: reasons name the other end, never the login.
"""

import socket
import ssl
import time

from appliance.cameras.base import CameraError
from appliance.config.address import Address

CONNECT_S = 5.0  # until the other end has answered; the server waits 10 for an open
SEND_S = 1.0  # our requests and acknowledgements are short: whoever takes nothing for so long is gone
CHUNK_BYTES = 256 * 1024
_NOTHING_NOW = (TimeoutError, BlockingIOError, ssl.SSLWantReadError)


class Connection:
    """TCP, or TLS over it. Raises CameraError when it cannot be had in time."""

    def __init__(self, address: Address, within_s: float = CONNECT_S) -> None:
        self._end = address.end
        self._socket = _connected(address, within_s)

    def send(self, data: bytes) -> None:
        """Send all of it. Raises CameraError."""
        self._socket.settimeout(SEND_S)
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise CameraError(f"{self._end} ended the connection") from error

    def receive(self, wait_s: float) -> bytes | None:
        """What has come, b"" at the end, or None after `wait_s`. Raises CameraError."""
        self._socket.settimeout(max(wait_s, 0.0))
        try:
            return self._socket.recv(CHUNK_BYTES)
        except _NOTHING_NOW:
            return None
        except OSError as error:
            raise CameraError(f"{self._end}: the connection was lost") from error

    def close(self) -> None:
        """Let it go."""
        self._socket.close()


def _connected(address: Address, within_s: float) -> socket.socket:
    deadline_s = time.monotonic() + within_s
    try:
        plain = socket.create_connection((address.host, address.port), within_s)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # an acknowledgement that waits delays pictures
        return _secured(plain, address, max(deadline_s - time.monotonic(), 0.1)) if address.secure else plain
    except (OSError, UnicodeError) as error:
        raise CameraError(_why(error, address, within_s)) from error


def _secured(plain: socket.socket, address: Address, within_s: float) -> ssl.SSLSocket:
    plain.settimeout(within_s)
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=address.host)
    except BaseException:
        plain.close()
        raise


def _why(error: Exception, address: Address, within_s: float) -> str:
    match error:
        case TimeoutError():
            return f"{address.end}: no answer within {within_s:g} s"
        case ConnectionRefusedError():
            return f"{address.end} refuses the connection"
        case socket.gaierror() | UnicodeError():
            return f"{address.host}: nobody knows this name"
        case ssl.SSLCertVerificationError():
            return f"{address.end}: its certificate is not trusted ({error.verify_message})"
        case ssl.SSLError():
            return f"{address.end} does not speak TLS"
        case OSError():
            return f"{address.end}: {error.strerror or 'the connection was lost'}"
    return f"{address.end} cannot be reached"
