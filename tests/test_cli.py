"""argv → action → exit status."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import __version__
from appliance.cli import main
from appliance.system import own_file


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


# A box's file is only for root and the appliance's user; what nobody may not read must be imported before.
AS_A_VISITOR = """
import os, sys
from pathlib import Path
import appliance.cli, appliance.doctor.examination, appliance.doctor.bundle, appliance.main, appliance.reload, appliance.system.desk
from appliance.capture import attached
from appliance.system import own_file

async def nothing(self):
    return []

attached.AttachedCameras.__call__ = nothing
own_file.PLACE = Path(sys.argv[1])
os.geteuid() or os.seteuid(65534)
sys.exit(appliance.cli.main(sys.argv[2:]))
"""


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "appliance.toml").write_text('[[cameras]]\nid = "a"\nsource = "pattern"\n')
    folder.chmod(0o000)
    yield folder / "appliance.toml"
    folder.chmod(0o700)


def visit(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", AS_A_VISITOR, str(place), *arguments]
    environment = {**os.environ, "RUNTIME_DIRECTORY": str(place.parent)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("arguments", "status", "use"),
    [
        (["check-config"], 78, "sudo camera-appliance check-config"),
        (["run"], 78, "sudo systemctl start camera-appliance, or"),
        (["cameras"], 0, "sudo camera-appliance cameras\nShown is what"),
        (["reload"], 69, "sudo camera-appliance reload"),
    ],
)
def test_what_only_root_may_read_is_said(locked: Path, arguments: list[str], status: int, use: str) -> None:
    done = visit(locked, *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    assert str(locked.parent) in done.stderr
    assert f"this user may not {'ask here' if arguments == ['reload'] else 'read it'}. Use: {use}" in done.stderr


def test_the_doctor_does_not_say_that_there_is_no_file(locked: Path) -> None:
    done = visit(locked, "doctor")
    assert "warning  config: cannot be read by this user" in done.stdout, done.stdout + done.stderr
    assert f"({locked}). Fix: sudo camera-appliance doctor\n" in done.stdout


def test_a_named_file_of_others_is_named_again(locked: Path) -> None:
    done = visit(locked.parent.parent / "none", "check-config", "--config", str(locked))
    assert done.returncode == 78
    assert done.stderr.strip().endswith(f"Use: sudo camera-appliance check-config --config {locked}")


def test_where_there_is_no_file_everything_is_at_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(own_file, "PLACE", tmp_path / "none.toml")
    assert main(["check-config"]) == 0
    assert capsys.readouterr().out.startswith(f"no {tmp_path / 'none.toml'}, so the defaults: good.")
