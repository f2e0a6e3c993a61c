"""Pictures that a remote producer pushes in: the server hands them down, the newest one waits.

Rule 1: the capture time is the producer's on the wall clock, and the moment of arrival on the monotonic one.
Rule 2: every picture is decoded once, small, before it is used: a viewer of the untouched one must not get half a picture.
Rule 3: a producer's silence is no failure of ours; the server watches the age of what it gets.
"""

from collections.abc import Callable

from appliance.cameras.base import Grabbed, Moment, Picture, Rejected, now
from appliance.cameras.whole import refuse_parts
from appliance.config import Camera
from appliance.geometry import Size
from appliance.wire.hallway import Opened, Pushed
from appliance.wire.jpeg import JpegError, examine, with_tables

LARGEST_PIXELS = 7680 * 4320  # 100 MB once decoded; a header that claims more is not a picture of ours


class PublishedCamera:
    """A camera somewhere else."""

    def __init__(self, camera: Camera, pushed: Callable[[float], Pushed | None]) -> None:
        self._camera, self._pushed = camera, pushed
        self._size: Size | None = None  # announced
        self._seen = False  # has any picture come?
        self._held: Picture | None = None

    def open(self) -> None:
        """Nothing is to be opened."""

    def grab(self, wait_s: float) -> Grabbed:
        """The newest pushed picture."""
        if self._held is not None:
            held, self._held = self._held, None
            return held
        if self._size is None:
            self._size = Size(self._camera.width, self._camera.height)
            return self._opened(self._size)
        pushed = self._pushed(wait_s)
        return None if pushed is None else self._picture(pushed)

    def close(self) -> None:
        """Nothing is held."""

    def _picture(self, pushed: Pushed) -> Grabbed:
        try:
            outside = examine(pushed.data)
            size = outside.size
            if size.width * size.height > LARGEST_PIXELS:
                return Rejected(f"a picture of {size.width} x {size.height}")
            refuse_parts(pushed.data, outside.scan_at)
        except JpegError as error:
            return Rejected(str(error))
        jpeg = with_tables(pushed.data, outside)
        picture = Picture(*size, Moment(pushed.captured_us, now().monotonic_s), jpeg=jpeg)
        if size == self._size and self._seen:
            return picture
        self._size, self._seen, self._held = size, True, picture
        return self._opened(size)

    def _opened(self, size: Size) -> Opened:
        return Opened("published", "", "MJPG", size.width, size.height, float(self._camera.fps))
