"""Progress: by when something must have happened to a camera, or its capture hangs. The watchdog asks, capture tells.

Rule 1: to wait is progress too, if it was said for how long: a camera that is gone may stay gone for weeks.
"""

import time

GRACE_S = 20.0  # beyond what capture says: for the end of a worker, the words in a placeholder, and a busy machine


class Progress:
    """Of one stream."""

    def __init__(self) -> None:
        self._due_s = 0.0

    def expect(self, within_s: float) -> None:
        """Something happens within so long; infinite: it waits for people or a device."""
        self._due_s = time.monotonic() + within_s + GRACE_S

    @property
    def is_overdue(self) -> bool:
        """It said it would be on by now."""
        return time.monotonic() > self._due_s
