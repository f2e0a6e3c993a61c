"""Settings: what people set on a stream's camera, from the asking to what the camera made of it. No I/O.

Rule 1: of each control the newest value counts, and none gets lost: what waits is merged, what is on its way when a worker ends
        waits again.
Rule 2: a value is checked against what the camera offers before it is believed, and kept once the camera took it.
Rule 3: values are kept for the model they were set on, so that another camera is not set blindly.
"""

import time
from collections.abc import Mapping
from typing import TypeAlias

from msgspec import structs

from appliance.streams.change import Change
from appliance.wire.controls import Control, Value, checked
from appliance.wire.hallway import Adjust, Controls

MOST_MODELS = 8  # of which values are kept; the one that was there last counts most
CRASHES = (
    3  # in a row, while the camera was set, say as much as one hang: a plug that bounces is no fault of the camera's
)

Kept: TypeAlias = dict[str, dict[str, Value]]


class NoControlsError(LookupError):
    """It is not known what this camera offers, or it offers nothing."""


class UnknownControlError(LookupError):
    """The camera has no such control; `str()` names those it has."""


class Settings:
    """The controls of one stream's camera."""

    def __init__(self) -> None:
        self.changed = Change()  # what is known or wished is different
        self.due = Change()  # there is something for the worker
        self.model = ""  # of the camera that `controls` are of
        self.present = False  # is there a worker that answers?
        self.refused: dict[str, str] = {}  # why the camera did not take the last value of a control
        self.answered = 0  # the number of the newest wish that the camera has answered
        self.told_s = float("-inf")
        self._kept: Kept = {}  # by model, the latest last
        self._told: list[Control] = []
        self._waiting: dict[str, Value | None] = {}
        self._under_way: dict[str, Value | None] = {}
        self._asked = self._sent = 0  # numbers of wishes
        self._unsettled = False  # open, and being set as people set it
        self._hung = False
        self._failures = 0  # in a row, counted in crashes

    # What people see and ask for.

    @property
    def controls(self) -> list[Control]:
        """All there is, with the values of now; those that are still on their way as if they had arrived."""
        coming = {**self._under_way, **self._waiting}
        return [_as_if(control, coming) if control.id in coming else control for control in self._told]

    def ask(self, values: Mapping[str, Value | None]) -> int:
        """Have these set, None: back to the default; the number under which they are answered. All or nothing.

        Raises NoControlsError, UnknownControlError, or ControlError, which names the range.
        """
        here = {control.id: control for control in self._told}
        if not here:
            raise NoControlsError("this camera offers nothing to set, or has not been open yet")
        taken: dict[str, Value | None] = {}
        for key, value in values.items():
            if key not in here:
                raise UnknownControlError(f"there is no control {key[:64]!r} here; there are {', '.join(here)}")
            taken[key] = None if value is None else checked(here[key], value)
        return self._ask(taken)

    def reset(self) -> int:
        """Have all that was set, or is not at its default, back at it; and keep nothing."""
        if not self.model:  # it was not open yet, so nobody knows which of them it is
            self._kept = {}
        kept = self._kept.get(self.model, {})
        off = [each.id for each in self._told if not each.read_only and each.default not in (None, each.value)]
        return self._ask(dict.fromkeys([*off, *(key for key in kept if key not in off)]))

    def look(self) -> int:
        """Ask for nothing but the values of now: what the camera does by itself, nobody is told."""
        return self._ask({})

    def _ask(self, values: dict[str, Value | None]) -> int:
        self._waiting |= values
        for key in values:
            self.refused.pop(key, None)
        self._asked += 1
        self.due.tell()
        self.changed.tell()
        return self._asked

    # What capture takes and brings.

    def begin(self) -> Kept | None:
        """A worker starts: what it is to set on which model; None: it shall not even look at the controls.

        Since a picture is worth more than its settings, a camera that hung while it was set starts with none, and one that does so
        again is left alone. The one after that is set again.
        """
        self.end()
        self._failures = self._failures + CRASHES * self._hung + self._unsettled if self._hung or self._unsettled else 0
        if self._hung:
            self._give_up_what_waits()
        self._hung = self._unsettled = False
        return self.kept if self._failures < CRASHES else {} if self._failures < 2 * CRASHES else None

    def hung(self) -> None:
        """The worker stopped answering; was it because of what it was to set?"""
        self._hung = self._unsettled or bool(self._under_way)

    def _give_up_what_waits(self) -> None:
        self.refused = {key: f"{key}: the camera hung while it was set" for key in self._waiting}
        self._waiting, self._sent, self.answered = {}, self._asked, self._asked

    def opened(self) -> None:
        """The camera is open, and is being set."""
        self._unsettled = True

    def next(self) -> Adjust | None:
        """What the worker is to do now, if anything. One at a time: what is asked for meanwhile becomes one."""
        if not self.present or self._sent > self.answered or self._asked == self._sent:
            return None
        self._under_way, self._waiting, self._sent = self._waiting, {}, self._asked
        return Adjust(self.model, self._sent, self._under_way)

    def told(self, told: Controls) -> None:
        """What can be set now, and what became of what was asked for."""
        if told.model != self.model:
            self.model, self._waiting, self._under_way, self.refused = told.model, {}, {}, {}
            self._sent = self.answered  # whoever waits for an answer gets one, if to nothing
        if told.number and told.number == self._sent:
            self._keep({key: value for key, value in self._under_way.items() if key not in told.refused})
            self.refused = {key: why for key, why in self.refused.items() if key not in self._under_way} | told.refused
            self._under_way, self.answered = {}, told.number
        self._told, self.present, self._unsettled, self.told_s = told.controls, True, False, time.monotonic()
        self.changed.tell()
        self.due.tell()

    def end(self) -> None:
        """There is no worker any more: what was on its way waits for the next one."""
        self._waiting = {**self._under_way, **self._waiting}
        self._under_way, self._sent, self.present = {}, self.answered, False
        self.changed.tell()

    # What outlives the program.

    @property
    def kept(self) -> Kept:
        """What was set, by model; also what the camera has not heard of yet."""
        coming = {**self._under_way, **self._waiting}
        return self._kept if not coming else _merged(self._kept, self.model, self._lasting(coming))

    def recall(self, kept: Kept) -> None:
        """What was kept before the program started."""
        self._kept = dict(list(kept.items())[-MOST_MODELS:])

    def _keep(self, values: Mapping[str, Value | None]) -> None:
        if values:
            self._kept = _merged(self._kept, self.model, self._lasting(values))

    def _lasting(self, values: Mapping[str, Value | None]) -> dict[str, Value | None]:
        """Without buttons, which are pressed once."""
        buttons = {control.id for control in self._told if control.kind == "button"}
        return {key: value for key, value in values.items() if key not in buttons}


def _as_if(control: Control, coming: Mapping[str, Value | None]) -> Control:
    value = coming[control.id]
    return (
        control
        if control.kind == "button"
        else structs.replace(control, value=control.default if value is None else value)
    )


def _merged(kept: Kept, model: str, values: Mapping[str, Value | None]) -> Kept:
    """`values` laid over those of `model`, which now is the latest; without any it is forgotten."""
    merged = {**kept.get(model, {}), **values}
    left = {key: value for key, value in merged.items() if value is not None}
    others = [(each, its) for each, its in kept.items() if each != model]
    return dict([*others, (model, left)][-MOST_MODELS:]) if left else dict(others)
