"""What is printed, and what meets a bar."""

import pytest

from bench.figures import Bar, Figure, not_run, number
from bench.table import table, tally

COST = Bar("server, of the floor", "×", 1.6)
RATE = Bar("300 viewers, the one with the least", "fps", 29.5, at_least=True)
FREE = Bar("server's share of its core", "%")


@pytest.mark.parametrize(
    ("bar", "value", "verdict"),
    [(COST, 1.6, "met"), (COST, 1.6001, "missed"), (RATE, 29.5, "met"), (RATE, 29.4999, "missed"), (FREE, 99.0, "")],
)
def test_a_bar_is_met_exactly_or_not(bar: Bar, value: float, verdict: str) -> None:
    assert Figure(bar, value).verdict == verdict


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.2841, "0.284"), (3.274, "3.27"), (29.94, "29.9"), (1312.4, "1312"), (30.0, "30"), (0.0, "0"), (None, "")],
)
def test_numbers_have_the_digits_that_matter(value: float | None, text: str) -> None:
    assert number(value) == text


def test_a_table_says_what_was_not_run_and_why() -> None:
    measured = {
        "cpu": [Figure(COST, 1.304, floor=1.0, ustreamer=6.9, note="round by round 22 23")],
        "crowd": [Figure(RATE, 28.0), *not_run([COST, FREE], "not asked for")],
    }
    lines = table(measured, {"cpu": 0.02}).splitlines()
    assert lines[0].split() == ["what", "ours", "bar", "floor", "ustreamer", "verdict"]
    assert lines[1].startswith("cpu, the machine 2% busy before ──")
    assert lines[2].split("  ")[-1] == "met"
    assert "1.30 ×" in lines[2]
    assert lines[3].strip() == "round by round 22 23"
    assert lines[5].rstrip().endswith("missed")
    assert [line.strip() for line in lines[6:]][-1] == "not asked for"
    assert sum("not asked for" in line for line in lines) == 1, "said once for all that share it"
    assert tally(measured) == "1 met, 1 missed, 2 not run"


def test_rows_for_programs() -> None:
    row = Figure(RATE, 30.0, details={"viewers": 300}).as_json("crowd")
    assert (row["measurement"], row["ours"], row["bar"], row["at_least"]) == ("crowd", 30.0, 29.5, True)
    assert (row["verdict"], row["unit"], row["details"]) == ("met", "fps", {"viewers": 300})
