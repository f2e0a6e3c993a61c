"""Planes of one picture, from a camera that delivers YUV: encoded as they are, without a way through blue, green and red.

Rule 1: what the camera scaled itself is used as it is; the rest is scaled down from the smallest that is large enough.
Rule 2: planes are turned and scaled one by one: it is the same picture three times.
"""

from collections.abc import Callable, Mapping

import simplejpeg

from appliance.cameras.base import Plane, Planes
from appliance.cameras.pixels import Turn, resized
from appliance.geometry import Size


class ScaledPlanes:
    """One picture's planes in the sizes that are wanted."""

    def __init__(self, sources: Mapping[Size, Callable[[], Planes]], turn: Turn) -> None:
        self._sources = sources
        self._turn = turn
        self._made: dict[Size, Planes] = {}

    def jpeg(self, size: Size, quality: int) -> bytes:
        """The picture in this size and quality."""
        made = self._made.get(size)
        if made is None:
            made = self._made[size] = self._at(size)
        data: bytes = simplejpeg.encode_jpeg_yuv_planes(*made, quality, fastdct=True)
        return data

    def _at(self, size: Size) -> Planes:
        size = self._turn.size(size)
        y, u, v = self._sources[source_for(size, self._sources)]()
        half = Size(_half(size.width), _half(size.height))
        return Planes(self._made_of(y, size), self._made_of(u, half), self._made_of(v, half))

    def _made_of(self, plane: Plane, size: Size) -> Plane:
        return self._turn.apply(resized(plane, size))


def source_for(size: Size, sources: Mapping[Size, object]) -> Size:
    """The smallest that is at least as large; the largest where none is."""
    covering = [each for each in sources if each.width >= size.width and each.height >= size.height]
    return min(covering, key=_area) if covering else max(sources, key=_area)


def _area(size: Size) -> int:
    return size.width * size.height


def _half(side: int) -> int:
    return (side + 1) // 2
