"""One frame of the ribbon camera's, in memory that the camera wants back.

Rule 1: nothing is copied; planes are looked at where the camera wrote them, and only when somebody wants them.
Rule 2: every frame goes back: a camera whose frames are kept stops.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from appliance.cameras.base import Planes
from appliance.cameras.csi_plan import planes_of
from appliance.geometry import Size


class Lent:
    """A frame that is ours until `give_back`."""

    def __init__(self, request: Any, mapped_array: Any) -> None:
        """`request`: a CompletedRequest that was acquired for us; `mapped_array`: picamera2's MappedArray."""
        self._request = request
        self._mapped_array = mapped_array
        self._mapped = ExitStack()

    @property
    def metadata(self) -> Mapping[str, object]:
        """What libcamera says of this frame, by the names of its controls."""
        metadata: Mapping[str, object] = self._request.get_metadata()
        return metadata

    def planes(self, stream: str, pixel_format: str, size: Size) -> Planes:
        """The pixels of "main" or "lores", valid until `give_back`."""
        mapped = self._mapped.enter_context(self._mapped_array(self._request, stream, write=False))
        return planes_of(mapped.array, pixel_format, size)

    def give_back(self) -> None:
        """To the camera, which fills it anew. Raises what libcamera raises when the camera is gone."""
        self._mapped.close()
        self._request.release()
