"""Power, heat, memory, storage, time, the kernel's complaints."""

import pytest

from appliance.config import Config
from appliance.doctor import board
from appliance.doctor.finding import Check
from tests.doctor.box import MEMINFO, Box

THROTTLED = "/sys/devices/platform/soc/soc:firmware/get_throttled"


def states(box: Box, check: Check) -> list[str]:
    return [finding.state for finding in check(box, Config())]


def test_a_box_that_is_well(box: Box) -> None:
    checks = (board.power, board.temperature, board.contiguous_memory, board.memory, board.storage, board.clock)
    assert [states(box, check) for check in checks] == [[], ["ok"], ["ok"], ["ok"], ["ok"], ["ok"]]
    assert states(box, board.complaints) == ["ok"]


@pytest.mark.parametrize(
    ("bits", "expected"),
    [("0", []), ("50005", ["fault", "warning"]), ("0x50000", ["warning"]), ("4", ["warning"]), ("zzz", [])],
)
def test_throttled_bits(box: Box, bits: str, expected: list[str]) -> None:
    box.file(THROTTLED, f"{bits}\n")
    assert states(box, board.power) == expected


def test_the_voltage_alarm(box: Box) -> None:
    box.gone(THROTTLED)
    box.file("/sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    assert states(box, board.power) == ["fault"]
    box.file("/sys/class/hwmon/hwmon1/name", "nvme\n")
    assert states(box, board.power) == []


@pytest.mark.parametrize(
    ("milli", "expected"),
    [("79900", ["ok"]), ("80000", ["warning"]), ("85000", ["fault"]), ("999999999", []), ("", []), ("-274000", [])],
)
def test_temperature(box: Box, milli: str, expected: list[str]) -> None:
    box.file("/sys/class/thermal/thermal_zone0/temp", milli)
    assert states(box, board.temperature) == expected


def test_little_contiguous_memory_matters_to_ribbon_cameras_only(box: Box) -> None:
    box.file("/proc/meminfo", MEMINFO.replace("CmaFree: 400000", "CmaFree: 20000"))
    assert states(box, board.contiguous_memory) == ["ok"]
    box.file("/sys/class/video4linux/video0/name", "unicam-image\n")
    assert states(box, board.contiguous_memory) == ["warning"]
    box.file("/proc/meminfo", "CmaTotal: 0 kB\nCmaFree: 0 kB\n")
    assert states(box, board.contiguous_memory) == []


@pytest.mark.parametrize(
    ("kib", "expected"), [("2400000", "ok"), ("60000", "warning"), ("9000", "fault"), ("x", "unknown")]
)
def test_memory(box: Box, kib: str, expected: str) -> None:
    box.file("/proc/meminfo", f"MemAvailable: {kib} kB\n")
    assert states(box, board.memory) == [expected]


@pytest.mark.parametrize(("free", "expected"), [(10**10, "ok"), (10**8, "warning"), (0, "fault"), (None, "unknown")])
def test_storage(box: Box, free: int | None, expected: str) -> None:
    box.room = free
    assert states(box, board.storage) == [expected]


@pytest.mark.parametrize(
    ("now_s", "synchronised", "expected"),
    [(1.8e9, True, "ok"), (1.8e9, False, "warning"), (1.8e9, None, "unknown"), (0.0, True, "warning")],
)
def test_clock(box: Box, now_s: float, synchronised: bool | None, expected: str) -> None:
    box.time = now_s, synchronised
    assert states(box, board.clock) == [expected]


@pytest.mark.parametrize(
    ("line", "state", "words"),
    [
        (
            "brcmfmac: Direct firmware load for brcm/brcmfmac43455-sdio.bin failed with error -2",
            "warning",
            "firmware-brcm80211",
        ),
        ("r8152 1-1:1.0: firmware: failed to load rtl_nic/rtl8153a-4.fw (-2)", "warning", "firmware-realtek"),
        ("x 1-1: Direct firmware load for odd/thing.bin failed", "warning", "firmware-misc-nonfree"),
        ("usb 1-1.2: Not enough bandwidth for new device state.", "fault", "lsusb -t"),
        ("usb 1-1.2: device descriptor read/64, error -71", "fault", "cable"),
        (
            "uvcvideo 1-1:1.1: Failed to query (GET_CUR) UVC control 2 on unit 1: -71 (exp. 1).",
            "warning",
            "plug it in again",
        ),
        ("hwmon hwmon1: Undervoltage detected!", "warning", "power supply"),
        ("cma: cma_alloc: linux,cma: alloc failed, req-size: 1013 pages, ret: -12", "warning", "reboot"),
        ("blk_update_request: I/O error, dev mmcblk0, sector 1", "warning", "card"),
        ("Out of memory: Killed process 1 (python)", "warning", "free -m"),
    ],
)
def test_what_the_kernel_complains_of(box: Box, line: str, state: str, words: str) -> None:
    box.log = ["quiet", line, line]
    (found,) = board.complaints(box, Config())
    assert found.state == state
    assert words in found.fix
    assert found.where == line


def test_a_log_that_may_not_be_read(box: Box) -> None:
    box.log = None
    (found,) = board.complaints(box, Config())
    assert (found.state, found.fix) == ("unknown", "sudo camera-appliance doctor")
