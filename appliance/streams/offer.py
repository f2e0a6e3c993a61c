"""Offer: the presets a stream's viewers can choose from, and what each of them comes to with this camera. Pure arithmetic."""

from appliance.config import AUTO, NATIVE, Camera, Preset
from appliance.geometry import Size, fitted, turned
from appliance.wire.hallway import Opened, Rendition

NATIVE_QUALITY = 90  # for cameras that deliver no JPEG of their own


class UnknownPresetError(LookupError):
    """No such preset is offered; `str()` names those that are."""


class Offer:
    """The presets of one stream, and what was chosen for everybody who watches it."""

    def __init__(self, camera: Camera, presets: dict[str, Preset]) -> None:
        self._camera = camera
        self._presets = {
            name: preset
            for name, preset in sorted(presets.items(), key=_goodness)
            if not camera.presets or name in camera.presets
        }
        native = [NATIVE] if not camera.presets or NATIVE in camera.presets else []
        self.names = [*self._presets, *native]
        self.preset = camera.preset  # for viewers who ask for none
        self.fps: int | None = None  # for everybody, over the preset's
        self.jpeg_quality: int | None = None

    def resolve(self, preset: str | None) -> str:
        """The preset a wish comes to. Raises UnknownPresetError."""
        name = self.preset if preset is None or preset == AUTO else preset
        if name == AUTO:
            name = next(reversed(self._presets), NATIVE)
        if name not in self.names:
            raise UnknownPresetError(f"there is no preset {name!r} here; there are {', '.join([*self.names, AUTO])}")
        return name

    def size_of(self, preset: str, opened: Opened | None) -> Size:
        """The size a rendition has, as far as is known before its first frame."""
        known = opened or self._camera
        native = turned(Size(known.width, known.height), self._camera.rotation)
        return fitted(native, None if preset == NATIVE else self._presets[preset].height)

    def fps_of(self, preset: str) -> float:
        """The rate a rendition runs at when its viewers take all of it."""
        own = self._camera.fps if preset == NATIVE else self._presets[preset].fps
        return min(self.fps or own, self._camera.fps)

    def rendition(self, name: str, asked_fps: list[float | None]) -> Rendition:
        """What has to be made for viewers who ask for these rates; None: all there is."""
        fps = self.fps_of(name)
        limits = [each for each in asked_fps if each is not None]
        if len(limits) == len(asked_fps):
            fps = min(fps, max(limits))
        slot = self.names.index(name)
        if name == NATIVE:
            return Rendition(slot, None, fps, self.jpeg_quality or NATIVE_QUALITY, None)
        preset = self._presets[name]
        quality = self.jpeg_quality or preset.jpeg_quality
        passthrough = self.jpeg_quality is None  # a quality somebody chose is obeyed, so encode
        return Rendition(slot, preset.height, fps, quality, preset.max_kbytes_per_s, passthrough)


def _goodness(named: tuple[str, Preset]) -> tuple[int, int, int]:
    preset = named[1]
    return preset.height, preset.fps, preset.jpeg_quality
