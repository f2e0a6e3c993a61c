"""The board: power, heat, memory, storage, time, and what the kernel complained about."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from appliance.config import Config
from appliance.doctor.finding import Finding, State
from appliance.system import readings
from appliance.system.board import (
    HOT_C,
    LITTLE_DISK_BYTES,
    LITTLE_MEMORY_BYTES,
    MIB,
    NO_DISK_BYTES,
    NO_MEMORY_BYTES,
    TOO_HOT_C,
)
from appliance.system.machine import Machine

_LEAST_CMA_BYTES = 48 * MIB  # libcamera's buffers: six of YUV at 720p, and six raw ones of the sensor
_BUILT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()  # a clock before that is wrong for certain
_POWER_FIX = "use the power supply made for this model and a short cable, then: vcgencmd get_throttled"
_RIBBON_RECEIVERS = ("unicam", "rp1-cfe")

_FIRMWARE = re.compile(r"(?:Direct firmware load for|firmware: failed to load) (\S+)")
_PACKAGES = {"brcm": "firmware-brcm80211", "cypress": "firmware-brcm80211", "rt": "firmware-realtek", "iwl": "firmware-iwlwifi",
             "ath": "firmware-atheros", "regulatory": "wireless-regdb"}  # fmt: skip
_COMPLAINTS: list[tuple[re.Pattern[str], State, str, str]] = [
    (re.compile(r"Not enough bandwidth for|not enough bandwidth", re.IGNORECASE), "fault",
     "the USB bus had no bandwidth left for a camera", "lsusb -t  # then move a camera to another bus"),
    (re.compile(r"usb \S+: (?:device descriptor read|device not accepting address).*error -\d+"), "fault",
     "a USB device could not be spoken to: cable, hub or power", "plug it in without the hub, with another cable, then: lsusb"),
    (re.compile(r"uvcvideo.*(?:-71|-110|-32)\b"), "warning",
     "a USB camera answered with errors: cable, hub or power", "plug it in again, then: sudo dmesg --follow"),
    (re.compile(r"[Uu]nder-?voltage detected"), "warning", "the power supply was too weak since the start", _POWER_FIX),
    (re.compile(r"cma: .*alloc failed|cma_alloc.*failed"), "warning",
     "contiguous memory (CMA) ran out since the start", "sudo reboot"),
    (re.compile(r"I/O error.*mmcblk|mmcblk\S*: .*error|EXT4-fs error"), "warning",
     "the memory card failed since the start", "make a copy of the card, then: sudo touch /forcefsck && sudo reboot"),
    (re.compile(r"Out of memory: Killed process"), "warning", "memory ran out since the start", "free -m"),
]  # fmt: skip


def power(machine: Machine, config: Config) -> Iterator[Finding]:
    """Under-voltage and throttling: a weak supply makes cameras vanish."""
    found = readings.throttling(machine) or readings.Throttling(0, "")
    low, bits, where = readings.voltage_alarm(machine), found.bits, found.where
    if low or bits & 1:
        yield Finding(
            "fault", "power", "the supply voltage is too low now", where if bits & 1 else "rpi_volt", _POWER_FIX
        )
    elif bits & 1 << 16:
        yield Finding("warning", "power", "the supply voltage was too low since the start", where, _POWER_FIX)
    if bits & 0b1110:
        yield Finding("warning", "power", "the processor is slowed down now, by heat or low voltage", where, _POWER_FIX)


def temperature(machine: Machine, config: Config) -> Iterator[Finding]:
    """Is it so hot that the firmware slows it down?"""
    found = readings.heat(machine)
    if found is None:
        return
    hottest_c, zone = found
    state: State = "fault" if hottest_c >= TOO_HOT_C else "warning" if hottest_c >= HOT_C else "ok"
    fix = "" if state == "ok" else "give it a heat sink or air, then: vcgencmd measure_temp"
    yield Finding(state, "temperature", f"{hottest_c:.0f} °C", zone, fix)


def contiguous_memory(machine: Machine, config: Config) -> Iterator[Finding]:
    """CMA, of which the frames of a camera on the ribbon cable are made; USB cameras need none."""
    meminfo = readings.memory_bytes(machine)
    free = meminfo.get("CmaFree")
    if not meminfo.get("CmaTotal") or free is None:
        return
    if has_ribbon_camera(machine) and free < _LEAST_CMA_BYTES:
        what = f"{free // MIB} MiB of contiguous memory (CMA) are free; libcamera wants {_LEAST_CMA_BYTES // MIB}"
        fix = "sudo sed -i 's/^dtoverlay=vc4-kms-v3d$/&,cma-256/' /boot/firmware/config.txt && sudo reboot"
        yield Finding("warning", "cma", what, "/proc/meminfo", fix)
    else:
        yield Finding("ok", "cma", f"{free // MIB} MiB free", "/proc/meminfo")


def has_ribbon_camera(machine: Machine) -> bool:
    """Has the kernel found a camera on the ribbon cable? Only then its receiver has video devices."""
    names = [machine.text(f"/sys/class/video4linux/{name}/name") for name in machine.entries("/sys/class/video4linux")]
    return any(name.startswith(_RIBBON_RECEIVERS) for name in names)


def memory(machine: Machine, config: Config) -> Iterator[Finding]:
    """Memory that programs may still get."""
    free = readings.memory_bytes(machine).get("MemAvailable")
    if free is None:
        yield Finding("unknown", "memory", "the kernel does not say how much is free", "/proc/meminfo")
        return
    state: State = "fault" if free < NO_MEMORY_BYTES else "warning" if free < LITTLE_MEMORY_BYTES else "ok"
    fix = "" if state == "ok" else "ps -eo rss,pid,comm --sort=-rss | head  # then stop what you do not need"
    yield Finding(state, "memory", f"{free // MIB} MiB free", "/proc/meminfo", fix)


def storage(machine: Machine, config: Config) -> Iterator[Finding]:
    """Room on the card."""
    free = machine.free_bytes("/")
    if free is None:
        yield Finding("unknown", "storage", "the system does not say how much is free", "/")
        return
    state: State = "fault" if free < NO_DISK_BYTES else "warning" if free < LITTLE_DISK_BYTES else "ok"
    fix = "" if state == "ok" else "sudo journalctl --vacuum-size=50M && sudo apt clean"
    yield Finding(state, "storage", f"{free // MIB} MiB free", "/", fix)


def clock(machine: Machine, config: Config) -> Iterator[Finding]:
    """Pictures carry the time; a wrong one makes them look old."""
    (now_s, _), synchronised = machine.clock(), readings.clock_synchronised(machine)
    if now_s < _BUILT:
        yield Finding("warning", "clock", "the clock is years behind", "", "sudo timedatectl set-ntp true")
    elif synchronised is False:
        what = "no time server has set the clock; the time in pictures may be wrong"
        yield Finding("warning", "clock", what, "", "sudo timedatectl set-ntp true")
    elif synchronised is None:
        yield Finding("unknown", "clock", "the kernel does not say whether a time server sets the clock")
    else:
        yield Finding("ok", "clock", "set by a time server")


def complaints(machine: Machine, config: Config) -> Iterator[Finding]:
    """What the kernel said since it started: missing firmware, bad cables, no bandwidth. Each kind once, its last line."""
    lines = machine.kernel_log()
    if lines is None:
        yield Finding("unknown", "kernel log", "this user may not read it", "/dev/kmsg", "sudo camera-appliance doctor")
        return
    found: dict[str, Finding] = {}
    for line in lines:
        missing = _FIRMWARE.search(line)
        if missing:
            found[missing[1]] = _missing(missing[1], line)
        for pattern, state, what, fix in _COMPLAINTS:
            if pattern.search(line):
                found[what] = Finding(state, "kernel log", what, line[:160], fix)
    yield from found.values()
    if not found:
        yield Finding("ok", "kernel log", f"no complaint about cameras, power or firmware in {len(lines)} lines")


def _missing(file: str, line: str) -> Finding:
    name = file.removeprefix("/lib/firmware/")[:80]
    package = next((has for prefix, has in _PACKAGES.items() if name.startswith(prefix)), "firmware-misc-nonfree")
    return Finding("warning", "firmware", f"{name} is missing", line[:160], f"sudo apt install {package}")
