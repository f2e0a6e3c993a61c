"""What can be set on a V4L2 camera, through a real worker; only the kernel is played by bench/fakev4l.c."""

import errno
import time
from collections.abc import Iterator

import pytest

from appliance.cameras.v4l2_controls import V4l2Controls, id_of
from appliance.config import Camera
from appliance.wire.controls import Choice, Control
from appliance.wire.hallway import Controls, Failed
from tests.cameras.conftest import FakeCamera
from tests.cameras.server_end import NATIVE, ServerEnd

MODEL = "usb: Fake USB camera"


def start(fake_camera: FakeCamera, kept: object = None, source: str = "") -> ServerEnd:
    camera = Camera(id="front", source=source or f"usb:{fake_camera.path}", width=640, height=360)
    return ServerEnd(camera, env=fake_camera.env, kept={MODEL: kept} if isinstance(kept, dict) else {})


@pytest.fixture
def worker(fake_camera: FakeCamera) -> Iterator[ServerEnd]:
    with start(fake_camera) as worker:
        worker.want(NATIVE)
        yield worker


def by_id(controls: Controls) -> dict[str, Control]:
    return {control.id: control for control in controls.controls}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Exposure Time, Absolute", "exposure_time_absolute"),
        ("White Balance Temperature", "white_balance_temperature"),
        ("Focus (absolute)", "focus_absolute"),
        ("  LED1 Mode ", "led1_mode"),
    ],
)
def test_ids_are_those_of_v4l2_ctl(title: str, name: str) -> None:
    assert id_of(title) == name


def test_all_kinds_with_range_default_unit_and_what_stands_against_what(worker: ServerEnd) -> None:
    told = worker.until(Controls)
    assert (told.model, told.number, told.refused) == (MODEL, 0, {})
    controls = by_id(told)
    assert list(controls) == [  # headings, 64 bit and what is disabled are left out
        *("brightness", "contrast", "white_balance_automatic", "power_line_frequency", "white_balance_temperature"),
        *("auto_exposure", "exposure_time_absolute", "focus_absolute", "focus_automatic_continuous", "privacy"),
        "auto_focus_start",
    ]
    assert controls["contrast"] == Control(
        id="contrast", name="Contrast", kind="integer", value=50, default=50, minimum=0, maximum=100, step=5
    )
    assert controls["auto_exposure"].choices == [Choice(1, "Manual Mode"), Choice(3, "Aperture Priority Mode")]
    assert controls["auto_exposure"].value == controls["auto_exposure"].default == 3
    exposure = controls["exposure_time_absolute"]
    assert (exposure.unit, exposure.active, exposure.held_by) == ("100 µs", False, "auto_exposure")
    assert controls["focus_absolute"].held_by == "focus_automatic_continuous"
    assert controls["white_balance_temperature"].unit == "K"
    assert controls["focus_automatic_continuous"].value is True
    assert (controls["auto_focus_start"].kind, controls["auto_focus_start"].value) == ("button", None)
    assert (controls["privacy"].read_only, controls["privacy"].value) == (True, False)


def test_set_while_it_streams_and_back_to_default(worker: ServerEnd, fake_camera: FakeCamera) -> None:
    worker.frames(2)
    told = worker.adjust(MODEL, 1, brightness=-20, power_line_frequency=2, auto_focus_start=True)
    assert told.refused == {}
    assert (by_id(told)["brightness"].value, by_id(told)["power_line_frequency"].value) == (-20, 2)
    assert fake_camera.controls == {"brightness": -20, "power_line_frequency": 2, "auto_focus_start": 1}
    told = worker.adjust(MODEL, 2, brightness=None, auto_focus_start=True)
    assert by_id(told)["brightness"].value == 0
    assert fake_camera.controls == {"brightness": 0, "power_line_frequency": 2, "auto_focus_start": 2}
    assert worker.frames(5)[-1].data in fake_camera.frames


def test_one_control_lets_another_go(worker: ServerEnd, fake_camera: FakeCamera) -> None:
    """In whatever order they are named; and a wish holds when the other lets go again."""
    worker.until(Controls)
    told = worker.adjust(MODEL, 1, exposure_time_absolute=300, auto_exposure=1)
    assert told.refused == {}
    assert fake_camera.controls == {"auto_exposure": 1, "exposure_time_absolute": 300}
    assert by_id(told)["exposure_time_absolute"].active
    told = worker.adjust(MODEL, 2, auto_exposure=3)
    assert not by_id(told)["exposure_time_absolute"].active
    fake_camera.note("exposure_time_absolute", 77)  # what automatic exposure made of it
    told = worker.adjust(MODEL, 3, auto_exposure=1)
    assert by_id(told)["exposure_time_absolute"].value == 300
    worker.adjust(MODEL, 4, auto_exposure=None, exposure_time_absolute=None)
    assert fake_camera.controls == {"auto_exposure": 3, "exposure_time_absolute": 250}


