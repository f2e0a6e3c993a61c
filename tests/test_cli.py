"""argv → action → exit status."""

import subprocess
import sys
from pathlib import Path

import pytest

from appliance import __version__
from appliance.cli import main


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "appliance", *arguments], capture_output=True, text=True, timeout=30)


def test_help_and_version() -> None:
    assert "publish" in run("--help").stdout
    assert run("--version").stdout.strip() == f"camera-appliance {__version__}"
    assert run().returncode == 2


@pytest.mark.parametrize("command", ["run", "check-config"])
def test_a_bad_config_is_one_line_and_78(tmp_path: Path, command: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('[[cameras]]\nid = "a"\nfsp = 30\n')
    done = run(command, "--config", str(path))
    assert done.returncode == 78
    assert done.stderr.strip() == f"{path}: cameras[0].fsp: unknown key; did you mean fps?"


def test_check_config_says_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "good.toml"
    path.write_text('[[cameras]]\nid = "front"\nsource = "pattern"\n')
    assert main(["check-config", "--config", str(path)]) == 0
    assert "good. Cameras: front (pattern). Presets: low, medium, high." in capsys.readouterr().out


def test_cameras_lists_the_pattern() -> None:
    done = run("cameras")
    assert done.returncode == 0
    assert "pattern\n    Test pattern" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ftp://x"], "is not an address"),
        (["http://127.0.0.1:1"], "--id"),
        (["ws://127.0.0.1:1/ws/stream/x", "--source", "nothing"], "is not a source"),
    ],
)
def test_publish_says_what_is_wrong(arguments: list[str], words: str) -> None:
    done = run("publish", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_first_boot_makes_no_box_where_there_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["first-boot", "--root", str(tmp_path / "nowhere")]) == 2
    assert "is no folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
