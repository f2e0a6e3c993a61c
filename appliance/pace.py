"""Pace: chooses every so-manieth frame. Pure arithmetic on capture times."""


class Pace:
    """Lets frames through at `fps` on average, whatever the rhythm they come in.

    A frame is due half an interval early already, so that a camera's jitter never halves a rate that equals its own; the due time
    itself moves by whole intervals, so that the average is exact (30 → 24 keeps 4 of 5). The first frame, or one after a gap, starts
    a new rhythm: nothing is caught up. `None` lets everything through.
    """

    def __init__(self, fps: float | None) -> None:
        self.fps = fps
        self._due_s = float("-inf")

    def lets_through(self, captured_s: float) -> bool:
        """Whether the frame captured at this monotonic time is one to keep."""
        if self.fps is None:
            return True
        interval_s = 1 / self.fps
        late_s = captured_s - self._due_s
        if late_s < -interval_s / 2:
            return False
        if late_s > 2 * interval_s:
            self._due_s = captured_s + interval_s
        else:  # a camera slower than `fps` is always late, and owes nothing
            self._due_s = max(self._due_s + interval_s, captured_s)
        return True
