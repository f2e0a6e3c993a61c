"""The real way to look at a machine: nothing blocks, nothing raises."""

import os
import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from appliance.system.machine import MOST_BYTES, ThisMachine, fields, number


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    both_ends = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    os.write(both_ends, b"for somebody else")
    assert ThisMachine(tmp_path).text("/pipe") == ""
    assert os.read(both_ends, 100) == b"for somebody else"
    os.close(both_ends)


def test_what_is_not_there(tmp_path: Path) -> None:
    machine = ThisMachine(tmp_path / "nowhere")
    assert (machine.text("/x"), machine.entries("/x"), machine.link("/x"), machine.node("/x")) == ("", [], "", None)
    assert (machine.free_bytes("/x"), machine.kernel_log()) == (None, None)
    assert machine.text("/") == "", "a folder"
    assert machine.text("a\0b") == ""


def test_no_more_than_a_part_of_a_large_file(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * (MOST_BYTES * 3))
    assert MOST_BYTES <= len(ThisMachine(tmp_path).text("/large")) < MOST_BYTES * 2


def test_a_ring_of_links(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    machine = ThisMachine(tmp_path)
    assert (machine.text("/a"), machine.node("/a"), machine.link("/a")) == ("", None, "b")
    assert machine.real("/a").startswith("/")


def test_the_kernel_log_is_one_message_a_read(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/kmsg").write_text("6,339,5140900,-;hwmon hwmon1: Undervoltage detected!\n SUBSYSTEM=hwmon\n")
    assert ThisMachine(tmp_path).kernel_log() == ["hwmon hwmon1: Undervoltage detected!"]


def test_this_machine() -> None:
    machine = ThisMachine()
    assert machine.real("/proc/self") == f"/proc/{os.getpid()}"
    assert str(os.getpid()) in machine.entries("/proc")
    now_s, synchronised = machine.clock()
    assert abs(now_s - time.time()) < 60
    assert synchronised in (True, False, None)
    log = machine.kernel_log()
    assert log is None or all(isinstance(line, str) for line in log)


@given(st.text())
def test_numbers_and_fields_of_anything(text: str) -> None:
    for base in (10, 16):
        assert number(text, base) is None or isinstance(number(text, base), int)
    assert isinstance(fields(text), dict)
