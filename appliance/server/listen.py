"""The sockets the server listens on: opened by us or handed over by systemd, with the same options.

Rule 1: options are set on the listening socket; Linux passes them on to every accepted one.
Rule 2: a socket that cannot be opened is one line for people: what, why, what to do.
"""

import errno
import ipaddress
import itertools
import os
import socket
from collections.abc import Mapping, MutableMapping, Sequence
from typing import NamedTuple

BACKLOG = 1024  # connections the kernel holds while we are busy; when it holds no more, newcomers wait for seconds
DEAD_PEER_MS = 15_000  # a peer that acknowledges nothing, or takes nothing of what is sent, for this long is gone
UNSENT_BYTES = 16 * 1024  # more that the kernel holds unsent would be old pictures
FIRST_PASSED_FD = 3  # sd_listen_fds(3)
KEPT_AS = "kept "

_HINTS = {
    errno.EACCES: "permission denied; ports below 1024 need CAP_NET_BIND_SERVICE or the systemd socket",
    errno.EADDRINUSE: "address already in use by another program; stop it or change server.bind",
    errno.EADDRNOTAVAIL: "this machine does not have that address; change server.bind",
    errno.EAFNOSUPPORT: "this machine does not speak that kind of address; change server.bind",
}
_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class ListenError(Exception):
    """A socket cannot be listened on; `str()` is the one line a person needs."""


class _Place(NamedTuple):
    """What a socket is bound to."""

    family: socket.AddressFamily
    where: tuple[str, int]
    with_ipv4: bool

    @classmethod
    def of(cls, sock: socket.socket) -> "_Place":
        host, port = sock.getsockname()[:2]
        is_ipv6 = sock.family == socket.AF_INET6
        with_ipv4 = is_ipv6 and host == "::" and not sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        return cls(sock.family, (host, port), with_ipv4)


class Passed(NamedTuple):
    """The sockets that came with this process."""

    given: list[socket.socket]  # opened by a socket unit: to be used as they are
    kept: list[socket.socket]  # by ourselves, before a restart: connections have waited in them


def bind(addresses: list[str], kept: Sequence[socket.socket] = ()) -> list[socket.socket]:
    """Listen on each `host:port` (IPv6 in brackets, port 0 picks a free one). Raises ListenError, then none is open.

    Sockets that were kept are used again where they fit, and else closed.
    """
    sockets: list[socket.socket] = []
    wanted = [place for address in addresses for place in _places(address, addresses)]
    here = {_Place.of(sock): sock for sock in kept}
    for place, sock in here.items():
        if place not in wanted:
            sock.shutdown(socket.SHUT_RDWR)  # systemd has it too, and the port is needed now
            sock.close()
    try:
        for address in addresses:
            sockets += _listen_at(address, _places(address, addresses), here)
    except ListenError:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def from_systemd(environ: MutableMapping[str, str] = os.environ) -> Passed:
    """The sockets systemd has for us, if any. Takes its variables away, so that no child thinks they are its own."""
    pid, count = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "")
    names = environ.pop("LISTEN_FDNAMES", "").split(":")
    passed = Passed([], [])
    if pid != str(os.getpid()) or not count.isdecimal():
        return passed
    for fd, name in itertools.zip_longest(range(FIRST_PASSED_FD, FIRST_PASSED_FD + int(count)), names[: int(count)]):
        (passed.kept if (name or "").startswith(KEPT_AS) else passed.given).append(_adopt(fd))
    return passed


def name_of(sock: socket.socket) -> str:
    """What systemd keeps this one under."""
    return KEPT_AS + _spell(sock.family, sock.getsockname()).replace(":", ".")  # a colon stands between names


def beyond_loopback(sockets: list[socket.socket]) -> list[str]:
    """Those of the bound addresses that other machines can reach."""
    bound = [(sock.family, sock.getsockname()) for sock in sockets if sock.family != socket.AF_UNIX]
    return [_spell(family, name) for family, name in bound if not ipaddress.ip_address(name[0]).is_loopback]


def _spell(family: int, name: tuple[str, int]) -> str:
    return f"[{name[0]}]:{name[1]}" if family == socket.AF_INET6 else f"{name[0]}:{name[1]}"


def _resolve(address: str) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    host, colon, port = address.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not host or not colon or not port.isdecimal() or int(port) > 65535 or (":" in host and not bracketed):
        raise ListenError(f"cannot listen on {address}: write it as host:port, such as 127.0.0.1:8000 or [::]:8000")
    host = host[1:-1] if bracketed else host
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:  # UnicodeError: what cannot be a name at all
        raise ListenError(f"cannot listen on {address}: the name is not known") from error
    return list(dict.fromkeys((family, (str(name[0]), int(name[1]))) for family, _, _, _, name in found))


def _places(address: str, addresses: list[str]) -> list[_Place]:
    return [
        _Place(family, where, where[0] == "::" and f"0.0.0.0:{where[1]}" not in addresses)
        for family, where in _resolve(address)
    ]


def _listen_at(address: str, places: list[_Place], kept: Mapping[_Place, socket.socket]) -> list[socket.socket]:
    """All that `address` stands for. A name may have an address that this machine lacks (::1 in a container)."""
    opened: list[socket.socket] = []
    absent: OSError | None = None
    for place in places:
        try:
            opened.append(kept.get(place) or _open(place))
        except OSError as error:
            if error.errno not in _ABSENT:
                for sock in opened:
                    sock.close()
                raise _cannot_listen(address, error) from error
            absent = error
    if not opened and absent is not None:
        raise _cannot_listen(address, absent) from absent
    return opened


def _cannot_listen(address: str, error: OSError) -> ListenError:
    return ListenError(f"cannot listen on {address}: {_HINTS.get(error.errno or 0, (error.strerror or '').lower())}")


def _open(place: _Place) -> socket.socket:
    sock = socket.socket(place.family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart must not wait for old connections
        if place.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not place.with_ipv4)
        sock.bind(place.where)
        _set_options(sock)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _adopt(fd: int) -> socket.socket:
    try:
        sock = socket.socket(fileno=fd)
        accepts = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and sock.type == socket.SOCK_STREAM
    except OSError as error:
        raise ListenError(f"cannot use file descriptor {fd} from systemd: {error.strerror}") from error
    if not accepts:
        sock.detach()
        raise ListenError(
            f"cannot use file descriptor {fd} from systemd: not a listening stream socket (ListenStream=)"
        )
    sock.set_inheritable(False)  # systemd cannot pass it close-on-exec, and no worker process shall keep it open
    if sock.family != socket.AF_UNIX:
        _set_options(sock)
    return sock


def _set_options(sock: socket.socket) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_KEEPIDLE, 10),  # s of silence before the first question; three unanswered, 5 s apart, end it
        (socket.TCP_KEEPINTVL, 5),
        (socket.TCP_KEEPCNT, 3),
        (socket.TCP_USER_TIMEOUT, DEAD_PEER_MS),
        (socket.TCP_NODELAY, 1),
        (socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES),
    ):
        sock.setsockopt(socket.IPPROTO_TCP, option, value)
