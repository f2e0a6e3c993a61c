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
from appliance.streams.figures import Figures, Totals
from appliance.streams.hub import Hub
from appliance.streams.mending import Mending
from appliance.streams.numbering import Numbering
from appliance.streams.offer import Offer
from appliance.streams.producer import Producer
from appliance.streams.progress import Progress
from appliance.streams.rung import Rung, bytes_ratio
from appliance.streams.settings import Settings
from appliance.streams.subscription import Subscription
from appliance.wire.events import Status
from appliance.wire.hallway import Opened, Rendition
from appliance.wire.mending import Recovery

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
        self.totals = Totals()
        self.mending = Mending()
        self.offer = Offer(camera, presets)
        self.numbering = Numbering()
        self.producer = Producer()
        self.settings = Settings()
        self.demand = Change()  # who watches, or what they want, is different
        self.changed = Change()  # what a viewer may know is different
        self.progress = Progress()
        self.takes = 0  # how often the camera has to be opened anew, because it is another now
        self._hubs: dict[str, Hub] = {}
        self._slots: list[Hub] = []  # by number; one that nobody has any more keeps its last hub, which nobody is at
        self._give_hubs()

    # What viewers take out.

    def subscribe(self, preset: str | None, fps: float | None = None) -> Subscription:
        """A new consumer of the rendition; call `leave` when done. Raises UnknownPresetError."""
        subscription = Subscription(self.offer.rungs(preset, self.opened), fps, Figures(self.totals), wish=preset)
        if self.removed:
            subscription.close()
        self._hubs[subscription.rendition].add(subscription, time.monotonic() - FRESH_S)
        self._tell_demand()
        return subscription

    def move(self, subscription: Subscription, preset: str | None, fps: float | None) -> None:
        """Let a consumer go on as it wishes now. Raises UnknownPresetError, with nothing changed."""
        rungs, rendition = self.offer.rungs(preset, self.opened), subscription.rendition
        subscription.wish_for(rungs, fps, preset)
        if subscription.rendition != rendition:
            self._hubs[rendition].remove(subscription)
            self._hubs[subscription.rendition].add(subscription, time.monotonic() - FRESH_S)
        self._tell_demand()

    def step(self, subscription: Subscription, rung: int) -> None:
        """Put a consumer onto another rung of its ladder."""
        rendition = subscription.rendition
        subscription.step_to(rung)
        if subscription.rendition != rendition:
            self._hubs[rendition].remove(subscription)
            self._hubs[subscription.rendition].add(subscription, time.monotonic() - FRESH_S)
        self._tell_demand()

    def leave(self, subscription: Subscription) -> None:
        """This consumer is gone."""
        subscription.close()
        self._hubs[subscription.rendition].remove(subscription)
        self._tell_demand()

    def fps_at(self, rung: Rung) -> float:
        """Frames per second on this rung."""
        fps = self.offer.fps_of(rung.rendition)
        return min(fps, rung.fps or fps)

    def rates_bytes_per_s(self, subscription: Subscription) -> list[float]:
        """What each rung of a consumer's ladder costs its link: measured where somebody is on it, else worked out; [] at first."""
        here = subscription.rendition
        if not (known_bytes := self._hubs[here].frame_bytes):
            return []
        size, quality = self.size_of(here), self.offer.quality_of(here)
        rates = []
        for rung in subscription.rungs:
            name = rung.rendition
            frame_bytes = self._hubs[name].frame_bytes
            if not frame_bytes:
                frame_bytes = known_bytes * bytes_ratio(self.size_of(name), self.offer.quality_of(name), size, quality)
            fps = self.fps_at(rung)
            rates.append(frame_bytes * min(fps, subscription.wished_fps or fps))
        return rates

    @property
    def viewers(self) -> int:
        """How many consumers there are."""
        return sum(len(hub.subscriptions) for hub in self._hubs.values())

    @property
    def subscriptions(self) -> list[Subscription]:
        """All consumers."""
        return [subscription for hub in self._hubs.values() for subscription in hub.subscriptions]

    def latest(self, rendition: str) -> Frame | None:
        """The newest frame of a rendition that somebody watches."""
        return self._hubs[rendition].latest

    def size_of(self, rendition: str) -> Size:
        """The size a rendition has, as far as is known before its first frame."""
        return self.offer.size_of(rendition, self.opened)

    # What capture pours in, and what it is to make.

    def wanted(self) -> list[Rendition]:
        """What has to be encoded now: the renditions somebody watches, at the highest rate one of them asks for."""
        return [
            self.offer.rendition(name, [subscription.fps for subscription in hub.subscriptions])
            for name, hub in self._hubs.items()
            if hub.subscriptions
        ]

    def watched(self) -> list[str]:
        """Renditions somebody watches."""
        return [name for name, hub in self._hubs.items() if hub.subscriptions]

    def has_slot(self, slot: int) -> bool:
        """Is there a rendition of that number?"""
        return slot < len(self._slots)

    def publish(self, slot: int, frame: Frame) -> None:
        """A frame of the rendition in `slot`, one of ours."""
        frame = self.numbering.numbered(frame)
        self.totals.published(frame)
        self._slots[slot].publish(frame)

    def repeat(self) -> None:
        """Give the last frame again to those who want it after a while without a new one. To be called a few times a second."""
        now_s = time.monotonic()
        for subscription in self.subscriptions:
            subscription.repeat_if_due(now_s)

    def show(self, rendition: str, frame: Frame) -> None:
        """A placeholder, for those who watch this rendition."""
        self._hubs[rendition].publish(frame)

    def set_status(self, status: Status, reason: str = "") -> None:
        """The stream is live, starting, or offline for this reason. The last words of a worker that people stopped do not count."""
        if self.running:
            self._set_status(status, reason)

    @property
    def recovery(self) -> Recovery | None:
        """What is being done about its camera, while that fails and people want it."""
        return self.mending.now if self.running else None

    def _set_status(self, status: Status, reason: str) -> None:
        if (status, reason) == (self.status, self.reason):
            return
        self.status, self.reason = status, reason
        if status == "live":
            self.mending.over()
        self.changed.tell()

    # What people ask of it.

    def start(self) -> None:
        """Have it broadcast."""
        if not self.running:
            self.running = True
            self.mending.over()  # what was done before they stopped it
            self.progress.expect(0)
            self._set_status("starting", "starting")

    def stop(self) -> None:
        """Have it rest; its viewers stay and are told."""
        self.running = False
        self.producer.forget()
        self._set_status("offline", "stopped")

    def remove(self, reason: str = "removed") -> None:
        """End it for good: every consumer gets a clean end."""
        self.stop()
        self.removed = True
        self._set_status("offline", reason)
        self.settings.changed.tell()
        for subscription in self.subscriptions:
            subscription.close()

    def adjust(self, *, name: str, preset: str, fps: int | None, jpeg_quality: int | None) -> None:
        """Change it for everybody; who has not chosen a preset follows. Raises UnknownPresetError, with nothing changed."""
        if preset != AUTO:
            self.offer.resolve(preset)
        self.name, self.offer.preset, self.offer.fps, self.offer.jpeg_quality = name, preset, fps, jpeg_quality
        for subscription in self.subscriptions:
            if subscription.wish in (None, AUTO):
                self.move(subscription, subscription.wish, subscription.wished_fps)
        self._tell_demand()

    def reconfigure(self, camera: Camera, presets: dict[str, Preset]) -> None:
        """Go on as the configuration says now. Everybody stays; who watches a preset that is gone goes on with the stream's own."""
        before, self.camera = self.camera, camera
        if camera.title != before.title:
            self.name = camera.title
        if not camera.captures_as(before):
            self.takes += 1
            self.producer.forget()
        self.offer = self.offer.renewed(camera, presets)
        self._give_hubs()
        for subscription in self.subscriptions:
            known = subscription.wish in (None, AUTO, *self.offer.names)
            self.move(subscription, subscription.wish if known else None, subscription.wished_fps)
        self._hubs = {name: self._hubs[name] for name in self.offer.renditions}
        self._tell_demand()

    def _give_hubs(self) -> None:
        """One for each rendition; those of renditions that are gone stay until their consumers have moved."""
        for name in self.offer.renditions:
            hub, slot = self._hubs.setdefault(name, Hub()), self.offer.slots[name]
            self._slots.extend(Hub() for _ in range(slot + 1 - len(self._slots)))
            self._slots[slot] = hub

    def _tell_demand(self) -> None:
        self.demand.tell()
        self.changed.tell()
