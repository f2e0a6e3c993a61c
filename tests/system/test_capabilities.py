"""The server's right to port 80 stays the server's: with a process that really has it, as the unit gives it."""

import shutil
import subprocess
import sys

import pytest

PROGRAM = """
import subprocess, trio
from appliance.system import capabilities

async def main():
    capabilities.keep_to_ourselves()
    told = await trio.run_process(["grep", "CapEff", "/proc/self/status"], capture_stdout=True)
    print("started", told.stdout.decode())
    print("own", open("/proc/self/status").read())

trio.run(main)
"""
AS_THE_UNIT = (  # root who is nobody special: files stay readable, wherever this project lies
    "setpriv",
    "--securebits=+noroot",
    "--inh-caps=-all,+net_bind_service",
    "--ambient-caps=-all,+net_bind_service",
)


def effective(words: str) -> int:
    return int(words.partition("CapEff:")[2].split()[0], 16)


def test_what_it_starts_has_no_right_of_its_own() -> None:
    if (
        shutil.which("setpriv") is None
        or subprocess.run((*AS_THE_UNIT, "true"), capture_output=True, check=False).returncode
    ):
        pytest.skip("capabilities are given by root, with setpriv of util-linux")
    done = subprocess.run((*AS_THE_UNIT, sys.executable, "-c", PROGRAM), capture_output=True, text=True, check=True)
    started, _, own = done.stdout.partition("own")
    assert (effective(started), effective(own)) == (0, 1 << 10)  # CAP_NET_BIND_SERVICE is the tenth
