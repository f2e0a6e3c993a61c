"""Board: how the machine below this program fares, as `/api/status`, `/metrics` and the page tell it. Pure arithmetic on readings.

Rule 1: what is not known is None and no concern.
Rule 2: a concern is one sentence without a number that moves, so that it stays the same sentence for as long as it lasts.
"""

from msgspec import Struct, structs

from appliance.system import readings
from appliance.system.machine import Machine

MIB = 1024 * 1024
HOT_C, TOO_HOT_C = 80.0, 85.0  # the firmware of every Raspberry Pi slows down from 80 to 85 °C
LIMIT_C, LIMIT_OF_A_PC_C = 78.0, 92.0  # just below that, and where laptops begin to
LITTLE_MEMORY_BYTES, NO_MEMORY_BYTES = 96 * MIB, 32 * MIB
LITTLE_DISK_BYTES, NO_DISK_BYTES = 200 * MIB, 8 * MIB
COOLER_C = 3.0  # below the limit, heat is no concern any more
WEAK_DBM = -75  # below, Wi-Fi sends everything several times

POWER_CONCERN = "The supply voltage is too low: use the power supply made for this model, and a short cable."
HEAT_CONCERN = "The board is too hot: give it air or a heat sink."
SLOWED_CONCERN = "The board's firmware has slowed it down, because of heat or a weak power supply."
MEMORY_CONCERN = "The board has little memory left."
DISK_CONCERN = "The disk is almost full."
RADIO_CONCERN = "The Wi-Fi signal is weak: move the box or the access point closer, or use a cable."
CLOCK_CONCERN = "No time server has set the clock, so the times of pictures may be wrong."
URGENT = (
    POWER_CONCERN,
    HEAT_CONCERN,
    SLOWED_CONCERN,
    MEMORY_CONCERN,
    DISK_CONCERN,
)  # said to everybody who opens the page


class Power(Struct, frozen=True):
    """Supply and speed; None where the board does not say, as only Raspberry Pis do."""

    under_voltage: bool | None = None  # now
    slowed: bool | None = None  # now: capped, throttled or at its soft limit of temperature
    throttled: bool | None = None  # now: of these the one that hurts
    under_voltage_since_start: bool | None = None
    slowed_since_start: bool | None = None


class Memory(Struct, frozen=True):
    """Bytes that programs may still get, of all; CMA is what cameras on the ribbon cable need."""

    total_bytes: int | None = None
    available_bytes: int | None = None
    cma_total_bytes: int | None = None
    cma_free_bytes: int | None = None


class Disk(Struct, frozen=True):
    """The file system of a folder."""

    total_bytes: int
    free_bytes: int


class Wifi(Struct, frozen=True):
    """The interface that is connected."""

    interface: str
    signal_dbm: int


class Board(Struct, frozen=True, kw_only=True):
    """One look at it."""

    temperature_c: float | None = None
    heat_limit_c: float = LIMIT_C  # from here on pictures are reduced
    power: Power = Power()
    memory: Memory = Memory()
    disk: Disk | None = None  # where the box keeps what outlives a restart
    wifi: Wifi | None = None
    clock_synchronised: bool | None = None
    uptime_s: float | None = None  # of the machine
    versions: dict[str, str] = {}
    concerns: list[str] = []  # the worst first


def looked_at(machine: Machine, before: Board, disk: Disk | None) -> Board:
    """The board now. `before`: what was seen last, since nobody else keeps what happened since the start."""
    heat, radio = readings.heat(machine), readings.radio(machine)
    memory = readings.memory_bytes(machine)
    board = Board(
        temperature_c=None if heat is None else round(heat.celsius, 1),
        heat_limit_c=LIMIT_C if readings.model(machine) else LIMIT_OF_A_PC_C,
        power=_power(machine, before.power),
        memory=Memory(*(memory.get(name) for name in ("MemTotal", "MemAvailable", "CmaTotal", "CmaFree"))),
        disk=disk,
        wifi=None if radio is None else Wifi(*radio),
        clock_synchronised=readings.clock_synchronised(machine),
        uptime_s=readings.uptime_s(machine),
        versions=before.versions,
    )
    return structs.replace(board, concerns=concerns(board, before.concerns))


def _power(machine: Machine, before: Power) -> Power:
    """The firmware forgets what was once it is asked, so it is kept here."""
    found, alarm = readings.throttling(machine), readings.voltage_alarm(machine)
    bits = 0 if found is None else found.bits
    low = None if found is None and alarm is None else bool(alarm or bits & readings.UNDER_VOLTAGE)
    slow_bits = readings.CAPPED | readings.THROTTLED | readings.SOFT_LIMIT
    slowed = None if found is None else bool(bits & slow_bits)
    return Power(
        under_voltage=low,
        slowed=slowed,
        throttled=None if found is None else bool(bits & readings.THROTTLED),
        under_voltage_since_start=_ever(
            before.under_voltage_since_start, low, bits & readings.UNDER_VOLTAGE << readings.SINCE
        ),
        slowed_since_start=_ever(before.slowed_since_start, slowed, bits & slow_bits << readings.SINCE),
    )


def _ever(before: bool | None, now: bool | None, since: int) -> bool | None:
    return before if now is None else bool(before or now or since)


def concerns(board: Board, before: list[str]) -> list[str]:
    """What its owner should know, the worst first; [] while all is well.

    What was one before ends only when it is clearly over, so that a value on the border does not say it anew all the time.
    """
    power, disk, wifi = board.power, board.disk, board.wifi

    def is_below(value: float | None, least: float, clearly: float, sentence: str) -> bool:
        return value is not None and value < (clearly if sentence in before else least)

    limit_c = board.heat_limit_c - (COOLER_C if HEAT_CONCERN in before else 0)
    hot = board.temperature_c is not None and board.temperature_c >= limit_c
    low = is_below(board.memory.available_bytes, LITTLE_MEMORY_BYTES, 1.5 * LITTLE_MEMORY_BYTES, MEMORY_CONCERN)
    full = is_below(None if disk is None else disk.free_bytes, LITTLE_DISK_BYTES, 1.2 * LITTLE_DISK_BYTES, DISK_CONCERN)
    told = [
        (power.under_voltage, POWER_CONCERN),
        (hot, HEAT_CONCERN),
        (power.slowed and not hot and not power.under_voltage, SLOWED_CONCERN),
        (low, MEMORY_CONCERN),
        (full, DISK_CONCERN),
        (is_below(None if wifi is None else wifi.signal_dbm, WEAK_DBM, WEAK_DBM + 5, RADIO_CONCERN), RADIO_CONCERN),
        (board.clock_synchronised is False, CLOCK_CONCERN),
    ]
    return [sentence for applies, sentence in told if applies]
