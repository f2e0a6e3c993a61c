"""Can the libraries be imported that talk to cameras? Each is tried in a short process of its own: one that hangs or crashes
takes nothing along.
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from typing import NamedTuple

from appliance.doctor.finding import Finding
from appliance.system.machine import Machine

NEEDED = ("numpy", "cv2", "simplejpeg")
RIBBON = ("libcamera", "picamera2")  # of the system, by apt; only cameras on the ribbon cable need them
DEADLINE_S = 20.0  # for all together: a cold memory card is slow
KILL_DEADLINE_S = 1.0
NOT_TRIED = "no process could be started"
TRY = "import importlib, sys; print('version', getattr(importlib.import_module(sys.argv[1]), '__version__', ''))"
_OF_THE_PACKAGE = "/usr/lib/camera-appliance"  # Debian's, which has no pip
_PACKAGES = "/usr/lib/python3/dist-packages"
_BUILT_FOR = re.compile(r"_libcamera\.cpython-3(\d+)-")
_OTHER_BUILD = ("numpy.dtype size changed", "compiled using NumPy 1", "_ARRAY_API", "numpy.core.multiarray failed")
_OTHER_LIBCAMERA = ("undefined symbol", "cannot open shared object file", "version `")


class Answer(NamedTuple):
    """What became of an import."""

    version: str = ""
    error: str = ""  # the last line that Python wrote


def ask(
    python: str = sys.executable, names: tuple[str, ...] = NEEDED + RIBBON, deadline_s: float = DEADLINE_S
) -> dict[str, Answer]:
    """Try all at once; the answers come in at most `deadline_s` and a second."""
    due_s = time.monotonic() + deadline_s
    started = {name: _start(python, name) for name in names}
    return {name: _answer(process, due_s) for name, process in started.items()}


def judged(answers: dict[str, Answer], machine: Machine) -> Iterator[Finding]:
    """What the answers mean, one line a library that fails, one for those that work."""
    good = [f"{name} {answer.version}".strip() for name, answer in answers.items() if not answer.error]
    for name, answer in answers.items():
        if answer.error.startswith(NOT_TRIED):
            yield Finding("unknown", "libraries", f"{name}: {answer.error}", sys.executable)
        elif answer.error:
            yield _needed(name, answer.error) if name in NEEDED else _ribbon(name, answer.error, machine)
    if good:
        yield Finding("ok", "libraries", ", ".join(good), sys.executable)


def _needed(name: str, error: str) -> Finding:
    if any(words in error for words in _OTHER_BUILD):
        what = f"{name} was built for another numpy than the one that is there: {error}"
    else:
        what = f"{name} cannot be imported, so no camera works: {error}"
    return Finding(
        "fault",
        "libraries",
        what,
        sys.executable,
        _reinstall({"cv2": "opencv-python-headless"}.get(name, name), "numpy"),
    )


def _ribbon(name: str, error: str, machine: Machine) -> Finding:
    absent = f"No module named '{name}'" in error
    installed = name in machine.entries(_PACKAGES)
    built_for = _BUILT_FOR.search(" ".join(machine.entries(f"{_PACKAGES}/libcamera")))
    if absent and not installed:
        return Finding(
            "ok", "libraries", f"{name} is not installed; only cameras on the ribbon cable need it", _PACKAGES
        )
    if built_for and int(built_for[1]) != sys.version_info.minor:
        what = (
            f"libcamera is built for Python 3.{built_for[1]}, this is {sys.version_info.major}.{sys.version_info.minor}"
        )
        fix = "make run PYTHON=/usr/bin/python3 VENV=.venv-system"
    elif absent:
        what = f"{name} is installed, but this Python environment does not see the system's packages"
        fix = f"/usr/bin/python3 -m venv --system-site-packages --upgrade {sys.prefix}"
    elif any(words in error for words in _OTHER_BUILD):
        what = f"{name} met a library built for another numpy: {error}"
        fix = _reinstall("simplejpeg", "numpy")
    elif any(words in error for words in _OTHER_LIBCAMERA):
        what = f"{name} and the system's libcamera are not of one release: {error}"
        fix = "sudo apt update && sudo apt full-upgrade"
    else:
        what = f"{name} cannot be imported, so cameras on the ribbon cable do not work: {error}"
        fix = "sudo apt install --reinstall python3-libcamera python3-picamera2"
    return Finding("warning", "libraries", what, _PACKAGES, fix)


def _reinstall(*packages: str) -> str:
    """The versions that this program is tested with, and nothing that they bring along."""
    if sys.prefix == _OF_THE_PACKAGE:
        return "sudo apt install --reinstall ./camera-appliance_*.deb"
    try:
        pinned = {
            line.partition("==")[0]: line for line in metadata.requires("camera-appliance") or [] if ";" not in line
        }
    except metadata.PackageNotFoundError:
        pinned = {}
    wanted = dict.fromkeys(pinned.get(package, package) for package in packages)
    return f"{sys.executable} -m pip install --force-reinstall --no-deps {' '.join(wanted)}"


def _start(python: str, name: str) -> "subprocess.Popen[str] | str":
    try:
        return subprocess.Popen(
            [python, "-P", "-c", TRY, name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    except (OSError, ValueError) as error:
        return f"{NOT_TRIED}: {error.strerror if isinstance(error, OSError) else error}"


def _answer(process: "subprocess.Popen[str] | str", due_s: float) -> Answer:
    if isinstance(process, str):
        return Answer(error=process)
    try:
        said, errors = process.communicate(timeout=max(0.1, due_s - time.monotonic()))
    except subprocess.TimeoutExpired:
        return _given_up(process)
    if process.returncode == 0:
        versions = [line.removeprefix("version").strip() for line in said.splitlines() if line.startswith("version")]
        return Answer(version=versions[-1] if versions else "")
    if process.returncode < 0:
        return Answer(error=f"the import crashed (signal {-process.returncode})")
    return Answer(
        error=next((line.strip() for line in reversed(errors.splitlines()) if line.strip()), "for no given reason")[
            :300
        ]
    )


def _given_up(process: "subprocess.Popen[str]") -> Answer:
    process.kill()
    try:
        process.communicate(timeout=KILL_DEADLINE_S)
    except subprocess.TimeoutExpired:  # stuck in the kernel; it is left behind
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    return Answer(error="the import did not end in time")
