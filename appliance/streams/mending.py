"""Mending: what befell a stream's camera, and what is being done about it now. Capture writes it, people read it.

Rule 1: counts are the stream's, so they outlive its workers.
Rule 2: what is being done is over with the first picture.
"""

import time

from appliance.wire.mending import Recovery, Step


class Mending:
    """Counts and the present step."""

    def __init__(self) -> None:
        self.unplugged = 0  # how often the camera left while it was open
        self.usb_resets = 0
        self.stuck = 0  # processes that cannot be ended now, because they sit in the kernel
        self._step: Step | None = None
        self._attempt = 0
        self._reason = ""
        self._due_s: float | None = None

    def plan(self, step: Step, attempt: int, wait_s: float | None, reason: str) -> None:
        """This is done next, in `wait_s`; None: nobody knows when."""
        self._step, self._attempt, self._reason = step, attempt, reason
        self._due_s = None if wait_s is None else time.monotonic() + wait_s

    def over(self) -> None:
        """There is a picture."""
        self._step = None

    @property
    def now(self) -> Recovery | None:
        """For people; None: nothing is being mended."""
        if self._step is None:
            return None
        in_s = None if self._due_s is None else round(max(self._due_s - time.monotonic(), 0.0), 1)
        return Recovery(self._step, self._attempt, in_s, self._reason)
