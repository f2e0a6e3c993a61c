"""What the camera sees: four quarters of four colours, and a bright bar at the top, so that every turn shows."""

import functools

import numpy as np
from numpy.typing import NDArray

# luma and both colours: red, green, blue and grey, reading as one reads
QUARTERS = ((76, 85, 255), (150, 44, 21), (29, 255, 107), (90, 128, 128))
BAR = 235


@functools.lru_cache(maxsize=8)
def _drawn(width: int, height: int, stride: int, hflip: bool, vflip: bool) -> NDArray[np.uint8]:
    buffer = np.zeros(stride * height * 3 // 2, np.uint8)  # what is beside the picture is green, if anybody shows it
    luma = buffer[: stride * height].reshape(height, stride)[:, :width]
    halves = buffer[stride * height :].reshape(height, stride // 2)
    colours = halves[: height // 2, : width // 2], halves[height // 2 :, : width // 2]
    for plane, channel in ((luma, 0), (colours[0], 1), (colours[1], 2)):
        plane[:] = _quarters(plane.shape[0], plane.shape[1], channel)
    luma[: height // 16] = BAR
    for plane in (luma, *colours):
        turned = plane[:: -1 if vflip else 1, :: -1 if hflip else 1].copy()
        plane[:] = turned
    return buffer


def _quarters(height: int, width: int, channel: int) -> NDArray[np.uint8]:
    plane = np.empty((height, width), np.uint8)
    for quarter, colour in enumerate(QUARTERS):
        top, left = quarter // 2 * (height // 2), quarter % 2 * (width // 2)
        plane[top : top + (height + 1) // 2, left : left + (width + 1) // 2] = colour[channel]
    return plane


def scene(width: int, height: int, stride: int, hflip: bool, vflip: bool) -> NDArray[np.uint8]:
    """A buffer of YUV 4:2:0 with rows of `stride` bytes, as picamera2 hands it out, one for each to spoil."""
    return _drawn(width, height, stride, hflip, vflip).copy()
