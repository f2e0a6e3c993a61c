"""Offer: the presets a stream's viewers can choose from, and what each of them comes to with this camera. Pure arithmetic.

A rendition is named like its preset. `high~lean` is `high` at a lower JPEG quality, `~least` is what even a bad link carries: both are
steps of the adaptive ladder, which nobody can choose by name.
"""

from msgspec import structs

from appliance.config import AUTO, NATIVE, Camera, Preset
from appliance.geometry import Size, fitted, turned
from appliance.streams.ceiling import NONE
from appliance.streams.rung import Rung
from appliance.streams.slots import Slots
from appliance.wire.hallway import Opened, Rendition

NATIVE_QUALITY = 90  # for cameras that deliver no JPEG of their own
LEAN, LEAST = "~lean", "~least"
LEAN_QUALITY = 20  # lower than the preset's: about 0.6 of the bytes
LOWEST_QUALITY = 50  # below, pictures are blocks
LEAST_PRESET = Preset(height=240, fps=12, jpeg_quality=LOWEST_QUALITY, max_kbytes_per_s=100)
JPEG_FORMATS = ("MJPG", "JPEG")  # of cameras, as V4L2 calls them
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
        self.ceiling = NONE  # for everybody, whatever they chose

    def renewed(self, camera: Camera, presets: dict[str, Preset]) -> "Offer":
        """The offer once the configuration is another. What it left alone stays as people chose it."""
        new, before = Offer(camera, presets, self.slots), self._camera
        new.ceiling = self.ceiling
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

    def rungs(self, preset: str | None, opened: Opened | None = None) -> list[Rung]:
        """What a viewer with this wish may get, best first: one thing, or for `auto` a ladder. Raises UnknownPresetError."""
        wished = self._wished(preset)
        return self._below_ceiling(wished, opened) if self.ceiling.level else wished

    def reduction(self, preset: str | None, opened: Opened | None) -> str:
        """Why a viewer with this wish gets less than it comes to; "": it does not."""
        if not self.ceiling.level or self.rungs(preset, opened) == self._wished(preset):
            return ""
        return self.ceiling.why

    def _wished(self, preset: str | None) -> list[Rung]:
        top = self.resolve(preset)
        if not self.is_auto(preset):
            return [Rung(top, top, None, top)]
        below = self.names[: self.names.index(top) + 1]
        ladder = [rung for name in reversed(below) for rung in self._rungs_of(name)]
        if all(self._presets[name].height > LEAST_PRESET.height for name in below if name != NATIVE):
            ladder.append(self._least_rung(below[0]))
        return ladder

    def _least_rung(self, preset: str) -> Rung:
        return Rung(LEAST, preset, None, f"{LEAST_PRESET.height} lines")

    def _below_ceiling(self, wished: list[Rung], opened: Opened | None) -> list[Rung]:
        """Those that may be, slower; if none may, the best that does."""
        admitted = [rung for rung in wished if self._is_admitted(rung.rendition, opened)] or [
            self._best_admitted(opened)
        ]
        return list(dict.fromkeys(self._slowed(rung) for rung in admitted))

    def _is_admitted(self, rendition: str, opened: Opened | None) -> bool:
        return self.ceiling.admits(self.size_of(rendition, opened).height) or self._passes(rendition, opened)

    def _best_admitted(self, opened: Opened | None) -> Rung:
        names = [name for name in self._presets if self._is_admitted(name, opened)]
        return Rung(names[-1], names[-1], None, names[-1]) if names else self._least_rung(self.names[0])

    def _passes(self, rendition: str, opened: Opened | None) -> bool:
        """Does the camera's own JPEG go through? As far as can be said here: whether it is too heavy for its preset shows in the worker."""
        upright = self._camera.rotation == 0 and self._camera.flip == "none"
        if opened is None or opened.pixel_format not in JPEG_FORMATS or not upright:
            return False
        own = rendition in self._presets and self.jpeg_quality is None
        return rendition == NATIVE or (own and self.size_of(rendition, opened).height == opened.height)

    def _slowed(self, rung: Rung) -> Rung:
        most_fps = self.fps_of(rung.rendition)
        fps = self.ceiling.fps(most_fps) if rung.fps is None else min(rung.fps, self.ceiling.fps(most_fps))
        if fps == (rung.fps or most_fps):
            return rung
        base = rung.name.partition(" at ")[0].removesuffix(", lean")
        lean = ", lean" if rung.rendition.endswith(LEAN) else ""
        return rung._replace(fps=fps, name=f"{base} at {fps:g} fps{lean}")

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
