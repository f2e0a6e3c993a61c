"""The bench runs: its C compiles without a warning, and its smallest measurement measures."""

import json
import math
import subprocess
import sys
from pathlib import Path

from bench.__main__ import MEASUREMENTS
from bench.workbench import PROGRAMS, build

HOUSE = Path(__file__).parents[2]


def test_what_is_written_in_c_compiles_without_a_warning(tmp_path: Path) -> None:
    build(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {*PROGRAMS, "fakev4l.so"}


def test_the_smallest_measurement(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench", "cpu", "--viewers", "5", "--seconds", "0.5", "--json", str(file)]
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    answer = json.loads(file.read_text())
    assert answer["machine"]["cores"] >= 1
    rows = {row["what"]: row for row in answer["figures"]}
    for kind in ("MJPEG", "WebSocket"):
        cost = rows[f"CPU per delivered frame, {kind}"]
        assert 0 < cost["floor"] < 10_000
        assert 0 < cost["ours"] < 10_000
        assert cost["details"]["ours"]["fps_min"] > 10
        ratio = rows[f"server over {kind}, of the floor"]
        assert math.isclose(ratio["ours"], cost["ours"] / cost["floor"])
        assert ratio["verdict"] in ("met", "missed")
    assert {row["measurement"] for row in answer["figures"]} == set(MEASUREMENTS)
    not_asked = [row for row in answer["figures"] if row["measurement"] != "cpu"]
    assert {(row["verdict"], row["note"]) for row in not_asked} == {("not run", "not asked for")}
    assert rows["server over MJPEG, of the floor"]["what"] in done.stdout


def test_an_unknown_measurement_is_named() -> None:
    command = [sys.executable, "-m", "bench", "speed"]
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert "there is no measurement 'speed'; there are cpu, crowd" in done.stderr
