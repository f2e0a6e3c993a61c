"""The board: power, heat, memory, storage, time, and what the kernel complained about."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from appliance.config import Config
from appliance.doctor.finding import Finding, State
from appliance.doctor.machine import Machine, fields, number

_THROTTLED = "/sys/devices/platform/soc/soc:firmware/get_throttled"
_HOT_C, _TOO_HOT_C = 80, 85  # the firmware of every model slows down from 80 to 85 °C
_MIB = 1024 * 1024
_LEAST_CMA_BYTES = 48 * _MIB  # libcamera's buffers: six of YUV at 720p, and six raw ones of the sensor
_LITTLE_MEMORY_BYTES, _NO_MEMORY_BYTES = 96 * _MIB, 32 * _MIB
_LITTLE_DISK_BYTES, _NO_DISK_BYTES = 200 * _MIB, 8 * _MIB
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
    low = any(
        machine.text(f"/sys/class/hwmon/{name}/name") == "rpi_volt"
        and machine.text(f"/sys/class/hwmon/{name}/in0_lcrit_alarm") == "1"
        for name in machine.entries("/sys/class/hwmon")
    )
    bits = number(machine.text(_THROTTLED).removeprefix("0x"), 16) or 0
    if low or bits & 1:
        yield Finding(
            "fault", "power", "the supply voltage is too low now", _THROTTLED if bits & 1 else "rpi_volt", _POWER_FIX
        )
    elif bits & 1 << 16:
        yield Finding("warning", "power", "the supply voltage was too low since the start", _THROTTLED, _POWER_FIX)
    if bits & 0b1110:
        yield Finding(
            "warning", "power", "the processor is slowed down now, by heat or low voltage", _THROTTLED, _POWER_FIX
        )


def temperature(machine: Machine, config: Config) -> Iterator[Finding]:
    """Is it so hot that the firmware slows it down?"""
    zones = [f"/sys/class/thermal/{name}/temp" for name in machine.entries("/sys/class/thermal") if "zone" in name]
    read = [(milli / 1000, zone) for zone in zones if (milli := number(machine.text(zone))) is not None]
    hottest_c, zone = max((each for each in read if -50 <= each[0] <= 150), default=(None, ""))
    if hottest_c is None:
        return
    state: State = "fault" if hottest_c >= _TOO_HOT_C else "warning" if hottest_c >= _HOT_C else "ok"
    fix = "" if state == "ok" else "give it a heat sink or air, then: vcgencmd measure_temp"
    yield Finding(state, "temperature", f"{hottest_c:.0f} °C", zone, fix)


def contiguous_memory(machine: Machine, config: Config) -> Iterator[Finding]:
    """CMA, of which the frames of a camera on the ribbon cable are made; USB cameras need none."""
    free = _meminfo(machine, "CmaFree")
    if not _meminfo(machine, "CmaTotal") or free is None:
        return
    if has_ribbon_camera(machine) and free < _LEAST_CMA_BYTES:
        what = f"{free // _MIB} MiB of contiguous memory (CMA) are free; libcamera wants {_LEAST_CMA_BYTES // _MIB}"
        fix = "sudo sed -i 's/^dtoverlay=vc4-kms-v3d$/&,cma-256/' /boot/firmware/config.txt && sudo reboot"
        yield Finding("warning", "cma", what, "/proc/meminfo", fix)
    else:
        yield Finding("ok", "cma", f"{free // _MIB} MiB free", "/proc/meminfo")


def has_ribbon_camera(machine: Machine) -> bool:
    """Has the kernel found a camera on the ribbon cable? Only then its receiver has video devices."""
    names = [machine.text(f"/sys/class/video4linux/{name}/name") for name in machine.entries("/sys/class/video4linux")]
    return any(name.startswith(_RIBBON_RECEIVERS) for name in names)


def memory(machine: Machine, config: Config) -> Iterator[Finding]:
    """Memory that programs may still get."""
    free = _meminfo(machine, "MemAvailable")
    if free is None:
        yield Finding("unknown", "memory", "the kernel does not say how much is free", "/proc/meminfo")
        return
    state: State = "fault" if free < _NO_MEMORY_BYTES else "warning" if free < _LITTLE_MEMORY_BYTES else "ok"
    fix = "" if state == "ok" else "ps -eo rss,pid,comm --sort=-rss | head  # then stop what you do not need"
    yield Finding(state, "memory", f"{free // _MIB} MiB free", "/proc/meminfo", fix)


def storage(machine: Machine, config: Config) -> Iterator[Finding]:
    """Room on the card."""
    free = machine.free_bytes("/")
    if free is None:
        yield Finding("unknown", "storage", "the system does not say how much is free", "/")
        return
    state: State = "fault" if free < _NO_DISK_BYTES else "warning" if free < _LITTLE_DISK_BYTES else "ok"
    fix = "" if state == "ok" else "sudo journalctl --vacuum-size=50M && sudo apt clean"
    yield Finding(state, "storage", f"{free // _MIB} MiB free", "/", fix)


def clock(machine: Machine, config: Config) -> Iterator[Finding]:
    """Pictures carry the time; a wrong one makes them look old."""
    now_s, synchronised = machine.clock()
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


def _meminfo(machine: Machine, name: str) -> int | None:
    words = fields(machine.text("/proc/meminfo")).get(name, "").split()
    kibibytes = number(words[0]) if words else None
    return None if kibibytes is None else kibibytes * 1024
