"""Frames of one picture: for each rendition that wants it, the camera's own JPEG or one of the right size and weight.

Rule 1: encode once per rendition, decode once per picture, and nothing for renditions that skip it.
Rule 2: which pictures (CameraPace), how heavy (Budget) and which pixels (Pixels) are decided by those; this file joins them.
"""

import time
from collections.abc import Iterator, Sequence

import msgspec

from appliance.cameras.base import Picture
from appliance.cameras.budget import Budget, Untouched
from appliance.cameras.pace import CameraPace
from appliance.cameras.pixels import Pixels, Turn
from appliance.cameras.planes import ScaledPlanes
from appliance.config import Camera
from appliance.frame import Frame
from appliance.geometry import Size, fitted
from appliance.wire.hallway import Rendition

NOT_TURNED = Turn()


class Maker:
    """One rendition being made."""

    def __init__(self, rendition: Rendition, camera: Camera, turned: bool) -> None:
        self.rendition = rendition
        self.pace = CameraPace(rendition.fps, camera.fps)
        self.budget = Budget(rendition.max_kbytes_per_s, rendition.jpeg_quality)
        self._untouched = Untouched(rendition.max_kbytes_per_s)
        self._may_pass = rendition.passthrough and not turned

    def becomes(self, rendition: Rendition) -> bool:
        """Make this one from now on, if only its rate is another: a viewer's choice must not fill the budget anew."""
        if msgspec.structs.replace(self.rendition, fps=rendition.fps) != rendition:
            return False
        self.rendition = rendition
        self.pace.change(rendition.fps)
        return True

    def passes(self, picture: Picture, size: Size) -> bool:
        """May the camera's JPEG go through as it is? To be asked for every picture taken."""
        if not self._may_pass or picture.jpeg is None or size.height != picture.height:
            return False
        return self._untouched.fits(len(picture.jpeg), self.pace.fps, picture.captured.monotonic_s)


class Renditions:
    """All renditions that are wanted of one camera."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._turn = Turn(camera.rotation, camera.flip)
        self._makers: dict[int, Maker] = {}

    def want(self, renditions: Sequence[Rendition]) -> list[int]:
        """Make these from now on. Returns the slots whose earlier rendition is no longer made."""
        before, self._makers = self._makers, {}
        for rendition in renditions:
            old = before.get(rendition.slot)
            keep = old is not None and old.becomes(rendition)
            self._makers[rendition.slot] = old if old and keep else Maker(rendition, self._camera, self._turn.needed)
        return [slot for slot, old in before.items() if self._makers.get(slot) is not old]

    def make(self, picture: Picture, number: int) -> Iterator[tuple[int, Frame]]:
        """The frames of this picture, cheapest first. Raises UndecodableError."""
        native = self._turn.size(Size(picture.width, picture.height))
        encoding: dict[int, Size] = {}
        for slot, maker in self._makers.items():
            if not maker.pace.takes(picture.captured.monotonic_s):
                continue
            size = fitted(native, maker.rendition.height)
            if maker.passes(picture, size):
                if maker.budget.admits(len(picture.jpeg or b""), picture.captured.monotonic_s):
                    yield slot, _frame(picture.jpeg or b"", picture, number, size, 0)
            elif maker.budget.expects_to_send(picture.captured.monotonic_s):
                encoding[slot] = size
        if encoding:
            yield from self._encoded(picture, number, encoding)

    def _encoded(self, picture: Picture, number: int, encoding: dict[int, Size]) -> Iterator[tuple[int, Frame]]:
        pixels = self._pixels(picture, number, list(encoding.values()))
        for slot, size in encoding.items():
            maker = self._makers[slot]
            quality = maker.budget.quality
            data = pixels.jpeg(size, quality)
            maker.budget.encoded(len(data), maker.pace.fps, picture.captured.monotonic_s)
            if maker.budget.admits(len(data), picture.captured.monotonic_s):
                yield slot, _frame(data, picture, number, size, quality)

    def _pixels(self, picture: Picture, number: int, sizes: Sequence[Size]) -> Pixels | ScaledPlanes:
        turn = NOT_TURNED if picture.upright else self._turn
        if picture.planes:
            return ScaledPlanes(picture.planes, turn)
        return Pixels(picture, number, turn, sizes)


def _frame(data: bytes, picture: Picture, number: int, size: Size, quality: int) -> Frame:
    captured = picture.captured
    return Frame(
        data,
        number,
        captured.wall_us,
        captured.monotonic_s,
        size.width,
        size.height,
        quality,
        read_s=picture.read_s,
        made_s=time.monotonic(),
    )
