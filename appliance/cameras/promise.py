"""Does a camera deliver as many pictures as it promised? Said when it clearly does not, taken back when it does again.

Rule 1: only what was waited for tells of the camera: a picture that already lay there when we came says that we are slow, not it.
Rule 2: one hiccup is no news. Two spans of time in a row are.
"""

SPAN_S = 1.6
LEAST_PICTURES = 5  # in a span, at the promised rate: a slow camera is watched for longer
SLOW, FINE = 0.7, 0.85  # of the promised rate: said below the first, taken back above the second
NEWS = 0.2  # a rate that changed by so much is told anew
MOSTLY = 0.5  # of the pictures must have been waited for


class Promise:
    """The rate of one camera, from its start."""

    def __init__(self, fps: float) -> None:
        self._promised_fps = fps
        self._span_s = max(SPAN_S, LEAST_PICTURES / fps)
        self._began_s: float | None = None
        self._last_s = self._waited_s = 0.0
        self._pictures = self._waited = 0
        self._was_slow = False
        self._told_fps: float | None = None  # None: nothing is told

    @property
    def notice(self) -> str:
        """For people; empty while the camera keeps its promise."""
        if self._told_fps is None:
            return ""
        return (
            f"the camera delivers {self._told_fps:.0f} of the {self._promised_fps:.0f} pictures a second it promised: "
            "in low light many expose for longer; else its USB port or cable is too slow"
        )

    def picture(self, captured_s: float, *, waited: bool) -> bool:
        """A picture came, whole or not. `waited`: none lay there when we looked. Returns whether `notice` has changed."""
        if self._began_s is None:
            self._began_s = self._last_s = captured_s
            return False
        self._pictures += 1
        if waited:
            self._waited += 1
            self._waited_s += captured_s - self._last_s
        self._last_s = captured_s
        if captured_s - self._began_s < self._span_s:
            return False
        changed = self._judge()
        self._began_s, self._pictures, self._waited, self._waited_s = captured_s, 0, 0, 0.0
        return changed

    def _judge(self) -> bool:
        """At the end of a span."""
        if self._waited < self._pictures * MOSTLY or self._waited_s <= 0:
            self._was_slow = False
            return False
        fps = self._waited / self._waited_s
        was_slow, self._was_slow = self._was_slow, fps < SLOW * self._promised_fps
        told = self._told_fps
        if self._was_slow and was_slow and (told is None or abs(fps / told - 1) > NEWS):
            self._told_fps = fps
        elif fps >= FINE * self._promised_fps:
            self._told_fps = None
        return self._told_fps != told
