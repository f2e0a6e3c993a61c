"""Hub: fans the frames of one rendition out to its subscriptions."""

from appliance.frame import Frame
from appliance.streams.subscription import Subscription


class Hub:
    """All consumers of one rendition. Remembers the newest frame, so that a newcomer does not start with a black one."""

    def __init__(self) -> None:
        self.subscriptions: list[Subscription] = []
        self.latest: Frame | None = None

    def publish(self, frame: Frame) -> None:
        """Offer `frame` to everybody. Waits for nobody. One that comes after the last has left is not kept."""
        if not self.subscriptions:
            return
        self.latest = frame
        for subscription in self.subscriptions:
            subscription.offer(frame)

    def add(self, subscription: Subscription, fresh_since_s: float) -> None:
        """Give `subscription` every frame from now on, and at once the newest if captured after `fresh_since_s`."""
        self.subscriptions.append(subscription)
        if self.latest is not None and self.latest.captured_s >= fresh_since_s:
            subscription.offer(self.latest)

    def remove(self, subscription: Subscription) -> None:
        """No more frames for `subscription`. The last to leave turns off the light: nobody wants an old frame."""
        self.subscriptions.remove(subscription)
        if not self.subscriptions:
            self.latest = None
