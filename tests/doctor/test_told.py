"""What people and tools read, and the exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path

from appliance.doctor import examination
from appliance.doctor.finding import Finding
from tests.doctor.box import Box

FIX = "sudo systemctl stop motion"
HELD = Finding("fault", "held", "/dev/video0 is in use by motion (process 812)", "/dev/video0", FIX)


def doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "appliance", "doctor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **environment})


def test_a_line_a_finding() -> None:
    slow = Finding("warning", "usb", "two\nlines \x1b[2J", "1-1")
    assert examination.told([HELD, slow]).split("\n") == [
        f"fault    held: /dev/video0 is in use by motion (process 812). Fix: {FIX}",
        "warning  usb: two\\nlines \\x1b[2J (1-1)",
        "1 fault, 1 warning.",
    ]
    assert examination.told([]) == "Nothing is wrong."


def test_only_a_fault_is_a_status() -> None:
    assert [examination.exit_status([Finding(state, "x", "x")]) for state in ("ok", "unknown", "warning", "fault")] == [
        0,
        0,
        0,
        1,
    ]


def test_the_worst_comes_first_and_then_the_likeliest(box: Box) -> None:
    box.usb_camera(speed="12")
    box.process(812, "motion", unit="/system.slice/motion.service", holds=("/dev/video0",))
    box.time = (0.0, None)
    findings = examination.examine(box, None, {})
    assert [finding.check for finding in findings if finding.state != "ok"] == ["held", "usb", "clock"]
    assert findings[0] == HELD


def test_a_well_box_is_told_so(box: Box) -> None:
    box.usb_camera()
    findings = examination.examine(box, None, {})
    assert examination.told(findings).endswith("\nNothing is wrong.")
    assert examination.exit_status(findings) == 0


def test_doctor_of_this_machine(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[server]\nbind = ["127.0.0.1:0"]\n[[cameras]]\nid = "a"\nsource = "pattern"\n')
    done = doctor("--config", str(path), "--json")
    findings = json.loads(done.stdout)
    assert done.stderr == ""
    assert done.returncode == int(any(finding["state"] == "fault" for finding in findings))
    assert {"state": "ok", "check": "config", "what": "good", "where": str(path), "fix": ""} in findings
    assert any(finding["check"] == "libraries" and "numpy" in finding["what"] for finding in findings)


def test_doctor_of_a_bad_file(tmp_path: Path) -> None:
    path = tmp_path / "bad\xe4.toml"
    path.write_text("[")
    done = doctor("--config", str(path), PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert done.stdout.startswith("fault    config: not valid TOML")
    assert (done.stderr, "bad\\xe4.toml" in done.stdout) == ("", True)


def test_a_reader_who_leaves() -> None:
    script = f"{sys.executable} -m appliance doctor | true"
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
