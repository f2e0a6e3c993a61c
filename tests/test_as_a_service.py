"""The program as systemd runs it, with a socket of ours as systemd's end. One process: each step begins where the last one ended."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from appliance.reload import LAST_GOOD
from appliance.system import desk
from tests.support.boxes import PATTERN, BoxProcess, workers_of
from tests.support.systemd_end import SystemdEnd, Told, systemd_end

WATCHDOG_S = 3.0


def is_sign(told: Told) -> bool:
    return "WATCHDOG" in told.lines


def is_ready(told: Told) -> bool:
    return "READY" in told.lines


def test_a_life_under_systemd(tmp_path: Path) -> None:
    runtime, state = tmp_path / "run", tmp_path / "state"
    runtime.mkdir()
    with systemd_end(tmp_path) as end:
        env = {
            "NOTIFY_SOCKET": str(end.path),
            "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6)),
            "RUNTIME_DIRECTORY": str(runtime),
            "STATE_DIRECTORY": str(state),
        }
        with BoxProcess(tmp_path, env=env) as box:
            is_up(end, box)
            a_stopped_worker_is_accounted_for(end, box)
            a_reload_reports(end, tmp_path / "appliance.toml", runtime)
            a_server_that_stands_still_sends_nothing(end, box)
            box.process.send_signal(signal.SIGTERM)
            assert end.until(lambda told: "STOPPING" in told.lines)
            assert box.process.wait(timeout=20) == 0
        assert (state / LAST_GOOD).exists()


def is_up(end: SystemdEnd, box: BoxProcess) -> None:
    kept = end.until(lambda told: "FDSTORE" in told.lines)
    assert kept.lines["FDNAME"] == f"kept 127.0.0.1.{box.port}"
    for fd in kept.fds:
        os.close(fd)
    assert box.url in end.until(is_ready).lines["STATUS"]
    box.wait_until_live()
    assert "1 of 1 cameras live" in end.until(lambda told: "1 of 1" in told.lines.get("STATUS", "")).lines["STATUS"]


def a_stopped_worker_is_accounted_for(end: SystemdEnd, box: BoxProcess) -> None:
    [worker] = workers_of(box.process.pid)
    first_to_go = Path(f"/proc/{worker}/oom_score_adj").read_text()
    assert int(first_to_go) == 500, "when memory runs out, the kernel takes a worker and not the server"
    os.kill(worker, signal.SIGSTOP)
    deadline_s = time.monotonic() + 30
    while workers_of(box.process.pid) in ([], [worker]):
        assert end.until(is_sign), "meanwhile systemd is told that all is accounted for"
        assert time.monotonic() < deadline_s
    box.wait_until_live(within_s=30)


def a_reload_reports(end: SystemdEnd, file: Path, runtime: Path) -> None:
    good = file.read_text()
    assert "[[cameras]]" in PATTERN
    for text, status, words in (
        (good + "fsp = 3\n", 1, "cameras[0].fsp: unknown key; did you mean fps?"),
        (good, 0, "is in force: nothing changed"),
    ):
        file.write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "appliance", "reload"],
            env={**os.environ, "RUNTIME_DIRECTORY": str(runtime)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, words in done.stdout + done.stderr) == (status, True)
        assert "MONOTONIC_USEC" in end.until(lambda told: "RELOADING" in told.lines).lines
        assert words in end.until(is_ready).lines["STATUS"]


def a_server_that_stands_still_sends_nothing(end: SystemdEnd, box: BoxProcess) -> None:
    box.process.send_signal(signal.SIGSTOP)
    time.sleep(0.2)  # what it had sent before is there by now
    while not end.none_for(0.1, lambda told: True):
        pass
    assert end.none_for(WATCHDOG_S / 2, is_sign)
    box.process.send_signal(signal.SIGCONT)
    assert end.until(is_sign)


def test_nobody_to_ask_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "appliance", "reload"],
        env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 69
    assert done.stderr.strip() == (
        f"no running camera-appliance answers at {tmp_path / desk.NAME}: no such file or directory. "
        "One that was started by hand is told with kill -HUP and its process number"
    )
