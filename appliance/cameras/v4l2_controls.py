"""What can be set on a V4L2 device: its controls asked for, read and set, beside whoever streams from it.

Rule 1: each call has a descriptor of its own, so nothing here stands in the way of the stream, or outlives a device.
Rule 2: ids are those of v4l2-ctl and numbers those of the driver, so that what people know of their camera holds here too. A unit
        may therefore hold a factor: exposure_time_absolute counts in "100 µs".
Rule 3: a device whose controls cannot be asked for has none: that is no reason to be without its pictures.
Rule 4: what programs cannot set in one number (arrays, strings, 64 bit, bit masks, headings) is left out.
"""

import errno
import re
import struct
import sys
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import structs

from appliance.cameras import v4l2
from appliance.cameras.base import CameraError
from appliance.wire.controls import Choice, Control, ControlError, Kind, Value, checked, hindrance

# Of <linux/videodev2.h>. v4l2_query_ext_ctrl: id, type, name, minimum, maximum, step, default_value, flags, then what arrays have.
_QUERY = struct.Struct("=II32sqqQqI156x")
_MENU = struct.Struct("=II32sI")  # id, index, name (of an integer menu: its value), reserved
_VALUE = struct.Struct("=Ii")  # id, value
_QUERY_EXT_CTRL = v4l2.ioctl_number(v4l2.READ_WRITE, _QUERY, 103)
_QUERYMENU = v4l2.ioctl_number(v4l2.READ_WRITE, _MENU, 37)
_G_CTRL = v4l2.ioctl_number(v4l2.READ_WRITE, _VALUE, 27)
_S_CTRL = v4l2.ioctl_number(v4l2.READ_WRITE, _VALUE, 28)

_NEXT = 0x80000000  # V4L2_CTRL_FLAG_NEXT_CTRL
_NOTHING = (0, b"", 0, 0, 0, 0, 0)
_DISABLED, _GRABBED, _READ_ONLY, _INACTIVE, _WRITE_ONLY, _HAS_PAYLOAD = 0x1, 0x2, 0x4, 0x10, 0x40, 0x100
_INTEGER, _BOOLEAN, _MENU_TYPE, _BUTTON, _INTEGER_MENU = 1, 2, 3, 4, 9
_KINDS: dict[int, Kind] = {
    _INTEGER: "integer",
    _BOOLEAN: "boolean",
    _MENU_TYPE: "menu",
    _INTEGER_MENU: "menu",
    _BUTTON: "button",
}
MOST_CONTROLS = 128  # a driver that never says "that was all" must not hold us
MOST_CHOICES = 64
_GONE = (errno.ENODEV, errno.ENXIO, errno.ENOENT)

_UNITS = {
    "exposure_time_absolute": "100 µs",
    "exposure_absolute": "100 µs",  # its name before Linux 5.16
    "white_balance_temperature": "K",
    "pan_absolute": "″",
    "tilt_absolute": "″",
    "rotate": "°",
}
# What V4L2 does not tell: which control decides instead of an inactive one. Each by its names of today and of before.
_HOLDERS = {
    "exposure_time_absolute": ("auto_exposure", "exposure_auto"),
    "exposure_absolute": ("exposure_auto", "auto_exposure"),
    "gain": ("gain_automatic", "auto_exposure"),
    "white_balance_temperature": ("white_balance_automatic", "white_balance_temperature_auto"),
    "red_balance": ("white_balance_automatic",),
    "blue_balance": ("white_balance_automatic",),
    "focus_absolute": ("focus_automatic_continuous", "focus_auto"),
    "hue": ("hue_automatic", "hue_auto"),
    "brightness": ("brightness_automatic",),
}


class Known(NamedTuple):
    """A control as the driver describes it, without its value."""

    number: int  # the driver's id
    control: Control
    readable: bool


class Answer(NamedTuple):
    """What VIDIOC_QUERY_EXT_CTRL says."""

    number: int
    type_: int
    name: bytes
    minimum: int
    maximum: int
    step: int
    standard: int
    flags: int


