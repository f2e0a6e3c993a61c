"""Pictures that arrive over the network, of whichever protocol: checked, announced, and missed when they stay away.

Rule 1: the capture time is the time of arrival, on both clocks: another machine's clock is not ours.
Rule 2: a JPEG is passed on as it came (see wire.jpeg), or rejected.
"""

import time

from appliance.cameras.base import SILENCE_S, CameraError, Grabbed, Picture, Rejected, now
from appliance.cameras.published import LARGEST_PIXELS
from appliance.cameras.whole import refuse_damaged
from appliance.config import Camera
from appliance.config.address import Address
from appliance.geometry import Size
from appliance.wire.hallway import Opened
from appliance.wire.jpeg import JpegError, examine, with_tables

START_S = 5.0  # until the first picture
DRAIN_S = 0.02  # how long to look for a newer picture when one is there


class Arrivals:
    """What a driver has of its far camera."""

    def __init__(self, camera: Camera, address: Address, driver: str) -> None:
        self._fps, self._address, self._driver = float(camera.fps), address, driver
        self._size: Size | None = None
        self._held: Picture | None = None
        self._whole_s = time.monotonic()
        self._broken = ""  # what came instead of a picture, since the last one

    def begin(self) -> None:
        """The connection stands: from here on pictures are missed."""
        self._whole_s = time.monotonic()

    def held(self) -> Picture | None:
        """The picture that was announced and is still to be given."""
        held, self._held = self._held, None
        return held

    def take_jpeg(self, data: bytes) -> Grabbed:
        """A JPEG as it came."""
        try:
            size, whole = _checked(data)
        except JpegError as error:
            self._broken = f"sends only broken pictures ({error})"
            self.look_at_silence()
            return Rejected(str(error))
        return self.take(Picture(*size, now(), jpeg=whole), "MJPG")

    def take(self, picture: Picture, pixel_format: str) -> Picture | Opened:
        """A whole picture; Opened first, when its size is another than before."""
        self._whole_s, self._broken = time.monotonic(), ""
        size = Size(picture.width, picture.height)
        if size == self._size:
            return picture
        self._size, self._held = size, picture
        return Opened(self._driver, self._address.shown, pixel_format, size.width, size.height, self._fps)

    def instead(self, what: str) -> None:
        """Something came that is no picture; said when pictures stay away."""
        self._broken = what

    def look_at_silence(self) -> None:
        """Raise CameraError when pictures have stayed away for too long."""
        patience_s = SILENCE_S if self._size else START_S
        if time.monotonic() - self._whole_s < patience_s:
            return
        end = self._address.end
        if self._broken:
            raise CameraError(f"{end} {self._broken}")
        raise CameraError(
            f"{end} stopped sending pictures" if self._size else f"{end}: no picture within {START_S:g} s"
        )


def _checked(data: bytes) -> tuple[Size, bytes]:
    """Its size, and the picture with its Huffman tables. Raises JpegError for what is not one whole picture."""
    outside = examine(data)
    if outside.size.width * outside.size.height > LARGEST_PIXELS:
        raise JpegError(f"a picture of {outside.size.width} x {outside.size.height}")
    refuse_damaged(data, outside.scan_at)
    return outside.size, with_tables(data, outside)
