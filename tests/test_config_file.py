"""The configuration is changed in place: what was not changed stays to the letter, and the file is whole at any moment."""

import os
import stat
from pathlib import Path

import pytest

from appliance.config import Camera, Config, ConfigError, ConfigFile, NotKeptError, load, loads

SHIPPED = Path(__file__).parents[1] / "config" / "appliance.toml"
PERSONS_OWN = """\
# My box
[[cameras]]   # the door
id = "front"
preset = "high"      # as good as it gets

# The garden, by Wi-Fi
[[cameras]]
id = "garden"
source = "rtsp://me:secret@192.0.2.7/1"

[presets.low]
height = 240 # small
"""


@pytest.fixture
def file(tmp_path: Path) -> ConfigFile:
    path = tmp_path / "appliance.toml"
    path.write_text(PERSONS_OWN)
    return ConfigFile(path)


def lines_of(file: ConfigFile) -> list[str]:
    return file.path.read_text().splitlines()


def test_a_key_that_stands_there_is_replaced_in_its_line(file: ConfigFile) -> None:
    file.change_camera("front", {"preset": "low"})
    expected = PERSONS_OWN.replace('preset = "high" ', 'preset = "low" ')
    assert file.path.read_text() == expected


def test_a_new_key_stands_with_its_camera_and_not_behind_the_next_ones_comment(file: ConfigFile) -> None:
    file.change_camera("front", {"viewer_jpeg_quality": 70})
    lines = lines_of(file)
    assert lines[lines.index("viewer_jpeg_quality = 70") - 1].startswith("preset =")
    lines.remove("viewer_jpeg_quality = 70")
    assert lines == PERSONS_OWN.splitlines()
    assert load(file.path).cameras[0].viewer_jpeg_quality == 70


def test_a_default_that_nobody_wrote_is_not_written(file: ConfigFile) -> None:
    file.change_camera("front", {"viewer_fps": 0})
    assert file.path.read_text() == PERSONS_OWN


def test_names_are_written_so_that_they_mean_themselves(file: ConfigFile) -> None:
    name = 'Ö"\\ #=[[cameras]]'
    file.change_camera("front", {"name": name})
    assert load(file.path).cameras[0].name == name


def test_cameras_come_and_go(file: ConfigFile) -> None:
    file.add_camera(Camera(id="shed", name="Shed", source="pattern", width=640, height=480))
    file.remove_camera("front")
    config = load(file.path)
    assert [camera.id for camera in config.cameras] == ["garden", "shed"]
    assert config.cameras[1] == Camera(id="shed", name="Shed", source="pattern", width=640, height=480)
    assert "# small" in file.path.read_text()
    for camera_id in ("garden", "shed"):
        file.remove_camera(camera_id)
    assert load(file.path).cameras == [], "no camera at all is not the default camera"


@pytest.mark.parametrize("text", ["", "[server]\nallowed_hosts = []\n", "# nothing but words"])
def test_the_camera_that_nobody_wrote_can_be_changed_too(tmp_path: Path, text: str) -> None:
    path = tmp_path / "appliance.toml"
    path.write_text(text)
    ConfigFile(path).change_camera("camera", {"preset": "low"})
    ConfigFile(path).add_camera(Camera(id="more"))
    assert [camera.id for camera in load(path).cameras] == ["camera", "more"]
    assert path.read_text().startswith(text)


def test_other_ways_to_write_it(tmp_path: Path) -> None:
    path = tmp_path / "appliance.toml"
    path.write_bytes(b'\xef\xbb\xbfcameras = [\r\n  {id = "front"}, # one\r\n]\r\n')
    ConfigFile(path).change_camera("front", {"name": "Door"})
    assert load(path).cameras == [Camera(id="front", name="Door")]
    assert b"# one\r\n" in path.read_bytes()


def test_the_shipped_file(tmp_path: Path) -> None:
    path = tmp_path / "appliance.toml"
    path.write_text(SHIPPED.read_text())
    ConfigFile(path).change_camera("camera", {"viewer_jpeg_quality": 60, "preset": "medium"})
    before, after = SHIPPED.read_text().splitlines(), path.read_text().splitlines()
    assert [new for old, new in zip(before, after, strict=True) if old != new] == [
        line for line in after if line.startswith(("viewer_jpeg_quality = 60 ", 'preset = "medium" '))
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    missing = tmp_path / "appliance.toml"
    with pytest.raises(ConfigError, match="No such file"):
        ConfigFile(missing).read()
    optional = ConfigFile(missing, optional=True)
    assert optional.read() == (Config(), "")
    optional.change_camera("camera", {"name": "Door"})
    assert load(missing).cameras == [Camera(id="camera", name="Door")]


def test_a_file_with_an_error_is_left_to_its_writer(file: ConfigFile) -> None:
    file.path.write_text("fsp = 1\n" + PERSONS_OWN)
    with pytest.raises(NotKeptError, match=r"has an error already: .*fsp: unknown key"):
        file.change_camera("front", {"name": "x"})
    assert file.path.read_text() == "fsp = 1\n" + PERSONS_OWN


def test_what_cannot_be_is_not_written(file: ConfigFile) -> None:
    for values, words in (({"preset": "ultra"}, "no preset"), ({"viewer_fps": 500}, "viewer_fps")):
        with pytest.raises(NotKeptError, match=words):
            file.change_camera("front", values)  # type: ignore[arg-type]
    with pytest.raises(NotKeptError, match="there is no camera 'x'"):
        file.change_camera("x", {"name": "x"})
    with pytest.raises(NotKeptError, match="stands twice"):
        file.add_camera(Camera(id="front"))
    assert file.path.read_text() == PERSONS_OWN


def test_a_folder_that_takes_nothing(file: ConfigFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "open", fails)
    with pytest.raises(NotKeptError, match="cannot be written: read-only file system"):
        file.change_camera("front", {"name": "x"})
    assert file.path.read_text() == PERSONS_OWN


def test_the_file_is_replaced_whole_and_keeps_its_mode(file: ConfigFile) -> None:
    file.path.chmod(0o600)
    before = file.path.stat()
    with file.path.open() as old:
        file.change_camera("front", {"name": "x"})
        assert old.read() == PERSONS_OWN, "who reads it has the old one, whole"
    after = file.path.stat()
    assert after.st_ino != before.st_ino
    assert stat.S_IMODE(after.st_mode) == 0o600
    assert os.listdir(file.path.parent) == ["appliance.toml"]  # noqa: PTH208


def test_a_link_stays_one(file: ConfigFile, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file.path)
    ConfigFile(link).change_camera("front", {"name": "x"})
    assert link.is_symlink()
    assert load(file.path).cameras[0].name == "x"


def test_what_a_power_cut_left_behind_is_no_hindrance(file: ConfigFile) -> None:
    file.path.with_name(".appliance.toml.new").write_text("half a fi")
    file.change_camera("front", {"name": "x"})
    assert loads(file.path.read_text()).cameras[0].name == "x"
