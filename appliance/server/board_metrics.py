"""The board in the words of Prometheus: part of exposition.py, and like it loaded for the first who asks.

Rule 1: what the board does not say has no series: a missing sensor is not 0 degrees.
"""

import time
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric

from appliance.system.board import Board

PREFIX = "camera_appliance_"


def board_metrics(board: Board) -> Iterator[Metric]:
    """Every family of which something is known."""
    for name, (says, value) in _gauges(board).items():
        if value is not None:
            unit = next((unit for unit in ("celsius", "bytes", "seconds") if name.endswith(f"_{unit}")), "")
            yield GaugeMetricFamily(f"{PREFIX}board_{name}", says, value, unit=unit)
    if board.versions:
        yield InfoMetricFamily(f"{PREFIX}board", "Which board and which software.", value=board.versions)


def _gauges(board: Board) -> dict[str, tuple[str, float | None]]:
    power, memory, disk, wifi = board.power, board.memory, board.disk, board.wifi
    return {
        "temperature_celsius": ("The hottest place of the processor.", board.temperature_c),
        "under_voltage": ("1 while the supply voltage is too low.", power.under_voltage),
        "slowed": ("1 while the firmware slows the processor down.", power.slowed),
        "memory_total_bytes": ("Memory.", memory.total_bytes),
        "memory_available_bytes": ("Memory that programs may still get.", memory.available_bytes),
        "cma_total_bytes": ("Contiguous memory, of which frames of ribbon cameras are made.", memory.cma_total_bytes),
        "cma_free_bytes": ("What is free of it.", memory.cma_free_bytes),
        "disk_total_bytes": ("The file system the box keeps its state on.", None if disk is None else disk.total_bytes),
        "disk_free_bytes": ("What is free of it.", None if disk is None else disk.free_bytes),
        "wifi_signal_dbm": ("How well the access point is heard.", None if wifi is None else wifi.signal_dbm),
        "clock_synchronised": ("1 when a time server has set the clock.", board.clock_synchronised),
        "boot_timestamp_seconds": (
            "When the kernel started, in unix time.",
            None if board.uptime_s is None else time.time() - board.uptime_s,
        ),
    }
