"""Listening sockets: real ones, and systemd's part played by a process that passes them on."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.server import listen
from appliance.server.listen import ListenError

TCP = socket.IPPROTO_TCP


@pytest.fixture
def opened() -> Iterator[list[socket.socket]]:
    sockets: list[socket.socket] = []
    yield sockets
    for sock in sockets:
        sock.close()


def test_an_accepted_connection_has_the_options_of_its_listener(opened: list[socket.socket]) -> None:
    opened += listen.bind(["127.0.0.1:0"])
    opened.append(socket.create_connection(opened[0].getsockname()))
    opened[0].setblocking(True)
    opened.append(opened[0].accept()[0])
    assert opened[-1].getsockopt(TCP, socket.TCP_USER_TIMEOUT) == 15_000
    assert opened[-1].getsockopt(TCP, socket.TCP_NOTSENT_LOWAT) == 16 * 1024
    assert opened[-1].getsockopt(TCP, socket.TCP_NODELAY)
    assert opened[-1].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    keep_alive = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    assert [opened[-1].getsockopt(TCP, option) for option in keep_alive] == [10, 5, 3]


def test_every_address_is_bound(opened: list[socket.socket]) -> None:
    opened += listen.bind(["127.0.0.1:0", "127.0.0.2:0", "localhost:0"])
    assert {"127.0.0.1", "127.0.0.2"} <= {sock.getsockname()[0] for sock in opened}
    assert all(sock.getsockname()[1] for sock in opened)
    assert listen.beyond_loopback(opened) == []


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_the_ipv6_wildcard_serves_ipv4_too_unless_that_has_its_own(opened: list[socket.socket]) -> None:
    opened += listen.bind(["[::]:0"])
    port = opened[0].getsockname()[1]
    opened.append(socket.create_connection(("127.0.0.1", port)))
    assert listen.beyond_loopback(opened[:1]) == [f"[::]:{port}"]
    for sock in opened:
        sock.close()
    opened += listen.bind([f"0.0.0.0:{port}", f"[::]:{port}"])


def test_what_is_taken_is_said_and_nothing_stays_open(opened: list[socket.socket]) -> None:
    opened += listen.bind(["127.0.0.1:0"])
    taken = opened[0].getsockname()[1]
    free = listen.bind(["127.0.0.1:0"])[0]
    port = free.getsockname()[1]
    free.close()
    with pytest.raises(ListenError) as caught:
        listen.bind([f"127.0.0.1:{port}", f"127.0.0.1:{taken}"])
    assert str(caught.value) == (
        f"cannot listen on 127.0.0.1:{taken}: address already in use by another program; stop it or change server.bind"
    )
    opened += listen.bind([f"127.0.0.1:{port}"])  # filterwarnings would also name a socket left behind


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("192.0.2.1:0", "this machine does not have that address; change server.bind"),
        ("8000", "write it as host:port"),
        (":8000", "write it as host:port"),
        ("127.0.0.1:http", "write it as host:port"),
        ("127.0.0.1:70000", "write it as host:port"),
        ("::1:8000", "write it as host:port"),
        ("no-such-name.invalid:8000", "the name is not known"),
        ("a..b:8000", "the name is not known"),
    ],
)
def test_what_cannot_be_is_one_line(address: str, reason: str) -> None:
    with pytest.raises(ListenError, match="cannot listen on") as caught:
        listen.bind([address])
    assert reason in str(caught.value)
    assert address in str(caught.value)
    assert "\n" not in str(caught.value)


LOW_PORTS = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
@pytest.mark.skipif(LOW_PORTS.read_text().strip() == "0", reason="every port is free to all here")
def test_a_port_for_root_alone_is_explained() -> None:
    # What nobody may not read must be imported before.
    code = "import encodings.idna, os\nfrom appliance.server import listen\nos.setuid(65534)\nlisten.bind(['127.0.0.1:80'])"
    run = subprocess.run([sys.executable, "-c", code], env=_environ(), capture_output=True, text=True, check=False)
    assert "cannot listen on 127.0.0.1:80: permission denied; ports below 1024 need" in run.stderr


def _environ(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **more}


# Puts what it inherits where systemd would and becomes the service, as systemd does between fork and exec.
AS_SYSTEMD = """
import os, sys
for place, fd in enumerate(map(int, sys.argv[2:]), 3):
    os.dup2(fd, place)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(sys.argv) - 2), LISTEN_FDNAMES="web")
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
"""
SERVICE = """
import os, socket
from appliance.server import listen
try:
    sockets = listen.from_systemd().given
except listen.ListenError as error:
    print(error)
else:
    ours = [name for name in os.environ if name.startswith("LISTEN_")]
    options = [s.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) for s in sockets]
    print([s.getsockname()[1] for s in sockets], options, [os.get_inheritable(s.fileno()) for s in sockets], ours)
"""


def _served_by_systemd(*sockets: socket.socket) -> str:
    fds = [os.dup(sock.fileno()) for sock in sockets]
    high = [os.dup2(fd, 100 + fd) for fd in fds]  # out of the way of the places they are put to
    try:
        arguments = [sys.executable, "-c", AS_SYSTEMD, SERVICE, *map(str, high)]
        run = subprocess.run(arguments, env=_environ(), pass_fds=high, capture_output=True, text=True, check=True)
    finally:
        for fd in (*fds, *high):
            os.close(fd)
    return run.stdout.strip()


def test_systemds_sockets_are_taken_over(opened: list[socket.socket]) -> None:
    opened += [socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))]
    ports = [sock.getsockname()[1] for sock in opened]
    assert _served_by_systemd(*opened) == f"{ports} [15000, 15000] [False, False] []"


def test_a_socket_that_does_not_listen_is_refused(opened: list[socket.socket]) -> None:
    opened.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    opened[0].bind(("127.0.0.1", 0))
    assert _served_by_systemd(*opened) == (
        "cannot use file descriptor 3 from systemd: not a listening stream socket (ListenStream=)"
    )


@pytest.mark.parametrize("environ", [{}, {"LISTEN_PID": "1", "LISTEN_FDS": "1"}, {"LISTEN_PID": "", "LISTEN_FDS": "x"}])
def test_sockets_meant_for_another_process_are_left_alone(environ: dict[str, str]) -> None:
    assert listen.from_systemd(environ) == ([], [])
    assert environ == {}
