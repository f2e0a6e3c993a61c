"""Hub: fans the frames of one rendition out to its subscriptions."""

import time

from appliance.frame import Frame
from appliance.streams.subscription import Subscription

SMOOTHING = 0.1  # of the average frame size: the last ten or so count


class Hub:
    """All consumers of one rendition. Remembers the newest frame, so that a newcomer does not start with a black one."""

    def __init__(self) -> None:
        self.subscriptions: list[Subscription] = []
        self.latest: Frame | None = None
        self.frame_bytes = 0.0  # of an average frame lately; 0: none came since somebody watches

    def publish(self, frame: Frame) -> None:
        """Offer `frame` to everybody. Waits for nobody. One that comes after the last has left is not kept."""
        if not self.subscriptions:
            return
        self.latest = frame
        if not frame.placeholder:
            size = len(frame.data)
            self.frame_bytes += SMOOTHING * (size - self.frame_bytes) if self.frame_bytes else size
        now_s = time.monotonic()
        ready = [each for each in self.subscriptions if each.is_ready(frame, now_s)]
        prompt = [each.express for each in ready if each.express is not None]
        for way in prompt:  # and nothing else here: see Outgoing of the server's edge
            way.write()
        for subscription, way in zip(ready, prompt, strict=True):
            if not way.written(frame, now_s):
                subscription.keep(frame)

    def add(self, subscription: Subscription, fresh_since_s: float) -> None:
        """Give `subscription` every frame from now on, and at once the newest if captured after `fresh_since_s`."""
        self.subscriptions.append(subscription)
        if self.latest is not None and self.latest.captured_s >= fresh_since_s:
            subscription.offer(self.latest, time.monotonic())

    def remove(self, subscription: Subscription) -> None:
        """No more frames for `subscription`. The last to leave turns off the light: nobody wants an old frame."""
        self.subscriptions.remove(subscription)
        if not self.subscriptions:
            self.latest = None
            self.frame_bytes = 0.0
