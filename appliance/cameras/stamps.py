"""When was a picture captured? The kernel knows better than we, if its clock is ours.

Rule 1: the driver's time stamp is believed where it can be CLOCK_MONOTONIC's: a moment ago, and later than the one before.
        OpenCV passes on the stamp alone, as CAP_PROP_POS_MSEC, without the flags that name its clock; uvcvideo's is
        CLOCK_MONOTONIC unless its module parameter `clock` says otherwise, and then the stamp is decades away.
"""

from typing import Protocol

import cv2

from appliance.cameras.base import Moment, before, now


class Stamped(Protocol):
    """What OpenCV's capture knows of the picture it grabbed."""

    def get(self, prop: int, /) -> float:
        """A property; CAP_PROP_POS_MSEC: the driver's time stamp."""


class Stamps:
    """The times of one device's pictures."""

    def __init__(self) -> None:
        self._last_s = float("-inf")

    def of(self, capture: Stamped) -> Moment:
        """When the driver says it was captured; now, where its clock is not ours or runs backwards."""
        captured = captured_of(capture)
        if captured.monotonic_s <= self._last_s:
            captured = now()
        self._last_s = captured.monotonic_s
        return captured


def captured_of(capture: Stamped) -> Moment:
    """When the driver says it was captured; now, where its clock is not ours."""
    this = now()
    return before(this, this.monotonic_s - capture.get(cv2.CAP_PROP_POS_MSEC) / 1000) or this
