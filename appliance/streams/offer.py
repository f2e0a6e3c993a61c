"""Offer: the presets a stream's viewers can choose from, and what each of them comes to with this camera. Pure arithmetic.

A rendition is named like its preset. `high~lean` is `high` at a lower JPEG quality, `~least` is what even a bad link carries: both are
steps of the adaptive ladder, which nobody can choose by name.
"""

from msgspec import structs

from appliance.config import AUTO, NATIVE, Camera, Preset
from appliance.geometry import Size, fitted, turned
from appliance.streams.rung import Rung
from appliance.streams.slots import Slots
from appliance.wire.hallway import Opened, Rendition

NATIVE_QUALITY = 90  # for cameras that deliver no JPEG of their own
LEAN, LEAST = "~lean", "~least"
LEAN_QUALITY = 20  # lower than the preset's: about 0.6 of the bytes
LOWEST_QUALITY = 50  # below, pictures are blocks
LEAST_PRESET = Preset(height=240, fps=12, jpeg_quality=LOWEST_QUALITY, max_kbytes_per_s=100)
SMOOTH_FPS = 10.0  # a ladder skips no more frames than leave this


class UnknownPresetError(LookupError):
    """No such preset is offered; `str()` names those that are."""


class Offer:
    """The presets of one stream, and what was chosen for everybody who watches it."""

    def __init__(self, camera: Camera, presets: dict[str, Preset], slots: Slots | None = None) -> None:
        self._camera = camera
        self._presets = {
            name: preset
            for name, preset in sorted(presets.items(), key=_goodness)
            if not camera.presets or name in camera.presets
        }
        native = [NATIVE] if not camera.presets or NATIVE in camera.presets else []
        self.names = [*self._presets, *native]
        lean = {name + LEAN: _lean(preset) for name, preset in self._presets.items()}
        self.renditions = [*self.names, *lean, LEAST]
        self.slots = (slots or Slots()).given_to(self.renditions)
        self._made = {**self._presets, **lean, LEAST: LEAST_PRESET}
        self.preset = camera.preset  # for viewers who ask for none
        self.fps: int | None = camera.viewer_fps or None  # for everybody, over the preset's
        self.jpeg_quality: int | None = camera.viewer_jpeg_quality or None

    def renewed(self, camera: Camera, presets: dict[str, Preset]) -> "Offer":
        """The offer once the configuration is another. What it left alone stays as people chose it."""
        new, before = Offer(camera, presets, self.slots), self._camera
        if camera.preset == before.preset and self.preset in (*new.names, AUTO):
            new.preset = self.preset
        if camera.viewer_fps == before.viewer_fps:
            new.fps = self.fps
        if camera.viewer_jpeg_quality == before.viewer_jpeg_quality:
            new.jpeg_quality = self.jpeg_quality
        return new

    def resolve(self, preset: str | None) -> str:
        """The preset a wish comes to, for `auto` the best there is on its ladder. Raises UnknownPresetError."""
        name = self.preset if preset is None or preset == AUTO else preset
        if name == AUTO:
            name = next(reversed(self._presets), NATIVE)
        if name not in self.names:
            raise UnknownPresetError(f"there is no preset {name!r} here; there are {', '.join([*self.names, AUTO])}")
        return name

    def is_auto(self, preset: str | None) -> bool:
        """Whether a wish means: as the viewer's connection allows."""
        return AUTO in (preset, self.preset if preset is None else None)

    def rungs(self, preset: str | None) -> list[Rung]:
        """What a viewer with this wish may get, best first: one thing, or for `auto` a ladder. Raises UnknownPresetError."""
        top = self.resolve(preset)
        if not self.is_auto(preset):
            return [Rung(top, top, None, top)]
        below = self.names[: self.names.index(top) + 1]
        ladder = [rung for name in reversed(below) for rung in self._rungs_of(name)]
        if all(self._presets[name].height > LEAST_PRESET.height for name in below if name != NATIVE):
            ladder.append(Rung(LEAST, below[0], None, f"{LEAST_PRESET.height} lines"))
        return ladder

    def _rungs_of(self, name: str) -> list[Rung]:
        """All of it, then every other frame, then a lower JPEG quality."""
        half_fps = self.fps_of(name) / 2
        rungs = [Rung(name, name, None, name)]
        skips = half_fps >= SMOOTH_FPS
        if skips:
            rungs.append(Rung(name, name, half_fps, f"{name} at {half_fps:g} fps"))
        if name != NATIVE and self.quality_of(name + LEAN) < self.quality_of(name):
            fewer = half_fps if skips else None
            rungs.append(Rung(name + LEAN, name, fewer, f"{rungs[-1].name}, lean"))
        return rungs

    def heights(self) -> list[int]:
        """What viewers are likely to want, in pixels as they see them: first who asks for nothing in particular, then the best."""
        own = [self._presets[self.preset].height] if self.preset in self._presets else []
        return list(dict.fromkeys([*own, *(preset.height for preset in reversed(self._presets.values()))]))

    def size_of(self, rendition: str, opened: Opened | None) -> Size:
        """The size a rendition has, as far as is known before its first frame."""
        known = opened or self._camera
        native = turned(Size(known.width, known.height), self._camera.rotation)
        return fitted(native, None if rendition == NATIVE else self._made[rendition].height)

    def fps_of(self, rendition: str) -> float:
        """The rate a rendition runs at when its viewers take all of it."""
        own = self._camera.fps if rendition == NATIVE else self._made[rendition].fps
        return min(self.fps or own, self._camera.fps)

    def quality_of(self, rendition: str) -> int:
        """The JPEG quality it is made at, where it is made at all."""
        if rendition == NATIVE:
            return self.jpeg_quality or NATIVE_QUALITY
        if rendition.endswith(LEAN) and self.jpeg_quality:
            return max(LOWEST_QUALITY, self.jpeg_quality - LEAN_QUALITY)
        own = self._made[rendition].jpeg_quality
        return own if rendition == LEAST else self.jpeg_quality or own

    def rendition(self, name: str, asked_fps: list[float | None]) -> Rendition:
        """What has to be made for viewers who ask for these rates; None: all there is."""
        fps = self.fps_of(name)
        limits = [each for each in asked_fps if each is not None]
        if len(limits) == len(asked_fps):
            fps = min(fps, max(limits))
        slot, quality = self.slots[name], self.quality_of(name)
        if name == NATIVE:
            return Rendition(slot, None, fps, quality, None)
        preset = self._made[name]
        passthrough = (
            name in self._presets and self.jpeg_quality is None
        )  # a quality somebody chose is obeyed, so encode
        return Rendition(slot, preset.height, fps, quality, preset.max_kbytes_per_s, passthrough)


def _lean(preset: Preset) -> Preset:
    return structs.replace(
        preset,
        jpeg_quality=max(LOWEST_QUALITY, preset.jpeg_quality - LEAN_QUALITY),
        max_kbytes_per_s=max(10, preset.max_kbytes_per_s // 2),
    )


def _goodness(named: tuple[str, Preset]) -> tuple[int, int, int]:
    preset = named[1]
    return preset.height, preset.fps, preset.jpeg_quality
