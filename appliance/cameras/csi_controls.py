"""Controls of a camera on the ribbon cable: libcamera's own, by its names, with words, units and labels for people.

Rule 1: what is wished is kept, whatever stands against it now: an exposure time counts as soon as automatic exposure ends. So the
        order in which wishes come does not matter.
Rule 2: a control that another one stands against shows what the camera does, as its last frame tells.
Rule 3: only controls of this table; libcamera has others, which are its own business or no single value.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from appliance.geometry import Size
from appliance.wire.controls import Choice, Control, ControlError, Kind, Value, checked

Ranges = Mapping[str, tuple[Any, Any, Any]]  # least, most and default of each, as picamera2's camera_controls
Labels = Mapping[str, int]  # the names of an enumeration of libcamera's
Area = tuple[int, int, int, int]  # x, y, width, height in pixels of the sensor

ZOOM, MOST_ZOOM = "zoom", 8.0
START_FOCUS = 0  # AfTriggerStart
BY_HAND, ONCE = 0, 1  # of AfMode
FLICKER_BY_HAND = 1  # of AeFlickerMode


class Offered(NamedTuple):
    """What libcamera does not say about a control."""

    name: str
    kind: Kind
    unit: str = ""
    rules: tuple[str, tuple[Value, ...]] | None = None  # it counts only while that control has one of these values


_AUTOMATIC: tuple[str, tuple[Value, ...]] = ("AeEnable", (True,))
_EXPOSED_BY_HAND: tuple[str, tuple[Value, ...]] = ("AeEnable", (False,))
OFFERED = {
    "AeEnable": Offered("Automatic exposure", "boolean"),
    "ExposureTime": Offered("Exposure time", "integer", "µs", _EXPOSED_BY_HAND),
    "AnalogueGain": Offered("Gain", "number", "×", _EXPOSED_BY_HAND),
    "ExposureValue": Offered("Exposure correction", "number", "EV", _AUTOMATIC),
    "AeExposureMode": Offered("Exposure program", "menu", "", _AUTOMATIC),
    "AeMeteringMode": Offered("Exposure metering", "menu", "", _AUTOMATIC),
    "AeConstraintMode": Offered("Exposure priority", "menu", "", _AUTOMATIC),
    "AeFlickerMode": Offered("Against flickering lamps", "menu", "", _AUTOMATIC),
    "AeFlickerPeriod": Offered("Period of the flicker", "integer", "µs", ("AeFlickerMode", (FLICKER_BY_HAND,))),
    "AwbEnable": Offered("Automatic white balance", "boolean"),
    "AwbMode": Offered("Light", "menu", "", ("AwbEnable", (True,))),
    "ColourTemperature": Offered("Colour temperature", "integer", "K", ("AwbEnable", (False,))),
    "AfMode": Offered("Focus", "menu"),
    "AfTrigger": Offered("Focus once", "button", "", ("AfMode", (ONCE,))),
    "AfRange": Offered("Focus range", "menu", "", ("AfMode", (ONCE, 2))),
    "AfSpeed": Offered("Focus speed", "menu", "", ("AfMode", (ONCE, 2))),
    "LensPosition": Offered("Focus distance", "number", "dpt", ("AfMode", (BY_HAND,))),  # dioptres: 1 / metres; 0: far
    "Brightness": Offered("Brightness", "number"),
    "Contrast": Offered("Contrast", "number"),
    "Saturation": Offered("Saturation", "number"),
    "Sharpness": Offered("Sharpness", "number"),
    "NoiseReductionMode": Offered("Noise reduction", "menu"),
    "HdrMode": Offered("HDR", "menu"),
}
_TAKEN_BACK = {"AeEnable": {"ExposureTime": 0, "AnalogueGain": 0}}  # 0: to libcamera the end of a fixed value


class CsiControls:
    """The controls of one camera, with what was wished."""

    def __init__(
        self, ranges: Ranges, labels: Callable[[str], Labels], configured: Mapping[str, Any], frame_us: int, main: Size
    ) -> None:
        """`labels`: of a control's enumeration, {} if it has none. `configured`: defaults that are not libcamera's. `main`: the size
        of the picture, whose proportions a zoom keeps.
        """
        self._ranges, self._labels, self._configured, self._frame_us = ranges, labels, configured, frame_us
        self._wished: dict[str, Value] = {}
        self._crop = _Crop.of(ranges.get("ScalerCrop"), main)

    def listed(self, metadata: Mapping[str, object]) -> list[Control]:
        """All that the camera has. `metadata`: of its last frame."""
        return [*self._all(metadata)]

    def wish(self, control_id: str, value: Value) -> dict[str, object]:
        """Take in a wish. Returns what has to be set in libcamera now. Raises ControlError."""
        there = {control.id: control for control in self._all({})}
        control = there.get(control_id)
        if control is None:
            raise ControlError(f"{control_id}: this camera has no such control; it has {', '.join(there) or 'none'}")
        value = checked(control, value)
        if control.kind == "button":
            return {control_id: START_FOCUS}
        self._wished[control_id] = value
        return self._to_set(control_id, value)

    def _to_set(self, control_id: str, value: Value) -> dict[str, object]:
        """This one, if it counts; and those that begin or cease to count with it."""
        if control_id == ZOOM:
            assert self._crop is not None
            return {"ScalerCrop": self._crop.zoomed(float(value))}
        if not self._counts(control_id):
            return {}
        settings: dict[str, object] = {control_id: value}
        for ruled, offered in OFFERED.items():
            if offered.rules and offered.rules[0] == control_id and ruled in self._wished:
                if self._counts(ruled):
                    settings[ruled] = self._wished[ruled]
                elif ruled in _TAKEN_BACK.get(control_id, {}):
                    settings[ruled] = _TAKEN_BACK[control_id][ruled]
        return settings

    def _counts(self, control_id: str) -> bool:
        rules = OFFERED[control_id].rules
        return rules is None or rules[0] not in self._ranges or self._kept(rules[0]) in rules[1]

    def _kept(self, control_id: str) -> Value | None:
        """What was wished, else what the camera begins with."""
        return self._wished.get(control_id, self._default(control_id))

    def _default(self, control_id: str) -> Value | None:
        least, most, default = self._ranges[control_id]
        default = self._configured.get(control_id, default)
        match OFFERED[control_id].kind:
            case "boolean":
                return default is None or bool(default)  # libcamera leaves it out for what is on: white balance
            case "menu":
                return int(least if default is None else default)
            case "integer" | "number" if isinstance(default, int | float):
                nearest: float = max(least, min(default, self._most(control_id, most)))
                return nearest
        return None

    def _most(self, control_id: str, most: float) -> float:
        """A longer exposure than a frame would mean fewer frames, and their rate is configured."""
        return min(most, self._frame_us) if control_id == "ExposureTime" else most

    def _all(self, metadata: Mapping[str, object]) -> Iterator[Control]:
        for control_id, offered in OFFERED.items():
            if control_id in self._ranges and (control := self._control(control_id, offered, metadata)):
                yield control
        if self._crop is not None:
            zoom = self._wished.get(ZOOM, 1.0)
            yield Control(
                id=ZOOM,
                name="Zoom",
                kind="number",
                value=zoom,
                default=1.0,
                minimum=1.0,
                maximum=self._crop.most,
                unit="×",
            )

    def _control(self, control_id: str, offered: Offered, metadata: Mapping[str, object]) -> Control | None:
        least, most, _ = self._ranges[control_id]
        active, choices = self._counts(control_id), []
        if offered.kind == "menu":
            choices = [
                Choice(n, _in_words(label)) for label, n in self._labels(control_id).items() if least <= n <= most
            ]
            if not choices:
                return None
        has_range = offered.kind in ("integer", "number")
        return Control(
            id=control_id,
            name=offered.name,
            kind=offered.kind,
            value=self._now(control_id, active, metadata),
            default=self._default(control_id),
            minimum=least if has_range else None,
            maximum=self._most(control_id, most) if has_range else None,
            unit=offered.unit,
            choices=sorted(choices, key=lambda choice: choice.value),
            active=active,
        )

    def _now(self, control_id: str, active: bool, metadata: Mapping[str, object]) -> Value | None:
        told = metadata.get(control_id)
        if (not active or control_id not in self._wished) and isinstance(told, int | float):
            return round(told, 3) if isinstance(told, float) else told
        return None if OFFERED[control_id].kind == "button" else self._kept(control_id)


class _Crop(NamedTuple):
    """The part of the sensor that becomes the picture."""

    whole: Area
    most: float  # zoom

    @classmethod
    def of(cls, limits: tuple[Any, Any, Any] | None, main: Size) -> "_Crop | None":
        """`limits`: of ScalerCrop; None where the camera cannot crop."""
        if limits is None:
            return None
        least, largest, default = limits
        whole = centred(default or largest, main)
        most = min(MOST_ZOOM, whole[2] / max(least[2], 1), whole[3] / max(least[3], 1))
        return cls(whole, round(most, 2)) if most > 1 else None

    def zoomed(self, factor: float) -> Area:
        x, y, width, height = self.whole
        inner = int(width / factor), int(height / factor)
        return x + (width - inner[0]) // 2, y + (height - inner[1]) // 2, *inner


def centred(area: Area, aspect: Size) -> Area:
    """The largest part of `area`, around its centre, with the proportions of `aspect`: libcamera would stretch the rest."""
    x, y, width, height = area
    inner = Size(min(width, height * aspect.width // aspect.height), min(height, width * aspect.height // aspect.width))
    return x + (width - inner.width) // 2, y + (height - inner.height) // 2, inner.width, inner.height


def _in_words(label: str) -> str:
    """`HighQuality` → "High quality"."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in label).strip()
    return words[:1].upper() + words[1:]
