"""Controls: what can be set on a camera while it runs, in the words of its driver (V4L2 or libcamera). Values only.

Rule 1: an impossible value is refused with what would have been possible; nothing is clamped in silence.
"""

from typing import Literal, TypeAlias

from msgspec import Struct

Value: TypeAlias = bool | int | float | str
BEYOND = 2**63  # numbers no driver has
LONGEST_SHOWN = 40  # of what somebody sent, in an answer
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
    held_by: str = ""  # the id of that other control, where it is known
    read_only: bool = False  # the camera only tells it, such as whether its shutter is closed


class ControlError(ValueError):
    """A value that cannot be; `str()` names the control and what is possible."""


def checked(control: Control, value: Value) -> Value:
    """`value` as the control takes it. Raises ControlError, which names the range."""
    if control.read_only:
        raise ControlError(f"{control.id}: the camera tells it and lets nobody set it")
    match control.kind:
        case "boolean":
            if isinstance(value, bool):
                return value
            raise ControlError(f"{control.id}: true or false, not {_shown(value)}")
        case "menu":
            if (
                isinstance(value, int)
                and not isinstance(value, bool)
                and value in [each.value for each in control.choices]
            ):
                return value
            possible = ", ".join(f"{each.value} ({each.label})" for each in control.choices)
            raise ControlError(f"{control.id}: one of {possible}, not {_shown(value)}")
        case "button":
            if value is True:
                return value
            raise ControlError(f"{control.id}: true presses it")
        case "integer" | "number":
            return _in_range(control, value)


def _in_range(control: Control, value: Value) -> Value:
    if isinstance(value, int | float) and not isinstance(value, bool) and _is_possible(control, value):
        return int(value) if control.kind == "integer" else float(value)
    step = f" in steps of {control.step:g}" if control.step and control.step != 1 else ""
    unit = f" {control.unit}" if control.unit else ""
    raise ControlError(
        f"{control.id}: {_said(control.minimum)} to {_said(control.maximum)}{unit}{step}, not {_shown(value)}"
    )


def _is_possible(control: Control, value: float) -> bool:
    low, high = control.minimum, control.maximum
    if not abs(value) < BEYOND or (low is not None and value < low) or (high is not None and value > high):
        return False
    if control.kind == "number" or value == control.default:  # a default is on no step at times
        return True
    return float(value).is_integer() and (int(value) - int(low or 0)) % int(control.step or 1) == 0


def _said(limit: float | None) -> str:
    return "anything" if limit is None else f"{limit:.10g}"


def _shown(value: Value) -> str:
    return repr(value)[:LONGEST_SHOWN]


def hindrance(control: Control) -> str:
    """Why a control that is not active takes no value now, for people."""
    if control.held_by:
        return f"{control.id}: {control.held_by} decides it now; set that first"
    return f"{control.id}: the camera takes no value for it now"
