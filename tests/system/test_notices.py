"""Notices that others leave for the page."""

import os
from pathlib import Path

from appliance.system.notices import MOST_BYTES, MOST_CHARACTERS, MOST_LINES, notices


def test_each_line_is_one_by_the_name_of_who_left_it(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("second\n\nthird\n")
    (tmp_path / "a").write_text("first")
    (tmp_path / "c").write_text("")
    assert notices(tmp_path) == ["first", "second", "third"]


def test_none_where_there_is_no_folder(tmp_path: Path) -> None:
    assert notices(tmp_path / "nowhere") == []
    (tmp_path / "file").write_text("x")
    assert notices(tmp_path / "file") == []


def test_whatever_lies_there_holds_nothing_up(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "b")
    (tmp_path / "c").symlink_to("/etc/passwd")
    (tmp_path / "d").write_bytes(b"\xff\x1b[2Jtext\x00\n")
    assert notices(tmp_path) == ["\ufffd[2Jtext"]


def test_no_more_than_a_page_can_show(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x" * 10_000_000)
    (tmp_path / "b").write_text("y\n" * MOST_BYTES)
    found = notices(tmp_path)
    assert len(found) == MOST_LINES
    assert len(found[0]) == MOST_CHARACTERS
