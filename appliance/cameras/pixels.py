"""Pixels of one picture, for all renditions that need some: decoded once, no larger than needed, turned as configured.

Rule 1: a picture is never enlarged.
Rule 2: sizes are those a viewer sees, after the turn; only this file and planes.py know the camera's own orientation.
"""

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
import simplejpeg

from appliance.cameras.base import Image, Picture
from appliance.geometry import Size, turned

_ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_FLIPS = {"vertical": 0, "horizontal": 1, "both": -1}  # cv2.flip's codes


class UndecodableError(Exception):
    """A JPEG that looks whole from outside, but holds no picture."""


class Turn:
    """How the camera hangs: rotated clockwise first, then flipped, both as the viewer sees it."""

    def __init__(
        self,
        degrees: Literal[0, 90, 180, 270] = 0,
        flip: Literal["none", "horizontal", "vertical", "both"] = "none",
    ) -> None:
        self._degrees = degrees
        self._rotation = _ROTATIONS.get(degrees)
        self._flip = _FLIPS.get(flip)

    @property
    def needed(self) -> bool:
        """Does the turn change anything?"""
        return self._rotation is not None or self._flip is not None

    def size(self, size: Size) -> Size:
        """The size seen by viewers of a camera's size, and the other way round."""
        return turned(size, self._degrees)

    def apply(self, image: Image) -> Image:
        """The image, or one plane of it, as viewers see it."""
        if self._rotation is not None:
            image = cv2.rotate(image, self._rotation).astype(np.uint8, copy=False)
        if self._flip is not None:
            image = cv2.flip(image, self._flip).astype(np.uint8, copy=False)
        return image


class Pixels:
    """One picture's pixels in the sizes that are wanted."""

    def __init__(self, picture: Picture, number: int, turn: Turn, sizes: Sequence[Size]) -> None:
        """`sizes`: all that will be asked for. Raises UndecodableError."""
        self._turn = turn
        self._made: dict[Size, Image] = {}
        if picture.jpeg is not None:
            self._source = _decode(picture.jpeg, Size(picture.width, picture.height), turn.size(max(sizes)))
        else:
            assert picture.paint is not None
            self._source = picture.paint(number)

    def jpeg(self, size: Size, quality: int) -> bytes:
        """The picture in this size and quality."""
        data: bytes = simplejpeg.encode_jpeg(self._at(size), quality, "BGR", "420", fastdct=True)
        return data

    def _at(self, size: Size) -> Image:
        made = self._made.get(size)
        if made is None:
            made = self._made[size] = self._turn.apply(resized(self._source, self._turn.size(size)))
        return made


def _decode(jpeg: bytes, native: Size, least: Size) -> Image:
    """The picture, halved while it is decoded as often as `least` allows. Other factors are slower than none."""
    factor = next(factor for factor in (8, 4, 2, 1) if _covers(native, least, factor))
    try:
        decoded: Image = simplejpeg.decode_jpeg(
            jpeg,
            "BGR",
            fastdct=True,
            fastupsample=True,
            min_width=-(-native.width // factor),
            min_height=-(-native.height // factor),
            strict=False,  # many cameras put stray bytes before the end marker; libjpeg calls that a warning
        )
    except ValueError as error:
        raise UndecodableError(str(error)) from error
    return decoded


def _covers(native: Size, least: Size, factor: int) -> bool:
    return factor == 1 or (native.width >= least.width * factor and native.height >= least.height * factor)


def resized(image: Image, size: Size) -> Image:
    """In this size, which is no larger. Halved first, each pixel the mean of four: `INTER_LINEAR` alone would skip pixels,
    `INTER_AREA` alone is slow.
    """
    if image.shape[1::-1] == size:
        return image
    height, width = image.shape[:2]
    if width >= 2 * size.width and height >= 2 * size.height:
        half = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        return resized(half.astype(np.uint8, copy=False), size)
    return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
