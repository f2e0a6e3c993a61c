"""Readings: what the kernel's files say of the board: heat, supply voltage, memory, radio, clock. Nothing here blocks, writes or raises.

Files of /proc and /sys are answered from the kernel's memory, or by the firmware within a millisecond: none of them can hang as a file
on a disk or on a network does. So the event loop may read them itself.

Rule 1: a file that is missing, empty or nonsense is "not known" (None), never zero.
"""

from collections.abc import Iterator
from typing import NamedTuple

from appliance.system.machine import Machine, fields, number

ZONES, HWMON, PLATFORM = "/sys/class/thermal", "/sys/class/hwmon", "/sys/devices/platform"
MEMINFO, VMSTAT, UPTIME, WIRELESS = "/proc/meminfo", "/proc/vmstat", "/proc/uptime", "/proc/net/wireless"
TIMESYNC = "/run/systemd/timesync"
MODEL = "/proc/device-tree/model"
UNDER_VOLTAGE, CAPPED, THROTTLED, SOFT_LIMIT = 1, 2, 4, 8  # bits of get_throttled; 16 higher: since it was asked last
SINCE = 16
_POSSIBLE_C = range(-50, 151)
_OF_THE_PROCESSOR = ("cpu", "soc", "x86_pkg")
_PROCESSOR_CHIPS = ("cpu_thermal", "coretemp", "k10temp", "zenpower")


class Heat(NamedTuple):
    """The hottest place of the processor."""

    celsius: float
    where: str


class Throttling(NamedTuple):
    """What the firmware of a Raspberry Pi says of power and speed; 0 where it says nothing."""

    bits: int
    where: str


class Radio(NamedTuple):
    """How well the access point is heard."""

    interface: str
    signal_dbm: int


def heat(machine: Machine) -> Heat | None:
    """How hot the processor is; of zones that are not the processor's only where it has none."""
    zones = list(_zones(machine))
    processors = [heat for kind, heat in zones if any(word in kind for word in _OF_THE_PROCESSOR)]
    found = processors or [heat for _, heat in zones] or list(_chips(machine))
    return max(found, default=None)


def _zones(machine: Machine) -> Iterator[tuple[str, Heat]]:
    for name in machine.entries(ZONES):
        if "zone" in name:
            where = f"{ZONES}/{name}/temp"
            celsius = _celsius(machine.text(where))
            if celsius is not None:
                yield machine.text(f"{ZONES}/{name}/type"), Heat(celsius, where)


def _chips(machine: Machine) -> Iterator[Heat]:
    for name in machine.entries(HWMON):
        if machine.text(f"{HWMON}/{name}/name") in _PROCESSOR_CHIPS:
            where = f"{HWMON}/{name}/temp1_input"
            celsius = _celsius(machine.text(where))
            if celsius is not None:
                yield Heat(celsius, where)


def _celsius(text: str) -> float | None:
    milli = number(text)
    return milli / 1000 if milli is not None and milli // 1000 in _POSSIBLE_C else None


def voltage_alarm(machine: Machine) -> bool | None:
    """Is the supply voltage too low now? None: there is no such alarm here."""
    for name in machine.entries(HWMON):
        if machine.text(f"{HWMON}/{name}/name") == "rpi_volt":
            alarm = machine.text(f"{HWMON}/{name}/in0_lcrit_alarm")
            return alarm == "1" if alarm else None
    return None


def throttling(machine: Machine) -> Throttling | None:
    """The firmware's bits. To be asked for no more than a few times a minute: each time the firmware is."""
    for soc in machine.entries(PLATFORM):
        for name in machine.entries(f"{PLATFORM}/{soc}") if soc.startswith("soc") else []:
            where = f"{PLATFORM}/{soc}/{name}/get_throttled"
            bits = number(machine.text(where).removeprefix("0x"), 16) if name.endswith("firmware") else None
            if bits is not None:
                return Throttling(bits, where)
    return None


def memory_bytes(machine: Machine) -> dict[str, int]:
    """Lines of /proc/meminfo, such as MemAvailable and CmaFree, those that it has."""
    found = {}
    for name, value in fields(machine.text(MEMINFO)).items():
        words = value.split()
        kibibytes = number(words[0]) if words else None
        if kibibytes is not None:
            found[name] = kibibytes * 1024
    return found


def memory_kills(machine: Machine) -> int | None:
    """How many processes the kernel has ended since it started because memory ran out, the machine's or a group's own."""
    lines = (line.split() for line in machine.text(VMSTAT).splitlines())
    return next((number(line[1]) for line in lines if line[:1] == ["oom_kill"] and len(line) == 2), None)


def radio(machine: Machine) -> Radio | None:
    """Of the interface that is connected, the best if several are; None: there is none."""
    found = []
    for name, value in fields(machine.text(WIRELESS)).items():
        words = value.split()
        level = number(words[2].rstrip(".")) if len(words) > 2 and "|" not in value else None
        if level:
            found.append(Radio(name, level - 256 if level > 63 else level))  # some drivers fill a byte
    return max(found, key=lambda each: each.signal_dbm, default=None)


def clock_synchronised(machine: Machine) -> bool | None:
    """Has a time server set the clock? systemd's own leaves a file; for others the kernel is asked, where the sandbox lets us."""
    if machine.node(f"{TIMESYNC}/synchronized") is not None:
        return True
    _, synchronised = machine.clock()
    return False if synchronised is None and machine.node(TIMESYNC) is not None else synchronised


def uptime_s(machine: Machine) -> float | None:
    """Since the kernel started."""
    whole, _, rest = machine.text(UPTIME).partition(".")
    seconds = number(whole)
    return None if seconds is None else seconds + (number(rest[:2]) or 0) / 100


def model(machine: Machine) -> str:
    """What the device tree calls the board; empty on a PC."""
    return machine.text(MODEL).strip("\0")
