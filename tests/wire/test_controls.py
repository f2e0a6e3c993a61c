"""What a control takes and what it refuses, with the words people read."""

import pytest

from appliance.wire.controls import Choice, Control, ControlError, Value, checked, hindrance

BRIGHTNESS = Control(id="brightness", name="Brightness", kind="integer", default=0, minimum=-64, maximum=64, step=1)
FOCUS = Control(id="focus", name="Focus", kind="integer", default=3, minimum=0, maximum=250, step=5)
TEMPERATURE = Control(
    id="temperature", name="Temperature", kind="integer", minimum=2800, maximum=6500, step=10, unit="K"
)
EXPOSURE = Control(id="exposure", name="Exposure", kind="integer", minimum=1, maximum=112015443, unit="µs")
GAIN = Control(id="gain", name="Gain", kind="number", minimum=1.0, maximum=16.5, step=0.1, unit="×")
FREE = Control(id="free", name="Free", kind="number")
TORCH = Control(id="torch", name="Torch", kind="boolean")
START = Control(id="start", name="Start", kind="button")
MODE = Control(id="mode", name="Mode", kind="menu", choices=[Choice(1, "Manual"), Choice(3, "Auto")])
SHUTTER = Control(id="shutter", name="Shutter", kind="boolean", read_only=True)


@pytest.mark.parametrize(
    ("control", "value", "taken"),
    [
        (BRIGHTNESS, -64, -64),
        (BRIGHTNESS, 64.0, 64),
        (FOCUS, 250, 250),
        (FOCUS, 3, 3),  # its default, though on no step
        (TEMPERATURE, 2810, 2810),
        (GAIN, 1, 1.0),
        (GAIN, 2.345, 2.345),  # a slider's steps are no promise of the camera's
        (FREE, -1e9, -1e9),
        (TORCH, False, False),
        (START, True, True),
        (MODE, 3, 3),
    ],
)
def test_what_is_possible_is_taken_in_its_own_type(control: Control, value: Value, taken: Value) -> None:
    assert checked(control, value) == taken
    assert type(checked(control, value)) is type(taken)


@pytest.mark.parametrize(
    ("control", "value", "words"),
    [
        (BRIGHTNESS, 65, "brightness: -64 to 64, not 65"),
        (BRIGHTNESS, 0.5, "brightness: -64 to 64, not 0.5"),
        (BRIGHTNESS, True, "brightness: -64 to 64, not True"),
        (BRIGHTNESS, "10", "brightness: -64 to 64, not '10'"),
        (FOCUS, 7, "focus: 0 to 250 in steps of 5, not 7"),
        (TEMPERATURE, 7000, "temperature: 2800 to 6500 K in steps of 10, not 7000"),
        (EXPOSURE, 0, "exposure: 1 to 112015443 µs, not 0"),
        (GAIN, float("nan"), "gain: 1 to 16.5 × in steps of 0.1, not nan"),
        (GAIN, float("inf"), "gain: 1 to 16.5 × in steps of 0.1, not inf"),
        (FREE, 10**400, f"free: anything to anything, not 1{39 * '0'}"),
        (TORCH, 1, "torch: true or false, not 1"),
        (START, False, "start: true presses it"),
        (MODE, 2, "mode: one of 1 (Manual), 3 (Auto), not 2"),
        (MODE, True, "mode: one of 1 (Manual), 3 (Auto), not True"),
        (SHUTTER, True, "shutter: the camera tells it and lets nobody set it"),
    ],
)
def test_what_is_impossible_is_refused_with_what_would_be_possible(control: Control, value: Value, words: str) -> None:
    with pytest.raises(ControlError) as refusal:
        checked(control, value)
    assert str(refusal.value) == words


def test_why_a_control_waits() -> None:
    held = Control(id="exposure", name="Exposure", kind="integer", active=False, held_by="auto_exposure")
    assert hindrance(held) == "exposure: auto_exposure decides it now; set that first"
    assert "takes no value" in hindrance(Control(id="x", name="X", kind="integer", active=False))
