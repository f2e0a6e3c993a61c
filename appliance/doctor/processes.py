"""Who runs on this machine, and what they hold open."""

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from appliance.system.machine import Machine, fields, number

_UNIT = re.compile(r"([^/\s]+\.service)\s*$", re.MULTILINE)


class Process(NamedTuple):
    """One that runs."""

    pid: int
    name: str
    arguments: list[str]
    unit: str  # of systemd, such as motion.service; empty for one that a person started

    @property
    def described(self) -> str:
        """As people know it."""
        return f"{self.name or 'a program'} (process {self.pid})"

    @property
    def stop(self) -> str:
        """What ends it, and keeps it ended."""
        if self.unit.startswith("user:"):
            return f"systemctl --user stop {self.unit.removeprefix('user:')}"
        return f"sudo systemctl stop {self.unit.removesuffix('.service')}" if self.unit else f"sudo kill {self.pid}"

    @property
    def is_appliance(self) -> bool:
        """Is it `camera-appliance run`?"""
        words = self.arguments
        if not words or not words[0].rpartition("/")[2].startswith(("python", "camera-appliance")):
            return False  # who starts us names us, too: sudo, timeout
        verbs = [after for before, after in pairwise(words) if _is_us(before)]
        return "run" in verbs

    @property
    def is_camera_worker(self) -> bool:
        """Is it one of our own workers?"""
        return "appliance.cameras" in self.arguments and "worker" in self.arguments


class User(NamedTuple):
    """As whom we look around."""

    uid: int
    name: str
    groups: list[int]  # of this process; the account may have got more since it logged in


class Processes:
    """All that run, read once."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._pids = [int(name) for name in machine.entries("/proc") if number(name) is not None and name.isdecimal()]

    @cached_property
    def all(self) -> list[Process]:
        """Every one that can be seen."""
        return [self._described(pid) for pid in self._pids]

    @cached_property
    def held(self) -> dict[str, list[int]]:
        """What is open, by the words of the link in /proc, and who has it."""
        holders: dict[str, list[int]] = {}
        for pid in self._pids:
            for target in {self._machine.link(f"/proc/{pid}/fd/{fd}") for fd in self._files(pid)}:
                holders.setdefault(target, []).append(pid)
        return holders

    def holders(self, target: str) -> list[Process]:
        """Who has `target` open, as far as this user may see."""
        return [self._described(pid) for pid in self.held.get(target, [])]

    def _files(self, pid: int) -> Iterator[str]:
        yield from self._machine.entries(f"/proc/{pid}/fd")

    def _described(self, pid: int) -> Process:
        of = f"/proc/{pid}"
        arguments = [word for word in self._machine.text(f"{of}/cmdline").split("\0") if word]
        control_group = self._machine.text(f"{of}/cgroup")
        found = _UNIT.search(control_group)
        unit = found[1] if found else ""
        if unit.startswith("user@"):
            unit = ""  # the session as a whole; nobody wants to stop that
        elif unit and "/user@" in control_group:
            unit = f"user:{unit}"
        return Process(pid, self._machine.text(f"{of}/comm"), arguments, unit)


def myself(machine: Machine) -> User:
    """Who asks. Without /proc: root, of whom nothing is refused."""
    status = fields(machine.text("/proc/self/status"))
    uids = [number(word) for word in status.get("Uid", "").split()]
    uid = uids[1] if len(uids) > 1 and uids[1] is not None else 0  # the effective one
    words = [*status.get("Gid", "").split()[1:2], *status.get("Groups", "").split()]
    groups = [gid for gid in map(number, words) if gid is not None]
    names = (line.split(":") for line in machine.text("/etc/passwd").splitlines())
    name = next((words[0] for words in names if len(words) > 2 and number(words[2]) == uid), str(uid))
    return User(uid, name, groups)


def group_of(machine: Machine, gid: int) -> tuple[str, list[str]]:
    """Name and members of a group, as /etc/group has them."""
    for words in (line.split(":") for line in machine.text("/etc/group").splitlines()):
        if len(words) > 3 and number(words[2]) == gid:
            return words[0], words[3].split(",")
    return str(gid), []


def group_number(machine: Machine, name: str) -> int | None:
    """The number of a group."""
    words = (line.split(":") for line in machine.text("/etc/group").splitlines())
    return next((number(each[2]) for each in words if len(each) > 2 and each[0] == name), None)


def _is_us(word: str) -> bool:
    return (
        word.rpartition("/")[2] == "camera-appliance" or word == "appliance" or word.endswith("appliance/__main__.py")
    )
