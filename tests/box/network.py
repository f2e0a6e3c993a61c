"""The network a box is on, with another host in it: made of Ethernet frames here, so that it needs no rights and works everywhere.

    with OtherHost(folder) as other, box(card, folder, other.hardware()) as running:
        answers = other.ask("camera-1a2b.local", A, 5.0)

QEMU's hub joins three: the box, QEMU's own router, which gives it an address, and us.
"""

import ipaddress
import socket
import struct
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from tests.box.machine import Hardware

A, PTR, TXT, AAAA, SRV = 1, 12, 16, 28, 33  # kinds of records
IN = 1
FLUSH = 0x8000  # of a class, in multicast DNS: what is known of this is out of date
OUR_MAC = bytes.fromhex("525400c0ffee")
OUR_ADDRESS = ipaddress.IPv4Address("10.0.2.77")
GROUP = ipaddress.IPv4Address("224.0.0.251")
GROUP_MAC = bytes.fromhex("01005e0000fb")
PORT = 5353
IPV4, UDP = 0x0800, 17
TTL = 255
LARGEST_FRAME = 65536
ASK_AGAIN_S = 1.0


class Record(NamedTuple):
    """Of an answer."""

    name: str
    kind: int
    value: str  # an address, a name; of SRV "host:port"; of others their bytes in hexadecimal
    source: str  # the address it came from


class OtherHost:
    """Its end of the wire."""

    def __init__(self, folder: Path) -> None:
        self._ours, self._theirs = folder / "other-host", folder / "box-end"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def __enter__(self) -> "OtherHost":
        self._socket.bind(str(self._ours))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def hardware(self) -> Hardware:
        """A box on a hub with us and QEMU's router."""
        wire = f"dgram,id=wire,local.type=unix,local.path={self._theirs},remote.type=unix,remote.path={self._ours}"
        backends = (
            "user,id=router,restrict=on",
            wire,
            "hubport,id=h0,hubid=0,netdev=router",
            "hubport,id=h1,hubid=0,netdev=wire",
            "hubport,id=h2,hubid=0",
        )
        netdevs = [word for each in backends for word in ("-netdev", each)]
        return Hardware(with_network=False, more=(*netdevs, "-device", "virtio-net-pci,netdev=h2,romfile="))

    def ask(self, name: str, kind: int, within_s: float) -> list[Record]:
        """Ask everybody, as RFC 6762 says; the records of the first answer that has one of this kind for this name."""
        end_s, asked_s = time.monotonic() + within_s, float("-inf")
        while time.monotonic() < end_s:
            if time.monotonic() - asked_s > ASK_AGAIN_S:
                asked_s = time.monotonic()
                self._send(_query(name, kind))
            for records in self._heard(0.2):
                if any(each.name.lower() == name.lower() and each.kind == kind for each in records):
                    return records
        return []

    def _send(self, payload: bytes) -> None:
        frame = GROUP_MAC + OUR_MAC + struct.pack(">H", IPV4) + _ip(_udp(payload))
        self._socket.sendto(frame, str(self._theirs))

    def _heard(self, within_s: float) -> list[list[Record]]:
        """The next frame's records, if it is such an answer."""
        self._socket.settimeout(within_s)
        try:
            frame = self._socket.recv(LARGEST_FRAME)
        except TimeoutError:
            return []
        source, payload = _from_group(frame)
        return [_records(payload, source)] if payload[2:3] and payload[2] & 0x80 else []


def _query(name: str, kind: int) -> bytes:
    return struct.pack(">6H", 0, 0, 1, 0, 0, 0) + _spell(name) + struct.pack(">2H", kind, IN)


def _udp(payload: bytes) -> bytes:
    return struct.pack(">4H", PORT, PORT, 8 + len(payload), 0) + payload  # over IPv4 it may go without a checksum


def _ip(payload: bytes) -> bytes:
    addresses = OUR_ADDRESS.packed + GROUP.packed
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, TTL, UDP, 0) + addresses
    total = sum(struct.unpack(">10H", head))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + struct.pack(">H", ~total & 0xFFFF) + head[12:] + payload


def _from_group(frame: bytes) -> tuple[str, bytes]:
    """Where a multicast DNS packet in it comes from, and its content; empty when it is something else."""
    if frame[12:14] != struct.pack(">H", IPV4) or len(frame) < 42 or frame[23] != UDP:
        return "", b""
    udp = 14 + (frame[14] & 0x0F) * 4
    if struct.unpack_from(">H", frame, udp) != (PORT,):
        return "", b""
    return str(ipaddress.IPv4Address(frame[26:30])), frame[udp + 8 :]


def _records(packet: bytes, source: str) -> list[Record]:
    """All there are in an answer."""
    _, _, questions, *counts = struct.unpack_from(">6H", packet)
    place, records = 12, []
    for _ in range(questions):
        _, place = _name(packet, place)
        place += 4
    for _ in range(sum(counts)):
        name, place = _name(packet, place)
        kind, _, _, size = struct.unpack_from(">2HIH", packet, place)
        place += 10
        records.append(Record(name, kind, _value(packet, kind, place, size), source))
        place += size
    return records


def _value(packet: bytes, kind: int, place: int, size: int) -> str:
    if kind in (A, AAAA):
        return str(ipaddress.ip_address(packet[place : place + size]))
    if kind == PTR:
        return _name(packet, place)[0]
    if kind == SRV:
        (port,) = struct.unpack_from(">H", packet, place + 4)
        return f"{_name(packet, place + 6)[0]}:{port}"
    return packet[place : place + size].hex()


def _spell(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in map(str.encode, name.split("."))) + b"\0"


def _name(packet: bytes, place: int) -> tuple[str, int]:
    """What stands there, and where it ends."""
    labels, end = [], 0
    while size := packet[place]:
        if size & 0xC0:
            end = end or place + 2
            place = struct.unpack_from(">H", packet, place)[0] & 0x3FFF
        else:
            labels.append(packet[place + 1 : place + 1 + size].decode())
            place += 1 + size
    return ".".join(labels), end or place + 1
