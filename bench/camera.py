"""The picture everything is measured with, and the camera made in software (fakev4l.c) that delivers it."""

from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

WIDTH, HEIGHT, FPS = 1280, 720, 30
PICTURES = 30  # one second, then again
NOISE = 6  # of the sensor, in steps of 256: a JPEG of 127 KB at the quality below
JPEG_QUALITY = 85
DEVICE = "/dev/video0"  # nothing needs to exist there


def detailed_pictures(count: int = PICTURES) -> list[bytes]:
    """JPEGs of 1280x720 as a webcam makes them: soft areas, edges, something that moves, sensor noise; 127 KB each."""
    return [simplejpeg.encode_jpeg(image, JPEG_QUALITY, "BGR", "422") for image in map(_picture, range(count))]


def _picture(number: int) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(7).integers(0, 255, (9, 16, 3), np.uint8)
    image = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    left = 100 + 20 * number
    cv2.rectangle(image, (left, 180), (left + 380, 360), (20, 30, 200), -1)
    grain = np.random.default_rng(number).integers(-NOISE, NOISE + 1, image.shape, np.int16)
    noisy: NDArray[np.uint8] = np.clip(image.astype(np.int16) + grain, 0, 255).astype(np.uint8)
    return noisy


class FakeCamera:
    """A V4L2 device that does not exist. Whoever shall see it is started with `env`."""

    def __init__(self, folder: Path, stand_in: Path, pictures: list[bytes]) -> None:
        folder.mkdir()
        self._gate = folder / "gate"
        frames = folder / "frames"
        frames.mkdir()
        for number, picture in enumerate(pictures):
            (frames / f"{number:03d}.jpg").write_bytes(picture)
        self.source = f"usb:{DEVICE}"
        self.env = {
            "LD_PRELOAD": str(stand_in),
            "FAKEV4L_DEV": DEVICE,
            "FAKEV4L_FRAMES": str(frames),
            "FAKEV4L_FPS": str(FPS),
            "FAKEV4L_SIZE": f"{WIDTH}x{HEIGHT}",
        }
        self.plug_in()

    def with_switch(self) -> "FakeCamera":
        """From now on it can be unplugged; the stand-in then looks at a file again and again, which costs CPU."""
        self.env["FAKEV4L_GATE"] = str(self._gate)
        return self

    def plug_in(self) -> None:
        """It is there."""
        self._gate.write_text("fine")

    def unplug(self) -> None:
        """It is not."""
        self._gate.unlink()
