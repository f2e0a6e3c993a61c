"""What a run was measured on: a figure without it means nothing."""

import os
import platform
import shutil
import subprocess
import time
from importlib import metadata
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
LIBRARIES = ("trio", "hypercorn", "quart", "quart-trio", "opencv-python-headless", "simplejpeg")


def describe() -> dict[str, object]:
    """CPU, cores, kernel, Python, versions and what else the machine is doing."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "ustreamer": ustreamer_version(),
        "gcc": _first_line("gcc", "--version"),
        "load": os.getloadavg()[0],
    }


def sentence(machine: dict[str, object]) -> str:
    """For above the table."""
    ustreamer = f"ustreamer {machine['ustreamer']}" if machine["ustreamer"] else "no ustreamer"
    load = f"load before the run {machine['load']:.2f}"
    return f"{machine['cpu']}, {machine['cores']} cores, {machine['kernel']}, Python {machine['python']}, {ustreamer}, {load}"


def others_busy(for_s: float = 0.5) -> float:
    """How much of all cores, 0 to 1, goes to other things, looked at for so long while this program rests."""
    began = busy_and_idle_s()
    time.sleep(for_s)
    busy_s, idle_s = (now - then for now, then in zip(busy_and_idle_s(), began, strict=True))
    return busy_s / max(0.01, busy_s + idle_s)


def ustreamer_version() -> str:
    """Empty where it is not installed."""
    return _first_line("ustreamer", "--version")


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model", "Hardware"):
            return value.strip()
    return platform.machine()


def busy_and_idle_s() -> tuple[float, float]:
    """Seconds of all cores together, since the machine started."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    idle = ticks[3] + ticks[4]  # idle, and waiting for a disk
    return (sum(ticks) - idle) / TICKS_PER_S, idle / TICKS_PER_S


def _first_line(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).partition("\n")[0].strip()
