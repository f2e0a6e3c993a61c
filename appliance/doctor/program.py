"""This program on this machine: versions, address, files it may open, a second one of it."""

import ipaddress
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from appliance import __version__
from appliance.config import Config, ConfigError, load
from appliance.doctor import service
from appliance.doctor.finding import Finding
from appliance.doctor.processes import Process, Processes, myself
from appliance.system import own_file, readings
from appliance.system.machine import Machine, fields, number
from appliance.system.versions import system_name

OTHER_FILES = 256  # beside one for each connection, as in main.py
_LISTENS = "0A"
_NET_BIND_SERVICE = 1 << 10
_PRIVILEGED_BELOW = 1024
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Listener(NamedTuple):
    """A TCP socket that waits for connections."""

    address: Address
    port: int
    socket: str  # its number, as links in /proc have it


def configured(path: Path | None) -> tuple[Config, Finding]:
    """The configuration, and whether its file is good. A bad one is answered with the defaults, so that the rest is checked."""
    if path is None:
        return Config(), Finding("ok", "config", "there is no file, so the defaults")
    try:
        return load(path), Finding("ok", "config", "good", str(path))
    except ConfigError as error:
        if own_file.is_for_others(error):
            what = "cannot be read by this user, so the cameras in it were not looked at"
            return Config(cameras=[]), Finding("warning", "config", what, str(path), "sudo camera-appliance doctor")
        reason = str(error).removeprefix(f"{path}: ")
        return Config(cameras=[]), Finding("fault", "config", reason, str(path), f"sudo nano {path}")


def addresses(machine: Machine, config: Config) -> Iterator[Finding]:
    """Can it listen where it shall?"""
    processes = Processes(machine)
    listeners = _listeners(machine)
    for bind in config.server.bind:
        host, _, port = bind.rpartition(":")
        taken = next((each for each in listeners if each.port == int(port) and _meet(each.address, host)), None)
        if taken is not None:
            yield _taken(bind, processes.holders(f"socket:[{taken.socket}]"))
        elif int(port) and not (_may_listen(machine, int(port)) or service.may_take_any_port(machine)):
            fix = f"sudo sysctl net.ipv4.ip_unprivileged_port_start={port}"
            yield Finding(
                "fault", "port", f"only root may listen on {bind}; or take a port of 1024 and more", bind, fix
            )
        else:
            yield Finding("ok", "port", f"{bind} is free", bind)


def instances(machine: Machine, config: Config) -> Iterator[Finding]:
    """Two of us fight for the cameras, unless each has its own."""
    running = [process for process in Processes(machine).all if process.is_appliance]
    if len(running) > 1:
        last = max(running, key=lambda process: (not process.unit, process.pid))  # what a person started, and last
        pids = ", ".join(str(process.pid) for process in running)
        what = f"camera-appliance runs {len(running)} times (processes {pids}); who came first has the cameras"
        yield Finding("warning", "instances", what, f"/proc/{last.pid}", last.stop)
    elif running:
        yield Finding("ok", "instances", f"camera-appliance is running (process {running[0].pid})")
    else:
        yield Finding("ok", "instances", "camera-appliance is not running")


def open_files(machine: Machine, config: Config) -> Iterator[Finding]:
    """May a process open as many files as connections are configured?"""
    line = next(
        (each for each in machine.text("/proc/self/limits").splitlines() if each.startswith("Max open files")), ""
    )
    words = line.split()
    hard = number(words[4]) if len(words) > 4 else None
    wanted = config.limits.max_connections + OTHER_FILES
    if hard is not None and hard < wanted:
        what = f"a process may open {hard} files, limits.max_connections asks for {wanted}; fewer viewers will fit"
        fix = f"echo '* hard nofile {wanted}' | sudo tee /etc/security/limits.d/camera-appliance.conf"
        yield Finding("warning", "open files", what, "/proc/self/limits", fix)
    elif hard is not None or len(words) > 4:
        yield Finding("ok", "open files", f"{words[4]}, {wanted} needed", "/proc/self/limits")


def versions(machine: Machine, config: Config) -> Iterator[Finding]:
    """What to write into a report."""
    model = readings.model(machine) or platform.machine()
    system = system_name(machine) or "unknown system"
    kernel = machine.text("/proc/sys/kernel/osrelease") or "unknown"
    what = f"camera-appliance {__version__}, Python {platform.python_version()}, {system}, kernel {kernel}, {model}"
    yield Finding("ok", "versions", what)


def _taken(bind: str, holders: list[Process]) -> Finding:
    if not holders:
        port = bind.rpartition(":")[2]
        what = f"{bind} is in use by another user's program"
        return Finding("fault", "port", what, bind, f"sudo ss -ltnp 'sport = :{port}'  # then stop that one")
    if any(holder.is_appliance for holder in holders):
        return Finding("ok", "port", f"camera-appliance listens on {bind}", bind)
    holder = holders[-1]  # a socket unit's is held by systemd, and by whom it was passed to
    if holder.pid == 1:
        return Finding("ok", "port", f"systemd keeps {bind} open for a socket unit", bind)
    return Finding("fault", "port", f"{bind} is in use by {holder.described}", bind, holder.stop)


def _may_listen(machine: Machine, port: int) -> bool:
    first_free = number(machine.text("/proc/sys/net/ipv4/ip_unprivileged_port_start"))
    if port >= (_PRIVILEGED_BELOW if first_free is None else first_free):
        return True
    rights = number(fields(machine.text("/proc/self/status")).get("CapEff", ""), 16)
    return myself(machine).uid == 0 if rights is None else bool(rights & _NET_BIND_SERVICE)


def _listeners(machine: Machine) -> list[Listener]:
    found = []
    for table in ("tcp", "tcp6"):
        for words in (line.split() for line in machine.text(f"/proc/net/{table}").splitlines()[1:]):
            if len(words) > 9 and words[3] == _LISTENS:
                address, _, port = words[1].rpartition(":")
                where, at = _address(address), number(port, 16)
                if where is not None and at is not None:
                    found.append(Listener(where, at, words[9]))
    return found


def _address(text: str) -> Address | None:
    """The kernel writes addresses as words of four bytes, each in the machine's own order; every Pi is little-endian."""
    try:
        raw = bytes.fromhex(text)
        return ipaddress.ip_address(b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4)))
    except ValueError:
        return None


def _meet(address: Address, host: str) -> bool:
    """Would a socket at `host` be refused for this one? A name we do not look up may be any address."""
    try:
        ours = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
    except ValueError:
        return True
    if ours.version == address.version:
        return ours == address or ours.is_unspecified or address.is_unspecified
    both = ours if ours.version == 6 else address  # only [::] takes IPv4 along
    return both.is_unspecified
