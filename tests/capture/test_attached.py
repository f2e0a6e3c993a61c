"""The list of what is attached, whatever one half of it does."""

from pathlib import Path

import pytest

from appliance.capture.attached import AttachedCameras
from tests.cameras.conftest import FAKE_PICAMERA2


@pytest.mark.parametrize(("state", "sources"), [("fine", ["csi:0", "pattern"]), ("crash", ["pattern"])])
async def test_ribbon_cameras_and_the_pattern_last(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: str, sources: list[str]
) -> None:
    (tmp_path / "state").write_text(state)
    monkeypatch.setenv("CAMERA_APPLIANCE_DEV", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(FAKE_PICAMERA2))
    monkeypatch.setenv("FAKE_CSI_STATE", str(tmp_path / "state"))
    assert [camera["source"] for camera in await AttachedCameras()()] == sources
