"""Controls: what can be set on a camera while it runs, in the words of its driver (V4L2 or libcamera). Values only.

Rule 1: an impossible value is refused with what would have been possible; nothing is clamped in silence.
"""

import math
from typing import Literal, TypeAlias

from msgspec import Struct

Value: TypeAlias = bool | int | float | str
Kind = Literal["integer", "number", "boolean", "menu", "button"]


class Choice(Struct, frozen=True):
    """One entry of a menu."""

    value: int
    label: str


class Control(Struct, frozen=True, kw_only=True):
    """One thing that can be set. `id` stays the same for all cameras of a kind: `exposure_time_absolute`, `ExposureTime`."""

    id: str
    name: str  # for people
    kind: Kind
    value: Value | None = None  # now; None: the camera does not say, or it is a button
    default: Value | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str = ""  # "µs", "K", "°", "%", "×", or nothing where the driver's numbers mean nothing outside
    choices: list[Choice] = []
    active: bool = True  # False: another control stands against it, such as automatic exposure against exposure time


class ControlError(ValueError):
    """A value that cannot be; `str()` names the control and what is possible."""


def checked(control: Control, value: Value) -> Value:
    """`value` as the control takes it. Raises ControlError, which names the range."""
    match control.kind:
        case "boolean":
            if isinstance(value, bool):
                return value
            raise ControlError(f"{control.id}: true or false, not {value!r}")
        case "menu":
            if (
                isinstance(value, int)
                and not isinstance(value, bool)
                and value in [each.value for each in control.choices]
            ):
                return value
            possible = ", ".join(f"{each.value} ({each.label})" for each in control.choices)
            raise ControlError(f"{control.id}: one of {possible}, not {value!r}")
        case "button":
            if value is True:
                return value
            raise ControlError(f"{control.id}: true presses it")
        case "integer" | "number":
            return _in_range(control, value)


def _in_range(control: Control, value: Value) -> Value:
    low, high = control.minimum, control.maximum
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        whole = control.kind == "number" or float(value).is_integer()
        if whole and (low is None or value >= low) and (high is None or value <= high):
            return int(value) if control.kind == "integer" else float(value)
    step = f" in steps of {control.step:g}" if control.step and control.step != 1 else ""
    unit = f" {control.unit}" if control.unit else ""
    raise ControlError(f"{control.id}: {_said(low)} to {_said(high)}{unit}{step}, not {value!r}")


def _said(limit: float | None) -> str:
    return "anything" if limit is None else f"{limit:g}"
