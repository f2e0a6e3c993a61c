"""Imports that fail, crash, hang; and what each way to fail means."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.doctor import libraries
from appliance.doctor.libraries import Answer
from tests.doctor.box import Box

DIST = "/usr/lib/python3/dist-packages"
OTHER_NUMPY = "ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96, got 88"


def verdict(box: Box, name: str, error: str) -> tuple[str, str, str]:
    (found,) = libraries.judged({name: Answer(error=error)}, box)
    return found.state, found.what, found.fix


def test_what_this_interpreter_has() -> None:
    answers = libraries.ask(names=("json", "no_such_library"))
    assert answers["json"].version
    assert answers["no_such_library"].error == "ModuleNotFoundError: No module named 'no_such_library'"


@pytest.fixture
def odd_python(tmp_path: Path) -> str:
    """An interpreter in which some libraries are broken; -P keeps folders out, so they come by PYTHONPATH's own file."""
    (tmp_path / "crashes.py").write_text("import os\nos.abort()\n")
    (tmp_path / "hangs.py").write_text("import time\ntime.sleep(60)\n")
    (tmp_path / "chatters.py").write_text("print('hello')\n__version__ = '1.2'\nprint('version of something')\n")
    (tmp_path / "fails.py").write_text("raise RuntimeError('what\\nis this')\n")
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    script.chmod(0o755)
    return str(script)


def test_what_goes_wrong_stays_in_its_process(odd_python: str) -> None:
    began_s = time.monotonic()
    answers = libraries.ask(odd_python, ("crashes", "hangs", "chatters", "fails"), deadline_s=3.0)
    assert time.monotonic() - began_s < 10
    assert answers["crashes"].error == "the import crashed (signal 6)"
    assert answers["hangs"].error == "the import did not end in time"
    assert answers["chatters"] == Answer("1.2")
    assert answers["fails"].error == "is this"


def test_no_interpreter(box: Box) -> None:
    answers = libraries.ask("/nowhere/python", ("cv2",))
    assert answers["cv2"].error == "no process could be started: No such file or directory"
    assert [found.state for found in libraries.judged(answers, box)] == ["unknown"]


def test_a_needed_library(box: Box) -> None:
    state, what, fix = verdict(box, "cv2", "ImportError: libGL.so.1: cannot open shared object file")
    assert state == "fault"
    assert fix.startswith(f"{sys.executable} -m pip install --force-reinstall --no-deps opencv-python-headless==")
    assert what.startswith("cv2 cannot be imported, so no camera works: ImportError")
    state, what, _ = verdict(box, "simplejpeg", OTHER_NUMPY)
    assert (state, what.startswith("simplejpeg was built for another numpy")) == ("fault", True)


def test_no_libcamera_is_no_fault(box: Box) -> None:
    state, what, _ = verdict(box, "picamera2", "ModuleNotFoundError: No module named 'picamera2'")
    assert (state, what) == ("ok", "picamera2 is not installed; only cameras on the ribbon cable need it")


def test_an_environment_that_does_not_see_the_system(box: Box) -> None:
    box.file(f"{DIST}/libcamera/_libcamera.cpython-3{sys.version_info.minor}-aarch64-linux-gnu.so", "")
    state, what, fix = verdict(box, "libcamera", "ModuleNotFoundError: No module named 'libcamera'")
    assert (state, "does not see" in what) == ("warning", True)
    assert fix.startswith("/usr/bin/python3 -m venv --system-site-packages")


def test_a_libcamera_for_another_python(box: Box) -> None:
    box.file(f"{DIST}/libcamera/_libcamera.cpython-39-aarch64-linux-gnu.so", "")
    state, what, _ = verdict(box, "libcamera", "ModuleNotFoundError: No module named 'libcamera._libcamera'")
    assert (state, what.startswith("libcamera is built for Python 3.9")) == ("warning", True)


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        ("ImportError: libcamera.so.0.5: cannot open shared object file", "sudo apt update && sudo apt full-upgrade"),
        ("ImportError: _libcamera.so: undefined symbol: _ZN9libcamera", "sudo apt update && sudo apt full-upgrade"),
        (OTHER_NUMPY, libraries._reinstall("simplejpeg", "numpy")),
        (
            "ModuleNotFoundError: No module named 'pykms'",
            "sudo apt install --reinstall python3-libcamera python3-picamera2",
        ),
    ],
)
def test_a_picamera2_that_does_not_fit(box: Box, error: str, fix: str) -> None:
    assert verdict(box, "picamera2", error)[::2] == ("warning", fix)


def test_importing_this_loads_nothing() -> None:
    ask = (
        "import appliance.doctor.examination, sys; print(sorted({'numpy', 'cv2', 'trio', 'quart'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"
