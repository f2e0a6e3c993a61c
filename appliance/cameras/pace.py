"""Which pictures of a camera a rendition takes, so that its frame rate comes out right on average and evenly spaced.

`appliance.pace.Pace` does this for a viewer, who knows nothing of the source and must never get more than was asked. A
rendition knows its camera, measures it, and rather takes 3 % too many than lose one now and then.

Rule 1: only capture times count, never the time of asking: a busy moment here changes nothing.
Rule 2: a rate that the camera just about makes takes every picture; jitter never costs one.
"""

CLOSE_ENOUGH = 0.97  # 30.5 fps asked as 30 would lose a picture every few seconds, which is seen; 3 % more is not
SMOOTHING = 0.02  # share of the newest interval in the measured one: slow, so that jitter does not show in it
LONGEST_INTERVAL_S = 2.0  # a pause longer than this says nothing about the camera's rate


class CameraPace:
    """Phase accumulator: each picture brings phase, each one taken costs 1."""

    def __init__(self, fps: float, camera_fps: float) -> None:
        self._fps = fps
        self._interval_s = 1 / camera_fps
        self._last_s: float | None = None
        self._phase = 0.0

    @property
    def fps(self) -> float:
        """What comes out: the asked rate, or the camera's where that is lower."""
        return min(self._fps, 1 / self._interval_s)

    def change(self, fps: float) -> None:
        """Another rate from now on; the rhythm and what was measured stay."""
        self._fps = fps

    def takes(self, captured_s: float) -> bool:
        """Is the picture captured then one of ours? To be asked once for every picture."""
        if self._last_s is None:
            self._last_s = captured_s
            return True
        passed_s, self._last_s = captured_s - self._last_s, captured_s
        if 0 < passed_s < LONGEST_INTERVAL_S:
            self._interval_s += SMOOTHING * (passed_s - self._interval_s)
        step = self._interval_s * self._fps  # phase that one picture brings
        if step >= CLOSE_ENOUGH:
            self._phase = 0.0
            return True
        if passed_s >= LONGEST_INTERVAL_S:  # people were shown that there is no picture; this one ends that
            self._phase = 0.0
            return True
        self._phase += passed_s * self._fps
        if self._phase < 1 - step / 2:  # half a step early is as near as any picture comes
            return False
        self._phase = min(self._phase - 1, 1.0)  # what a pause has piled up does not come out as a burst
        return True
