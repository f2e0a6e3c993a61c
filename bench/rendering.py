"""What a rendition costs, ours and as anybody would write it with OpenCV: decode, resize, encode."""

import time
from collections.abc import Callable

import cv2
import numpy as np

from appliance.cameras.base import Moment, Picture
from appliance.cameras.renditions import Renditions
from appliance.config import Camera
from appliance.wire.hallway import Rendition
from bench.camera import FPS, HEIGHT, WIDTH

JPEG_QUALITY = 80


def ours_ms(pictures: list[bytes], height: int, rounds: int) -> float:
    """Milliseconds of one core for each picture, as the worker makes it."""
    renditions = Renditions(Camera(id="front", width=WIDTH, height=HEIGHT, fps=FPS))
    renditions.want([Rendition(0, height, float(FPS), JPEG_QUALITY, None, False)])

    def make(number: int, jpeg: bytes) -> None:
        picture = Picture(WIDTH, HEIGHT, Moment(number * 33_333, number / FPS), jpeg=jpeg)
        assert len(list(renditions.make(picture, number))) == 1

    return _each_ms(make, pictures, rounds)


def theirs_ms(pictures: list[bytes], height: int, rounds: int) -> tuple[float, float]:
    """The same with OpenCV's defaults; and with averaged pixels and JPEG quality as ours, so that the pictures are as good."""
    size = (round(WIDTH * height / HEIGHT), height)

    def made_with(interpolation: int, *options: int) -> float:
        def make(_: int, jpeg: bytes) -> None:
            image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
            assert image is not None
            cv2.imencode(".jpg", cv2.resize(image, size, interpolation=interpolation), options)

        return _each_ms(make, pictures, rounds)

    return made_with(cv2.INTER_LINEAR), made_with(cv2.INTER_AREA, cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY)


def _each_ms(make: Callable[[int, bytes], None], pictures: list[bytes], rounds: int) -> float:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # as the worker has it
    try:
        for number in range(3):
            make(number, pictures[number % len(pictures)])
        began_s = time.process_time()
        for number in range(3, 3 + rounds):
            make(number, pictures[number % len(pictures)])
        return 1000 * (time.process_time() - began_s) / rounds
    finally:
        cv2.setNumThreads(threads)
