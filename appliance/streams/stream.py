"""Stream: the live broadcast of one camera, in as many renditions as its viewers want.

Rule 1: capture pours in (`publish`, `show`, `turn_*`), viewers take out (`subscribe`), and neither can see the other.
Rule 2: what is wanted is worked out from who watches; nobody sets it.
"""

import time
from dataclasses import replace

from appliance.config import AUTO, NATIVE, Camera, Preset
from appliance.frame import Frame
from appliance.pace import Meter
from appliance.streams.change import Change
from appliance.streams.hub import Hub
from appliance.streams.subscription import Subscription
from appliance.wire.events import Status
from appliance.wire.hallway import Opened, Pushed, Rendition

NATIVE_QUALITY = 90  # for cameras that deliver no JPEG of their own
FRESH_S = 1.5  # an older picture is not shown to a newcomer as if it were live
PLACEHOLDERS_AHEAD = 1000  # frame numbers left to placeholders while a worker restarts


class UnknownPresetError(LookupError):
    """No such preset is offered; `str()` names those that are."""


class Stream:
    """One camera's broadcast: its state, its renditions, and what its viewers want of it."""

    def __init__(self, camera: Camera, presets: dict[str, Preset], *, removable: bool) -> None:
        self.camera = camera
        self.id = camera.id
        self.name = camera.title
        self.removable = removable
        self.presets = {
            name: preset
            for name, preset in sorted(presets.items(), key=_goodness)
            if not camera.presets or name in camera.presets
        }
        self.preset = camera.preset  # for viewers who ask for none
        self.fps: int | None = None  # for everybody, over the preset's
        self.jpeg_quality: int | None = None
        self.status: Status = "offline"
        self.reason = "stopped"
        self.running = False  # what people asked for; `status` is what came of it
        self.removed = False
        self.opened: Opened | None = None
        self.captured = Meter()
        self.captured_total = self.rejected_total = self.restarts = 0
        self.last_captured_s = float("-inf")
        self.producer_connected = False
        self.pushed: Pushed | None = None
        self.pushed_change = Change()
        self.demand = Change()  # who watches, or what they want, is different
        self.changed = Change()  # what a viewer may know is different
        self._number = 0  # the highest one a frame of ours had
        self._last_placeholder = 0
        self._ahead = 0  # how far our numbers are ahead of the worker's
        self._hubs = {name: Hub() for name in self.offered}

    # What viewers can ask for.

    @property
    def offered(self) -> list[str]:
        """Names of the presets, best for last; `native` is offered unless the camera's `presets` leave it out."""
        native = [NATIVE] if not self.camera.presets or NATIVE in self.camera.presets else []
        return [*self.presets, *native]

    def resolve(self, preset: str | None) -> str:
        """The preset a wish comes to. Raises UnknownPresetError."""
        name = preset if preset not in (None, AUTO) else self.preset
        if name == AUTO:
            name = self.offered[-1] if NATIVE not in self.offered else (list(self.presets) or [NATIVE])[-1]
        if name not in self._hubs:
            raise UnknownPresetError(f"there is no preset {name!r} here; there are {', '.join([*self.offered, AUTO])}")
        assert name is not None
        return name

    def subscribe(self, preset: str | None, fps: float | None = None) -> Subscription:
        """A new consumer of the rendition; call `leave` when done. Raises UnknownPresetError."""
        name = self.resolve(preset)
        subscription = Subscription(name, fps, follows=preset in (None, AUTO))
        if self.removed:
            subscription.close()
        self._hubs[name].add(subscription, time.monotonic() - FRESH_S)
        self._tell_demand()
        return subscription

    def move(self, subscription: Subscription, preset: str | None, fps: float | None) -> None:
        """Let a consumer go on with another rendition. Raises UnknownPresetError, with nothing changed."""
        name = self.resolve(preset)
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
        return sum(len(hub.subscriptions) for hub in self._hubs.values())

    @property
    def subscriptions(self) -> list[Subscription]:
        """All consumers."""
        return [subscription for hub in self._hubs.values() for subscription in hub.subscriptions]

    def latest(self, preset: str) -> Frame | None:
        """The newest frame of a rendition that somebody watches."""
        return self._hubs[preset].latest

    def wanted(self) -> list[Rendition]:
        """What has to be encoded now: the renditions somebody watches, at the highest rate one of them asks for."""
        return [
            self._rendition(slot, name, [subscription.fps for subscription in hub.subscriptions])
            for slot, (name, hub) in enumerate(self._hubs.items())
            if hub.subscriptions
        ]

    def size_of(self, preset: str) -> tuple[int, int]:
        """Width and height a rendition has, as far as is known before its first frame."""
        width, height = (
            (self.opened.width, self.opened.height) if self.opened else (self.camera.width, self.camera.height)
        )
        if self.camera.rotation in (90, 270):
            width, height = height, width
        if preset == NATIVE or self.presets[preset].height >= height:
            return width, height
        target = self.presets[preset].height
        return max(2, round(width * target / height / 2) * 2), target

    def fps_of(self, preset: str) -> float:
        """The rate a rendition runs at when its viewers take all of it."""
        own = self.camera.fps if preset == NATIVE else self.presets[preset].fps
        return min(self.fps or own, self.camera.fps)

    # What capture pours in.

    def publish(self, slot: int, frame: Frame) -> None:
        """A frame of the rendition in `slot`. It is numbered anew where placeholders have overtaken its worker's count."""
        if frame.number + self._ahead <= self._last_placeholder:
            self._ahead = self._last_placeholder + 1 - frame.number
        if self._ahead:
            frame = replace(frame, number=frame.number + self._ahead)
        self._number = max(self._number, frame.number)
        list(self._hubs.values())[slot].publish(frame)

    def show(self, preset: str, frame: Frame) -> None:
        """A placeholder, for those who watch this rendition."""
        self._hubs[preset].publish(frame)

    def next_number(self) -> int:
        """The number of the next frame that the server itself makes."""
        self._number += 1
        self._last_placeholder = self._number
        return self._number

    def first_number_for_worker(self) -> int:
        """Where a new worker starts counting: behind the placeholders that will be shown until it delivers."""
        self._ahead = 0
        return self._number + PLACEHOLDERS_AHEAD if self._number else 0

    def watched(self) -> list[str]:
        """Presets somebody watches."""
        return [name for name, hub in self._hubs.items() if hub.subscriptions]

    def turn(self, status: Status, reason: str = "") -> None:
        """The stream is live, starting, or offline for this reason. The last words of a worker that people stopped do not count."""
        if self.running:
            self._turn(status, reason)

    def _turn(self, status: Status, reason: str) -> None:
        if (status, reason) == (self.status, self.reason):
            return
        self.status, self.reason = status, reason
        self.changed.tell()

    # What people ask of it.

    def start(self) -> None:
        """Have it broadcast."""
        if not self.running:
            self.running = True
            self._turn("starting", "starting")

    def stop(self) -> None:
        """Have it rest; its viewers stay and are told."""
        self.running = False
        self._turn("offline", "stopped")

    def remove(self, reason: str = "removed") -> None:
        """End it for good: every consumer gets a clean end."""
        self.stop()
        self.removed = True
        self._turn("offline", reason)
        for subscription in self.subscriptions:
            subscription.close()

    def adjust(self, *, name: str, preset: str, fps: int | None, jpeg_quality: int | None) -> None:
        """Change it for everybody; who has not chosen a preset follows. Raises UnknownPresetError, with nothing changed."""
        if preset != AUTO:
            self.resolve(preset)
        self.name, self.preset, self.fps, self.jpeg_quality = name, preset, fps, jpeg_quality
        for subscription in self.subscriptions:
            if subscription.follows:
                self.move(subscription, None, subscription.fps)
        self._tell_demand()

    def push(self, pushed: Pushed) -> None:
        """A picture from a remote producer; a newer one replaces it if the worker has not taken it yet."""
        self.pushed = pushed
        self.pushed_change.tell()

    def _tell_demand(self) -> None:
        self.demand.tell()
        self.changed.tell()

    def _rendition(self, slot: int, name: str, asked_fps: list[float | None]) -> Rendition:
        fps = self.fps_of(name)
        limits = [each for each in asked_fps if each is not None]
        if len(limits) == len(asked_fps):
            fps = min(fps, max(limits))
        if name == NATIVE:
            quality, height, budget = self.jpeg_quality or NATIVE_QUALITY, None, None
        else:
            preset = self.presets[name]
            quality, height, budget = self.jpeg_quality or preset.jpeg_quality, preset.height, preset.max_kbytes_per_s
        passthrough = name == NATIVE or self.jpeg_quality is None  # a quality somebody chose is obeyed, so encode
        return Rendition(slot, height, fps, quality, budget, passthrough)


def _goodness(named: tuple[str, Preset]) -> tuple[int, int, int]:
    preset = named[1]
    return preset.height, preset.fps, preset.jpeg_quality
