"""The board: what its files say, what they do not say, and what its owner is told of it."""

import math
import time
from pathlib import Path

import pytest
import trio

from appliance.system import board as boards
from appliance.system.board import Board, Disk, Memory, Power, Wifi, looked_at
from appliance.system.looking import Lookout, look
from appliance.system.machine import ThisMachine
from tests.support.clients import eventually
from tests.support.sysfs import HWMON, THROTTLED, ZONE, Sysfs


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    return Sysfs(tmp_path)


def seen(sysfs: Sysfs, before: Board | None = None, disk: Disk | None = None) -> Board:
    return looked_at(ThisMachine(sysfs.root), before or Board(), disk)


def test_a_raspberry_pi_that_is_well(sysfs: Sysfs) -> None:
    assert seen(sysfs, disk=Disk(32_000_000_000, 20_000_000_000)) == Board(
        temperature_c=48.3,
        power=Power(False, False, False, False, False),
        memory=Memory(3884008 * 1024, 2400000 * 1024, 524288 * 1024, 400000 * 1024),
        disk=Disk(32_000_000_000, 20_000_000_000),
        wifi=Wifi("wlan0", -56),
        clock_synchronised=True,
        uptime_s=86400.5,
    )


def test_what_a_machine_does_not_say_is_not_known(tmp_path: Path) -> None:
    board = looked_at(ThisMachine(tmp_path / "nothing"), Board(), None)
    clock = board.clock_synchronised  # this machine's kernel was asked
    assert board == Board(
        heat_limit_c=92.0, clock_synchronised=clock, concerns=[boards.CLOCK_CONCERN] if clock is False else []
    )


@pytest.mark.parametrize(
    "path",
    [f"{ZONE}/temp", f"{HWMON}/in0_lcrit_alarm", THROTTLED, "/proc/meminfo", "/proc/net/wireless", "/proc/uptime"],
)
@pytest.mark.parametrize("garbage", ["", "x", "-" * 40, "9" * 30, "wlan0: | |", "MemAvailable:", "\0\0"])
def test_garbage_in_one_file_costs_only_what_it_would_have_said(sysfs: Sysfs, path: str, garbage: str) -> None:
    sysfs.write(path, garbage)
    board = seen(sysfs)
    assert board.clock_synchronised is True
    assert board.temperature_c == (None if path.startswith(ZONE) else 48.3)


def test_a_pi_5_has_its_firmware_elsewhere(sysfs: Sysfs) -> None:
    sysfs.gone(THROTTLED)
    sysfs.write("/sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled", "0x80008")
    assert seen(sysfs).power == Power(False, True, False, False, True)


def test_the_processor_counts_and_not_a_disk_or_a_radio(sysfs: Sysfs) -> None:
    sysfs.write("/sys/class/thermal/thermal_zone1/type", "iwlwifi_1")
    sysfs.write("/sys/class/thermal/thermal_zone1/temp", "91000")
    assert seen(sysfs).temperature_c == 48.3
    sysfs.write(f"{ZONE}/type", "acpitz")
    assert seen(sysfs).temperature_c == 91.0, "no zone says that it is the processor's"
    sysfs.gone(f"{ZONE}/temp")
    sysfs.gone("/sys/class/thermal/thermal_zone1/temp")
    sysfs.write("/sys/class/hwmon/hwmon2/name", "coretemp")
    sysfs.write("/sys/class/hwmon/hwmon2/temp1_input", "55000")
    assert seen(sysfs).temperature_c == 55.0


def test_what_was_since_the_start_is_kept_though_the_firmware_forgets(sysfs: Sysfs) -> None:
    sysfs.throttled(0x50005)
    low = seen(sysfs)
    assert low.power == Power(True, True, True, True, True)
    sysfs.throttled(0)
    assert seen(sysfs, low).power == Power(False, False, False, True, True)


def test_the_clock(sysfs: Sysfs) -> None:
    sysfs.gone("/run/systemd/timesync/synchronized")
    assert seen(sysfs).clock_synchronised is not True


def test_concerns_are_told_the_worst_first_and_do_not_move(sysfs: Sysfs) -> None:
    sysfs.celsius(79.2)
    sysfs.under_voltage(True)
    sysfs.write("/proc/meminfo", "MemTotal: 400000 kB\nMemAvailable: 50000 kB")
    sysfs.write("/proc/net/wireless", " wlan0: 0000   54.  176.  -256 0 0")  # a byte: -80
    board = seen(sysfs, disk=Disk(10**9, 10**7))
    assert board.concerns == [
        boards.POWER_CONCERN,
        boards.HEAT_CONCERN,
        boards.MEMORY_CONCERN,
        boards.DISK_CONCERN,
        boards.RADIO_CONCERN,
    ]
    sysfs.celsius(82.9)
    assert seen(sysfs, board, Disk(10**9, 10**7)).concerns == board.concerns


def test_a_value_on_the_border_is_not_said_anew_all_the_time(sysfs: Sysfs) -> None:
    board, told = Board(), []
    for celsius in (77, 78, 77, 78.5, 76, 74.9, 77.9):
        sysfs.celsius(celsius)
        board = seen(sysfs, board)
        told.append(len(board.concerns))
    assert told == [0, 1, 1, 1, 1, 0, 0]


async def test_one_task_looks_and_goes_on_looking(sysfs: Sysfs, nursery: trio.Nursery, tmp_path: Path) -> None:
    told: list[Board] = []
    await nursery.start(look, Lookout(sysfs.root, 0.01), tmp_path / "not" / "made" / "yet", told.append)
    assert told[0].temperature_c == 48.3, "known before anybody can ask"

    async def knows_its_versions() -> bool:
        return bool(told[-1].versions)

    await eventually(knows_its_versions)
    assert told[-1].versions["libcamera"] == "0.5.2+rpt20250903-1"
    assert told[-1].versions["model"] == "Raspberry Pi 4 Model B Rev 1.5"
    assert told[-1].disk is not None
    sysfs.celsius(60)

    async def is_warmer() -> bool:
        return told[-1].temperature_c == 60

    await eventually(is_warmer)


def test_a_look_takes_less_than_a_millisecond(sysfs: Sysfs) -> None:
    """The event loop does it itself, between two pictures."""
    best_s = math.inf
    for _ in range(20):
        began_s = time.perf_counter()
        seen(sysfs)
        best_s = min(best_s, time.perf_counter() - began_s)
    assert best_s < 0.002