class V4l2Controls:
    """The controls of one device."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._known: dict[str, Known] = {}  # as of the last look

    def model(self) -> str:
        """Who the device says it is; "" where it does not say."""
        try:
            found = v4l2.capability(self._device)
        except OSError:
            return ""
        return found.name if found else ""

    def all(self) -> list[Control]:
        """All there is, with the values of now. Raises CameraError when the device is gone."""
        try:
            with v4l2.opened(self._device) as fd:
                self._known = _described(fd)
                return [_with_value(fd, each) for each in self._known.values()]
        except OSError as error:
            self._raise_if_gone(error)
            return []

    def set(self, control_id: str, value: Value) -> None:
        """Set one that `all` has shown. Raises ControlError for what cannot be, CameraError when the device is gone."""
        known = self._known.get(control_id)
        if known is None:
            raise ControlError(f"{control_id}: this camera has no such control")
        number = int(checked(known.control, value))
        try:
            with v4l2.opened(self._device) as fd:
                v4l2.ask(fd, _S_CTRL, _VALUE.pack(known.number, number))
        except OSError as error:
            self._raise_if_gone(error)
            self.all()  # it may be inactive by now
            raise ControlError(_refusal(self._known.get(control_id, known).control, error)) from error

    def _raise_if_gone(self, error: OSError) -> None:
        if error.errno in _GONE:
            raise CameraError(f"the camera was unplugged ({self._device})") from error


def _refusal(control: Control, error: OSError) -> str:
    if not control.active:
        return hindrance(control)
    if error.errno == errno.EBUSY:
        return f"{control.id}: the camera is busy with it; try again"
    return f"{control.id}: the camera refuses it ({(error.strerror or str(error)).lower()})"


def _described(fd: int) -> dict[str, Known]:
    known: dict[str, Known] = {}
    for answer in _answers(fd):
        if answer.type_ in _KINDS and not answer.flags & (_DISABLED | _HAS_PAYLOAD):
            control = _control(fd, answer)
            readable = control.kind != "button" and not answer.flags & _WRITE_ONLY
            known.setdefault(control.id, Known(answer.number, control, readable))
    return {control_id: each._replace(control=_held(each.control, known)) for control_id, each in known.items()}


def _answers(fd: int) -> Iterator[Answer]:
    number = 0
    for _ in range(MOST_CONTROLS):
        try:
            answer = Answer(*_QUERY.unpack(v4l2.ask(fd, _QUERY_EXT_CTRL, _QUERY.pack(number | _NEXT, *_NOTHING))))
        except OSError as error:
            if error.errno in _GONE:
                raise
            return  # EINVAL: that was the last; ENOTTY: it has none
        number = answer.number
        yield answer


def _control(fd: int, answer: Answer) -> Control:
    kind = _KINDS[answer.type_]
    title = _text(answer.name)
    possible = answer.minimum <= answer.standard <= answer.maximum  # some drivers name a default that is not
    control = Control(
        id=id_of(title),
        name=title,
        kind=kind,
        default=_typed(kind, answer.standard) if possible and kind != "button" else None,
        unit=_UNITS.get(id_of(title), ""),
        active=not answer.flags & (_INACTIVE | _GRABBED),
        read_only=bool(answer.flags & _READ_ONLY),
    )
    if kind == "menu":
        return structs.replace(control, choices=_choices(fd, answer))
    if kind == "integer":
        step = max(answer.step, 1)
        return structs.replace(control, minimum=answer.minimum, maximum=answer.maximum, step=step)
    return control


def _choices(fd: int, answer: Answer) -> list[Choice]:
    """The entries of a menu, which may have holes."""
    choices = []
    for index in range(answer.minimum, min(answer.maximum, answer.minimum + MOST_CHOICES) + 1):
        try:
            name = _MENU.unpack(v4l2.ask(fd, _QUERYMENU, _MENU.pack(answer.number, index, b"", 0)))[2]
        except OSError:
            continue
        whole = answer.type_ == _INTEGER_MENU
        choices.append(
            Choice(index, str(int.from_bytes(name[:8], sys.byteorder, signed=True)) if whole else _text(name))
        )
    return choices


def _held(control: Control, known: dict[str, Known]) -> Control:
    if control.active:
        return control
    holders = [each for each in _HOLDERS.get(control.id, ()) if each in known]
    return structs.replace(control, held_by=holders[0]) if holders else control


def _with_value(fd: int, known: Known) -> Control:
    if not known.readable:
        return known.control
    try:
        number = _VALUE.unpack(v4l2.ask(fd, _G_CTRL, _VALUE.pack(known.number, 0)))[1]
    except OSError as error:
        if error.errno in _GONE:
            raise
        return known.control  # many a camera does not tell what it does by itself
    return structs.replace(known.control, value=_typed(known.control.kind, number))


def _typed(kind: Kind, number: int) -> Value:
    return bool(number) if kind == "boolean" else number


def id_of(title: str) -> str:
    """The name that v4l2-ctl gives a control: "Exposure Time, Absolute" is `exposure_time_absolute`."""
    return re.sub("[^0-9a-z]+", "_", title.lower()).strip("_")


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode(errors="replace")