def test_what_the_camera_refuses_has_a_true_reason(worker: ServerEnd, fake_camera: FakeCamera) -> None:
    worker.until(Controls)
    fake_camera.note("refuse brightness", errno.EIO)
    fake_camera.note("refuse contrast", errno.EBUSY)
    values = {
        "brightness": 1,
        "contrast": 7,
        "focus_absolute": 5,
        "privacy": True,
        "zoom_absolute": 1,
        "auto_exposure": 2,
    }
    told = worker.adjust(MODEL, 1, **values, power_line_frequency=0)
    assert told.refused == {
        "brightness": "brightness: the camera refuses it (input/output error)",
        "contrast": "contrast: 0 to 100 in steps of 5, not 7",
        "focus_absolute": "focus_absolute: focus_automatic_continuous decides it now; set that first",
        "privacy": "privacy: the camera tells it and lets nobody set it",
        "zoom_absolute": "zoom_absolute: this camera has no such control",
        "auto_exposure": "auto_exposure: one of 1 (Manual Mode), 3 (Aperture Priority Mode), not 2",
    }
    assert worker.adjust(MODEL, 2, contrast=10).refused == {
        "contrast": "contrast: the camera is busy with it; try again"
    }
    assert fake_camera.controls["power_line_frequency"] == 0, "what is possible is done all the same"
    assert "contrast" not in fake_camera.controls
    assert worker.adjust("usb: Another", 3, brightness=5).refused == {
        "brightness": "brightness: there is another camera now"
    }
    assert worker.frames(2)


@pytest.mark.parametrize("source", ["", "auto"])
def test_what_is_kept_is_set_before_the_first_picture(fake_camera: FakeCamera, source: str) -> None:
    kept = {"exposure_time_absolute": 500, "auto_exposure": 1, "brightness": 9, "focus_absolute": 10, "gone": 1}
    with start(fake_camera, kept, source) as worker:
        worker.want(NATIVE)
        while not isinstance(message := worker.receive(), Controls | tuple):
            pass
        assert isinstance(message, Controls), "first the controls, then a picture"
        assert message.refused == {"gone": "gone: this camera has no such control"}
        set_ = {"auto_exposure": 1, "exposure_time_absolute": 500, "brightness": 9}
        assert fake_camera.controls == set_, "what waits for another control is no refusal"
        worker.adjust(MODEL, 1, focus_automatic_continuous=False)
        assert fake_camera.controls == {**set_, "focus_automatic_continuous": 0, "focus_absolute": 10}


def test_what_was_set_on_another_model_or_is_to_be_left_alone_is_not_set(fake_camera: FakeCamera) -> None:
    camera = Camera(id="front", source=f"usb:{fake_camera.path}", width=640, height=360)
    with ServerEnd(camera, env=fake_camera.env, kept={"usb: Another": {"brightness": 5}}) as worker:
        assert len(worker.until(Controls).controls) == 11
    with ServerEnd(camera, env=fake_camera.env, kept=None) as worker:
        assert worker.until(Controls).controls == []
        assert "brightness" in worker.adjust(MODEL, 1, brightness=3).refused
    assert fake_camera.controls == {}


def test_unplugged_while_it_is_set(worker: ServerEnd, fake_camera: FakeCamera) -> None:
    worker.until(Controls)
    fake_camera.unplug()
    worker.ask(MODEL, 1, brightness=1)
    assert worker.until(Failed).reason == f"the camera was unplugged ({fake_camera.path})"


def test_a_slider_in_a_hurry_costs_no_pictures(worker: ServerEnd, fake_camera: FakeCamera) -> None:
    """Many values at once: the last one holds, and pictures go on meanwhile."""
    worker.frames(2)
    began_s = time.monotonic()
    for number in range(1, 200):
        worker.ask(MODEL, number, brightness=number % 60)
    worker.until(Controls, lambda told: told.number == 199)
    assert fake_camera.controls == {"brightness": 199 % 60}
    frames = worker.frames(10)
    assert frames[-1].number - frames[0].number == 9
    assert frames[-1].captured_s - began_s < 3


def test_a_device_that_is_no_camera_has_none() -> None:
    assert V4l2Controls("/dev/null").all() == []
    assert V4l2Controls("/dev/null").model() == ""
