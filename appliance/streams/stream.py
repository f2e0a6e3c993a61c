"""Stream: the live broadcast of one camera, in as many renditions as its viewers want.

Rule 1: capture pours in (`publish`, `show`, `set_status`), viewers take out (`subscribe`), and neither can see the other.
Rule 2: what is wanted is worked out from who watches; nobody sets it.
"""

import time

from appliance.config import AUTO, Camera, Preset
from appliance.frame import Frame
from appliance.geometry import Size
from appliance.meter import Meter
from appliance.streams.change import Change
from appliance.streams.hub import Hub
from appliance.streams.numbering import Numbering
from appliance.streams.offer import Offer
from appliance.streams.producer import Producer
from appliance.streams.subscription import Subscription
from appliance.wire.events import Status
from appliance.wire.hallway import Opened, Rendition

FRESH_S = 1.5  # an older picture is not shown to a newcomer as if it were live


class Stream:
    """One camera's broadcast: its state, and who watches which of its renditions."""

    def __init__(self, camera: Camera, presets: dict[str, Preset], *, removable: bool) -> None:
        self.camera = camera
        self.id = camera.id
        self.name = camera.title
        self.removable = removable
        self.status: Status = "offline"
        self.reason = "stopped"
        self.running = False  # what people asked for; `status` is what came of it
        self.removed = False
        self.opened: Opened | None = None
        self.captured = Meter()
        self.captured_total = self.rejected_total = self.restarts = 0
        self.last_captured_s = float("-inf")
        self.offer = Offer(camera, presets)
        self.numbering = Numbering()
        self.producer = Producer()
        self.demand = Change()  # who watches, or what they want, is different
        self.changed = Change()  # what a viewer may know is different
        self._hubs = {name: Hub() for name in self.offer.names}
        self._slots = list(self._hubs.values())

    # What viewers take out.

    def subscribe(self, preset: str | None, fps: float | None = None) -> Subscription:
        """A new consumer of the rendition; call `leave` when done. Raises UnknownPresetError."""
        name = self.offer.resolve(preset)
        subscription = Subscription(name, fps, follows=preset in (None, AUTO))
        if self.removed:
            subscription.close()
        self._hubs[name].add(subscription, time.monotonic() - FRESH_S)
        self._tell_demand()
        return subscription

    def move(self, subscription: Subscription, preset: str | None, fps: float | None) -> None:
        """Let a consumer go on with another rendition. Raises UnknownPresetError, with nothing changed."""
        name = self.offer.resolve(preset)
        subscription.repace(fps)
        subscription.follows = preset in (None, AUTO)
        if name != subscription.preset:
            self._hubs[subscription.preset].remove(subscription)
            subscription.preset = name
            self._hubs[name].add(subscription, time.monotonic() - FRESH_S)
        self._tell_demand()

    def leave(self, subscription: Subscription) -> None:
        """This consumer is gone."""
        subscription.close()
        self._hubs[subscription.preset].remove(subscription)
        self._tell_demand()

    @property
    def viewers(self) -> int:
        """How many consumers there are."""
        return sum(len(hub.subscriptions) for hub in self._slots)

    @property
    def subscriptions(self) -> list[Subscription]:
        """All consumers."""
        return [subscription for hub in self._slots for subscription in hub.subscriptions]

    def latest(self, preset: str) -> Frame | None:
        """The newest frame of a rendition that somebody watches."""
        return self._hubs[preset].latest

    def size_of(self, preset: str) -> Size:
        """The size a rendition has, as far as is known before its first frame."""
        return self.offer.size_of(preset, self.opened)

    # What capture pours in, and what it is to make.

    def wanted(self) -> list[Rendition]:
        """What has to be encoded now: the renditions somebody watches, at the highest rate one of them asks for."""
        return [
            self.offer.rendition(name, [subscription.fps for subscription in hub.subscriptions])
            for name, hub in self._hubs.items()
            if hub.subscriptions
        ]

    def watched(self) -> list[str]:
        """Presets somebody watches."""
        return [name for name, hub in self._hubs.items() if hub.subscriptions]

    def has_slot(self, slot: int) -> bool:
        """Is there a rendition of that number?"""
        return slot < len(self._slots)

    def publish(self, slot: int, frame: Frame) -> None:
        """A frame of the rendition in `slot`, one of ours."""
        self._slots[slot].publish(self.numbering.numbered(frame))

    def show(self, preset: str, frame: Frame) -> None:
        """A placeholder, for those who watch this rendition."""
        self._hubs[preset].publish(frame)

    def set_status(self, status: Status, reason: str = "") -> None:
        """The stream is live, starting, or offline for this reason. The last words of a worker that people stopped do not count."""
        if self.running:
            self._set_status(status, reason)

    def _set_status(self, status: Status, reason: str) -> None:
        if (status, reason) == (self.status, self.reason):
            return
        self.status, self.reason = status, reason
        self.changed.tell()

    # What people ask of it.

    def start(self) -> None:
        """Have it broadcast."""
        if not self.running:
            self.running = True
            self._set_status("starting", "starting")

    def stop(self) -> None:
        """Have it rest; its viewers stay and are told."""
        self.running = False
        self._set_status("offline", "stopped")

    def remove(self, reason: str = "removed") -> None:
        """End it for good: every consumer gets a clean end."""
        self.stop()
        self.removed = True
        self._set_status("offline", reason)
        for subscription in self.subscriptions:
            subscription.close()

    def adjust(self, *, name: str, preset: str, fps: int | None, jpeg_quality: int | None) -> None:
        """Change it for everybody; who has not chosen a preset follows. Raises UnknownPresetError, with nothing changed."""
        if preset != AUTO:
            self.offer.resolve(preset)
        self.name, self.offer.preset, self.offer.fps, self.offer.jpeg_quality = name, preset, fps, jpeg_quality
        for subscription in self.subscriptions:
            if subscription.follows:
                self.move(subscription, None, subscription.fps)
        self._tell_demand()

    def _tell_demand(self) -> None:
        self.demand.tell()
        self.changed.tell()
