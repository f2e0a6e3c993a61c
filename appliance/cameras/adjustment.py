"""Adjustment: brings about what people set on the camera, between two pictures.

Rule 1: what is wished holds for as long as the camera is this one: set anew after it was opened, and as soon as a control that
        stood against it lets go.
Rule 2: whoever asked hears the truth: what could not be set comes back with its reason, and the list says what is so now.
"""

from collections.abc import Callable, Mapping

from appliance.cameras.base import Controllable
from appliance.wire.controls import Control, ControlError, Value, hindrance
from appliance.wire.hallway import Adjust, Controls, Opened

ROUNDS = 3  # to set one control may let go of another; chains are not longer


class Adjustment:
    """What is wished of one camera, and what it made of it."""

    def __init__(
        self,
        camera: Controllable,
        kept: Mapping[str, Mapping[str, Value]] | None,
        say: Callable[[Controls], None],
    ) -> None:
        self._camera, self._say = camera, say
        self._kept = kept  # None: the controls are left alone
        self._model = ""
        self._wished: dict[str, Value] = {}
        self._controls: list[Control] = []

    def opened(self, opened: Opened) -> None:
        """It is open: have it as people set it, before its first picture. Raises CameraError."""
        refused: dict[str, str] = {}
        if opened.known_as != self._model:
            self._model = opened.known_as
            self._wished = dict((self._kept or {}).get(self._model, {}))
        if self._kept is not None:
            self._controls = self._camera.controls()
            _, refused = self._bring_about(self._wished)
        self._say(Controls(self._model, self._controls, refused=refused))

    def adjust(self, order: Adjust) -> None:
        """Do what was asked for, and say what came of it. Raises CameraError."""
        if order.model != self._model or self._kept is None:
            why = (
                "there is another camera now"
                if order.model != self._model
                else "it is left alone, since the camera hung"
            )
            refused = {key: f"{key}: {why}" for key in order.values}
        else:
            self._controls = self._camera.controls()
            refused = self._set(order.values) if order.values else {}
        self._say(Controls(self._model, self._controls, order.number, refused))

    def _set(self, values: Mapping[str, Value | None]) -> dict[str, str]:
        """Set or reset these; what is refused stays wished as it was."""
        waiting, refused = self._bring_about(self._due(values))
        for control in waiting:
            if values.get(control.id) is not None:
                refused[control.id] = hindrance(control)
        buttons = {control.id for control in self._controls if control.kind == "button"}
        for key, value in values.items():
            if value is None:
                self._wished.pop(key, None)
            elif key not in refused and key not in buttons:
                self._wished[key] = value
        return refused

    def _due(self, values: Mapping[str, Value | None]) -> dict[str, Value]:
        """What to set, in turn: defaults, the new values, and what is wished and may become possible by them.

        Defaults in turn backwards: drivers list what stands against others before those others, so it is put back last.
        """
        defaults = {
            each.id: each.default
            for each in reversed(self._controls)
            if each.default is not None and values.get(each.id, each) is None
        }
        held = {
            each.id: self._wished[each.id] for each in self._controls if not each.active and each.id in self._wished
        }
        return {
            **defaults,
            **{key: value for key, value in values.items() if value is not None},
            **{key: value for key, value in held.items() if key not in values},
        }

    def _bring_about(self, due: Mapping[str, Value]) -> tuple[list[Control], dict[str, str]]:
        """Set all that can be set; what has to wait, since another control stands against it, and what was refused."""
        left, refused = dict(due), dict[str, str]()
        for _ in range(ROUNDS):
            active = {control.id for control in self._controls if control.active}
            ready = {key: value for key, value in left.items() if key in active}
            if not ready:
                break
            for key, value in ready.items():
                del left[key]
                try:
                    self._camera.set_control(key, value)
                except ControlError as error:
                    refused[key] = str(error)
            self._controls = self._camera.controls()
        here = {control.id: control for control in self._controls}
        refused |= {key: f"{key}: this camera has no such control" for key in left if key not in here}
        return [here[key] for key in left if key in here], refused
