"""USB/IP as vhci_hcd speaks it over a socket: the plug, and what travels through it (Documentation/usb/usbip_protocol)."""

import contextlib
import errno
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

VHCI = Path("/sys/devices/platform/vhci_hcd.0")
HIGH_SPEED = 3
PORT_FREE = 4
SOCKET_BYTES = 1 << 20
_CMD_SUBMIT, _CMD_UNLINK, _RET_SUBMIT, _RET_UNLINK = 1, 2, 3, 4
_HEAD = 48


class Submit(NamedTuple):
    """The host wants something transferred."""

    seq: int
    into_host: bool
    endpoint: int
    length: int
    setup: bytes
    data: bytes


class Unlink(NamedTuple):
    """The host takes a request back."""

    seq: int
    victim: int


class PlugError(Exception):
    """The camera cannot be plugged in; `str()` says why."""


class Plug:
    """The camera's end of the cable while it is plugged in."""

    def __init__(self, port: int | None) -> None:
        """`port`: which of vhci_hcd's to use; None: the first that is free."""
        self._wanted = port
        self._buffer = bytearray()
        self._socket: socket.socket | None = None
        self.port: int | None = None

    @property
    def end(self) -> socket.socket | None:
        """To wait on; None: unplugged."""
        return self._socket

    def put_in(self) -> socket.socket:
        """Attach to a port. Raises PlugError."""
        port = _free_port(self._wanted)
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BYTES)
        device_id = 0x10000 + port + 1
        (VHCI / "attach").write_text(f"{port} {theirs.fileno()} {device_id} {HIGH_SPEED}")
        theirs.close()
        self._socket, self.port = ours, port
        self._buffer.clear()
        return ours

    def pull_out(self) -> None:
        """Detach; what is on its way is lost."""
        with contextlib.suppress(OSError):  # the kernel may have closed it before us
            (VHCI / "detach").write_text(str(self.port))
        self.drop()

    def drop(self) -> None:
        """Close our end."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def read(self) -> list[Submit | Unlink] | None:
        """What the host says now; None: it closed its end."""
        assert self._socket is not None
        try:
            data = self._socket.recv(1 << 18)
        except OSError:
            data = b""
        if not data:
            return None
        self._buffer += data
        return list(self._whole_ones())

    def _whole_ones(self) -> Iterator[Submit | Unlink]:
        while len(self._buffer) >= _HEAD:
            command, seq, _, into_host, endpoint = struct.unpack_from(">5I", self._buffer)
            if command == _CMD_UNLINK:
                (victim,) = struct.unpack_from(">I", self._buffer, 20)
                del self._buffer[:_HEAD]
                yield Unlink(seq, victim)
                continue
            (length,) = struct.unpack_from(">i", self._buffer, 24)
            end = _HEAD + (0 if into_host else length)
            if len(self._buffer) < end:
                return
            setup, data = bytes(self._buffer[40:_HEAD]), bytes(self._buffer[_HEAD:end])
            del self._buffer[:end]
            yield Submit(seq, bool(into_host), endpoint, length, setup, data)

    def done(self, seq: int, data: bytes = b"", *, taken: int | None = None) -> None:
        """The transfer is done; `taken`: so many bytes came from the host."""
        length = len(data) if taken is None else taken
        self._send(struct.pack(">5I5i8x", _RET_SUBMIT, seq, 0, 0, 0, 0, length, 0, 0, 0), data)

    def stall(self, seq: int) -> None:
        """The endpoint refuses."""
        self._send(struct.pack(">5I5i8x", _RET_SUBMIT, seq, 0, 0, 0, -errno.EPIPE, 0, 0, 0, 0))

    def unlinked(self, seq: int, *, found: bool) -> None:
        """A request was taken back, or had been answered already."""
        status = -errno.ECONNRESET if found else 0
        self._send(struct.pack(">5Ii24x", _RET_UNLINK, seq, 0, 0, 0, status))

    def _send(self, *parts: bytes) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendall(b"".join(parts))
        except OSError:
            self.drop()


def _free_port(wanted: int | None) -> int:
    for status in sorted(VHCI.glob("status*")):
        for line in status.read_text().splitlines()[1:]:
            hub, port, state, *_ = line.split()
            if hub == "hs" and int(state) == PORT_FREE and wanted in (None, int(port)):
                return int(port)
    raise PlugError("no free port of vhci_hcd" if wanted is None else f"port {wanted} of vhci_hcd is not free")
