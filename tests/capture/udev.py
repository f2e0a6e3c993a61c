"""udev's voice: what udevd sends over netlink once it is done with a device, in a network of the test's own."""

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NEW_NETWORK = 0x40000000  # CLONE_NEWNET
KOBJECT_UEVENT = 15
TO_LISTENERS = 2  # the group that udevd sends to
_HEAD = struct.Struct("=8s4sIII4s4sII")
_libc = ctypes.CDLL(None, use_errno=True)


class Network:
    """A network of its own: nobody else on this machine hears what a test says there. Raises PermissionError for who may not."""

    def __init__(self) -> None:
        with self._and_back():
            if _libc.unshare(NEW_NETWORK) != 0:
                raise PermissionError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            self._there = _network_of_this_thread()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets that are made here belong to it, for as long as they live."""
        with self._and_back():
            assert _libc.setns(self._there, NEW_NETWORK) == 0
            yield

    def close(self) -> None:
        os.close(self._there)

    @contextmanager
    def _and_back(self) -> Iterator[None]:
        here = _network_of_this_thread()
        try:
            yield
        finally:
            assert _libc.setns(here, NEW_NETWORK) == 0
            os.close(here)


def _network_of_this_thread() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


class Udev:
    """Says what udevd says, in a network of its own."""

    def __init__(self, folder: Path) -> None:
        self.network = Network()
        self.folder = folder / "udev"
        self.folder.mkdir()
        (self.folder / "control").touch()
        with self.network.inside():
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, KOBJECT_UEVENT)

    def say(self, action: str, name: str, subsystem: str = "video4linux") -> None:
        """`action` befell the device of this name."""
        properties = {
            "ACTION": action,
            "DEVPATH": f"/devices/virtual/{subsystem}/{name}",
            "SUBSYSTEM": subsystem,
            "DEVNAME": f"/dev/{name}",
            "SEQNUM": "7",
        }
        body = b"".join(f"{key}={value}\0".encode() for key, value in properties.items())
        kind = struct.pack(">I", murmur(subsystem.encode()))
        head = _HEAD.pack(b"libudev\0", b"\xfe\xed\xca\xfe", _HEAD.size, _HEAD.size, len(body), kind, bytes(4), 0, 0)
        self._socket.sendto(head + body, (0, TO_LISTENERS))

    def close(self) -> None:
        self._socket.close()
        self.network.close()


def murmur(data: bytes) -> int:
    """MurmurHash2 as udev has it: by it the kernel sorts out what a listener did not ask for."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h, whole = len(data), len(data) // 4 * 4
    for (k,) in struct.iter_unpack("<I", data[:whole]):
        k = k * m & mask
        h = (h * m & mask) ^ ((k ^ k >> 24) * m & mask)
    if rest := data[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15
