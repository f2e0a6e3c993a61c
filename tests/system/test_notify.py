"""What systemd is told, read at its own end."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.system.notify import Notify
from tests.support.systemd_end import SystemdEnd, systemd_end


@pytest.fixture
def end(tmp_path: Path) -> Iterator[SystemdEnd]:
    with systemd_end(tmp_path) as end:
        yield end


@pytest.fixture
def notify(end: SystemdEnd) -> Notify:
    return Notify({"NOTIFY_SOCKET": str(end.path)})


def test_ready_and_stopping(end: SystemdEnd, notify: Notify) -> None:
    notify.ready("live at\nhttp://x")
    assert end.next().lines == {"READY": "1", "STATUS": "live at http://x"}
    notify.stopping()
    assert end.next().lines["STOPPING"] == "1"


def test_a_reload_says_when_it_began_in_one_message(end: SystemdEnd, notify: Notify) -> None:
    notify.reloading()
    told = end.next().lines
    assert told["RELOADING"] == "1"
    assert abs(int(told["MONOTONIC_USEC"]) / 1e6 - time.clock_gettime(time.CLOCK_MONOTONIC)) < 60


def test_signs_of_life_and_words_without(end: SystemdEnd, notify: Notify) -> None:
    notify.alive("well")
    assert end.next().lines == {"WATCHDOG": "1", "STATUS": "well"}
    notify.troubled("hung: front")
    assert end.next().lines == {"STATUS": "hung: front"}


def test_a_socket_is_handed_over(end: SystemdEnd, notify: Notify) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        notify.keep("kept 127.0.0.1", listening)
        told = end.next()
        assert told.lines == {"FDSTORE": "1", "FDNAME": "kept 127.0.0.1"}
        with socket.socket(fileno=told.fds[0]) as theirs:
            assert theirs.getsockname() == listening.getsockname()
    notify.forget("kept 127.0.0.1")
    assert end.next().lines == {"FDSTOREREMOVE": "1", "FDNAME": "kept 127.0.0.1"}


def test_without_systemd_nothing_happens() -> None:
    for environ in ({}, {"NOTIFY_SOCKET": "/nobody/there"}):
        notify = Notify(environ)
        notify.ready("x")
        notify.alive("x")
        assert notify.watchdog_s is None


def test_an_abstract_address() -> None:
    name = f"camera-appliance-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as theirs:
        theirs.bind(f"\0{name}")
        Notify({"NOTIFY_SOCKET": f"@{name}"}).stopping()
        assert theirs.recv(100).startswith(b"STOPPING=1")


def test_systemd_that_takes_nothing_in_holds_nobody_up(end: SystemdEnd, notify: Notify) -> None:
    began_s = time.monotonic()
    for _ in range(2000):
        notify.alive("x" * 1000)
    assert time.monotonic() - began_s < 5


@pytest.mark.parametrize(
    ("environ", "patience_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_patience_of_the_watchdog(environ: dict[str, str], patience_s: float | None) -> None:
    assert Notify(environ).watchdog_s == patience_s
    assert environ == {}, "no child may take it for its own"
