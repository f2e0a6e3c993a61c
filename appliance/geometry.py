"""Sizes of pictures. Pure arithmetic; the server foretells with it what a worker will make."""

from typing import NamedTuple


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


def fitted(native: Size, height: int | None) -> Size:
    """The size of a rendition `height` pixels high: the native one where that is not larger, else of the same aspect and even."""
    if height is None or height >= native.height:
        return native
    return Size(max(2, 2 * round(native.width * height / native.height / 2)), height)


def turned(size: Size, rotation: int) -> Size:
    """The size viewers see of a camera that hangs rotated by so many degrees, and the other way round."""
    return Size(size.height, size.width) if rotation in (90, 270) else size
