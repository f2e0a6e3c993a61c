"""Controls of the ribbon camera: libcamera's, in words, and what is set when somebody wishes something."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.cameras.base import Controllable, Picture
from appliance.cameras.csi import CsiCamera
from appliance.cameras.csi_controls import CsiControls, centred
from appliance.config import Camera
from appliance.geometry import Size
from appliance.wire.controls import Choice, Control, ControlError, checked
from tests.cameras.conftest import FAKE_PICAMERA2

MODES = {"Auto": 0, "HighQuality": 2, "ZSL": 9}
RANGES: dict[str, tuple[Any, Any, Any]] = {
    "AeEnable": (False, True, True),
    "ExposureTime": (75, 11_766_829, 40_000),
    "AnalogueGain": (1.0, 10.666667, 1.0),
    "ExposureValue": (-8.0, 8.0, 0.0),
    "AwbEnable": (False, True, None),
    "AwbMode": (0, 7, None),
    "ColourTemperature": (100, 100_000, None),
    "AfMode": (0, 2, 0),
    "AfTrigger": (0, 1, 0),
    "LensPosition": (0.0, 32.0, 1.0),
    "Brightness": (-1.0, 1.0, 0.0),
    "HdrMode": (0, 4, 0),
    "ColourGains": (0.0, 32.0, None),
    "NoiseReductionMode": (0, 4, 0),
    "ScalerCrop": ((0, 0, 128, 128), (0, 0, 3280, 2464), (0, 310, 3280, 1845)),
}


def controls_of(**ranges: tuple[Any, Any, Any]) -> CsiControls:
    labels = {"AwbMode": MODES, "AfMode": {"Manual": 0, "Auto": 1, "Continuous": 2}, "NoiseReductionMode": MODES}
    return CsiControls(
        ranges or RANGES, lambda name: labels.get(name, {}), {"NoiseReductionMode": 2}, 33_333, Size(1280, 720)
    )


def by_id(controls: CsiControls, **metadata: object) -> dict[str, Control]:
    return {control.id: control for control in controls.listed(metadata)}


def test_in_words_with_range_default_and_unit() -> None:
    there = by_id(controls_of())
    assert there["ExposureTime"] == Control(
        id="ExposureTime",
        name="Exposure time",
        kind="integer",
        value=33_333,
        default=33_333,  # libcamera's 40 ms would be fewer frames than configured
        minimum=75,
        maximum=33_333,
        unit="µs",
        active=False,
    )
    assert there["AwbMode"].choices == [Choice(0, "Auto"), Choice(2, "High quality")]  # 9 is out of its range
    assert (there["AwbMode"].value, there["AwbEnable"].value, there["ColourTemperature"].active) == (0, True, False)
    assert (there["NoiseReductionMode"].value, there["NoiseReductionMode"].default) == (2, 2)  # as picamera2 configured
    assert (there["zoom"].minimum, there["zoom"].maximum, there["zoom"].unit) == (1, 8, "×")
    assert "ColourGains" not in there  # no single value
    assert "HdrMode" not in there  # a menu without words


def test_every_default_can_be_set() -> None:
    controls = controls_of()
    for control in controls.listed({}):
        if control.default is not None:
            assert checked(control, control.default) == control.default


def test_what_automatic_does_is_shown() -> None:
    controls = controls_of()
    there = by_id(controls, ExposureTime=9_000, AnalogueGain=2.5000001, ColourTemperature=4_800, AeState=2)
    assert (there["ExposureTime"].value, there["AnalogueGain"].value, there["ColourTemperature"].value) == (
        9_000,
        2.5,
        4_800,
    )
    controls.wish("AeEnable", False)
    controls.wish("ExposureTime", 20_000)
    assert by_id(controls, ExposureTime=9_000)["ExposureTime"].value == 20_000  # its frames are still on their way
    assert by_id(controls, ExposureTime=9_000)["ExposureTime"].active


def test_the_order_of_wishes_does_not_matter() -> None:
    one, other = controls_of(), controls_of()
    assert one.wish("AeEnable", False) == {"AeEnable": False}
    assert one.wish("ExposureTime", 5_000) == {"ExposureTime": 5_000}
    assert other.wish("ExposureTime", 5_000) == {}
    assert other.wish("AeEnable", False) == {"AeEnable": False, "ExposureTime": 5_000}
    assert one.listed({}) == other.listed({})
    assert one.wish("AeEnable", True) == {"AeEnable": True, "ExposureTime": 0}  # 0: no longer fixed
    assert one.wish("AeEnable", False) == {"AeEnable": False, "ExposureTime": 5_000}


def test_focus() -> None:
    controls = controls_of()
    assert controls.wish("AfMode", 1) == {"AfMode": 1}
    assert controls.wish("AfTrigger", True) == {"AfTrigger": 0}
    assert controls.wish("LensPosition", 2) == {}
    assert controls.wish("AfMode", 0) == {"AfMode": 0, "LensPosition": 2.0}
    assert not by_id(controls)["AfTrigger"].active
    lens_alone = controls_of(LensPosition=(0.0, 32.0, 1.0))  # nothing that could stand against it
    assert lens_alone.wish("LensPosition", 3) == {"LensPosition": 3.0}


def test_zoom_is_about_the_centre_and_keeps_proportions() -> None:
    controls = controls_of()
    assert controls.wish("zoom", 1) == {"ScalerCrop": (0, 310, 3280, 1845)}
    assert controls.wish("zoom", 2) == {"ScalerCrop": (820, 771, 1640, 922)}
    assert by_id(controls)["zoom"].value == 2
    assert centred((0, 0, 3280, 2464), Size(1280, 720)) == (0, 309, 3280, 1845)
    assert centred((8, 0, 1000, 500), Size(480, 640)) == (320, 0, 375, 500)
    little = controls_of(ScalerCrop=((0, 0, 640, 360), (0, 0, 1280, 720), (0, 0, 1280, 720)))
    assert by_id(little)["zoom"].maximum == 2
    assert "zoom" not in by_id(controls_of(ScalerCrop=((0, 0, 1280, 720), (0, 0, 1280, 720), (0, 0, 1280, 720))))


@pytest.mark.parametrize(
    ("control_id", "value", "words"),
    [
        ("ExposureTime", 50_000, "ExposureTime: 75 to 33333 µs, not 50000"),
        ("AwbMode", 9, "AwbMode: one of 0 (Auto), 2 (High quality), not 9"),
        ("zoom", 9, "zoom: 1 to 8 ×, not 9"),
        ("ColourGains", 1, "ColourGains: this camera has no such control; it has AeEnable, "),
    ],
)
def test_refused_with_what_is_possible(control_id: str, value: float, words: str) -> None:
    with pytest.raises(ControlError) as refused:
        controls_of().wish(control_id, value)
    assert str(refused.value).startswith(words)


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Iterator[CsiCamera]:
    """Open, in this process, on the stand-in for picamera2."""
    import sys

    monkeypatch.syspath_prepend(FAKE_PICAMERA2)
    camera = CsiCamera(Camera(id="front", source="csi:0"), "0", [480], announce=lambda _: None)
    assert camera.controls() == []
    camera.open()
    yield camera
    camera.close()
    for name in [name for name in sys.modules if name.partition(".")[0] in ("picamera2", "libcamera")]:
        del sys.modules[name]


def pictures(camera: CsiCamera, count: int) -> list[Picture]:
    deadline_s = time.monotonic() + 10
    taken: list[Picture] = []
    while len(taken) < count and time.monotonic() < deadline_s:
        grabbed = camera.grab(1)
        taken += [grabbed] if isinstance(grabbed, Picture) else []
    return taken


def test_of_a_running_camera(camera: CsiCamera) -> None:
    assert isinstance(camera, Controllable)
    pictures(camera, 2)
    there = {control.id: control for control in camera.controls()}
    assert (there["ExposureTime"].value, there["ExposureTime"].active) == (9_000, False)
    assert there["AwbMode"].choices[1] == Choice(1, "Incandescent")
    camera.set_control("ExposureTime", 4_000)
    camera.set_control("AeEnable", False)
    camera.set_control("zoom", 4.0)
    pictures(camera, 10)  # by then a frame has come back that carried them out
    assert {control.id: control.value for control in camera.controls()}["ExposureTime"] == 4_000
    assert camera._metadata["ExposureTime"] == 4_000
    assert camera._metadata["ScalerCrop"] == (1230, 1002, 820, 461)
    with pytest.raises(ControlError, match="AfMode: one of 0"):
        camera.set_control("AfMode", 7)


def test_sizes_that_the_camera_makes(camera: CsiCamera) -> None:
    picture = pictures(camera, 1)[0]
    assert [*picture.planes] == [(854, 480), (1280, 720)]
    for (width, height), look in picture.planes.items():
        planes = look()
        assert [plane.shape for plane in planes] == [
            (height, width),
            (height // 2, width // 2),
            (height // 2, width // 2),
        ]
        assert planes.y.strides[0] % 64 == 0  # the rows as the camera wrote them: nothing was copied
