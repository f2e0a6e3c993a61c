"""Watch: what a worker's reports say about the health of its stream. Health is the age of the last picture, nothing else."""

import logging
import time

from appliance.capture.device import Node, node_of
from appliance.capture.worker import WorkerError
from appliance.frame import Frame
from appliance.streams.stream import Stream
from appliance.wire import hallway

OPEN_DEADLINE_S = 10.0  # a USB camera may take seconds to answer; one that hangs takes minutes
TRIAL_DEADLINE_S = 5.0  # the same while a test pattern stands in and stands still meanwhile
SILENCE_S = 1.8  # a worker tells of itself twice a second
FIRST_PICTURE_S = 10.0  # from open to the first picture: some cameras think for seconds
STALL_S = 2.8  # no new picture for so long: the worker should have noticed, so it is not well
PRODUCER_SILENCE_S = 3.0  # a producer on a bad link may need so long for a picture
PRODUCER_GONE_S = 1.0  # the same when its connection ended: it may be reconnecting
log = logging.getLogger("appliance.capture")


class Watch:
    """Reads one worker's reports into its stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.opening = ""  # the device it is touching, if any: where it hangs when nothing follows
        self.device = ""  # the one it has, or is about to have, where it is one that can be pulled out
        self.node: Node | None = None  # and which that was then
        self._first_s: float | None = None  # when its first picture came
        self._settling = False  # open, and being set as people set it
        self._notice = ""
        self._opened_s = time.monotonic()
        self._captured = self._rejected = self._unsent = 0

    @property
    def patience_s(self) -> float:
        """How long silence is still a good sign."""
        if self._stream.opened is None:
            return OPEN_DEADLINE_S
        return TRIAL_DEADLINE_S if self.opening or self._settling else SILENCE_S

    @property
    def delivered_s(self) -> float:
        """For how long there have been pictures."""
        return 0.0 if self._first_s is None else time.monotonic() - self._first_s

    def silence(self) -> WorkerError:
        """What it means that nothing was heard for so long."""
        self._stream.settings.hung()
        if self.opening or self._stream.opened is None:
            return WorkerError(f"{self.opening or 'the camera'} did not open within {self.patience_s:.0f} s", "hung")
        return WorkerError("the capture process stopped answering", "hung")

    def take_in(self, message: hallway.Up, *, newest: bool = True) -> None:
        """One report; `newest`: no other waits behind it. Raises WorkerError when it means that the camera failed."""
        if not isinstance(message, hallway.Opening):
            self.opening = ""  # it answered
        self._settling = isinstance(message, hallway.Opened)
        match message:
            case hallway.Failed(reason, kind):
                raise WorkerError(reason, kind)
            case hallway.Opening(device):
                self.opening = device
                self._opened_s = time.monotonic()  # another chance for another device
                if self._stream.camera.parsed_source.kind == "usb":  # others go on without a device that they try
                    self._holds(device)
            case hallway.Opened():
                self._take_in_opened(message)
            case hallway.Controls():
                self._take_in_controls(message)
            case hallway.Beat():
                self._count(message)
                if newest:  # an older one says nothing about now: this process was busy elsewhere
                    self._judge(message)

    def take_in_frame(self, slot: int, frame: Frame) -> None:
        """A picture for those who watch; whatever was wrong before, there is one now. Raises WorkerError for no slot of ours."""
        if not self._stream.has_slot(slot):
            raise WorkerError(f"the capture process sent a frame in slot {slot}, which does not exist")
        self.opening, self._settling = "", False
        self._first_s = self._first_s or time.monotonic()
        self._stream.last_captured_s = frame.captured_s
        self._stream.publish(slot, frame)
        if time.monotonic() - frame.captured_s < STALL_S:
            self._stream.set_status("live", self._notice)

    def _take_in_opened(self, opened: hallway.Opened) -> None:
        self._stream.opened = opened
        self._stream.settings.opened()
        self._notice = opened.notice
        self._opened_s = time.monotonic()
        if opened.driver == "usb":
            self._holds(opened.device)
        log.info(
            "%s: %s %dx%d %s",
            self._stream.id,
            opened.device or opened.driver,
            opened.width,
            opened.height,
            opened.pixel_format,
        )
        if opened.notice:
            log.warning("%s: %s", self._stream.id, opened.notice)
        self._stream.changed.tell()

    def _holds(self, device: str) -> None:
        if device != self.device:
            self.device, self.node = device, node_of(device)

    def _take_in_controls(self, controls: hallway.Controls) -> None:
        if not controls.number:  # else somebody asked, and is told
            for why in controls.refused.values():
                log.warning("%s: could not be set as it was: %s", self._stream.id, why)
        self._stream.settings.told(controls)

    def _count(self, beat: hallway.Beat) -> None:
        stream = self._stream
        stream.captured.tick(time.monotonic(), beat.captured - self._captured)
        stream.captured_total += beat.captured - self._captured
        stream.rejected_total += beat.rejected - self._rejected
        stream.totals.hallway_unsent += beat.unsent - self._unsent
        self._captured, self._rejected, self._unsent = beat.captured, beat.rejected, beat.unsent
        if beat.captured:
            self._first_s = self._first_s or time.monotonic()
            stream.last_captured_s = beat.last_captured_s

    def _judge(self, beat: hallway.Beat) -> None:
        now_s = time.monotonic()
        age_s = now_s - (beat.last_captured_s if beat.captured else self._opened_s)
        if self._stream.camera.parsed_source.kind == "published":
            patience_s = PRODUCER_SILENCE_S if self._stream.producer.connected else PRODUCER_GONE_S
            self._judge_producer(fresh=beat.captured > 0 and age_s < patience_s)
        elif age_s > (STALL_S if beat.captured else FIRST_PICTURE_S):
            raise WorkerError(f"no new picture for {age_s:.0f} s", "silent")
        elif beat.captured:
            self._stream.set_status("live", self._notice)

    def _judge_producer(self, *, fresh: bool) -> None:
        """A remote producer is not ours to restart: say how it is and wait."""
        if fresh:
            self._stream.set_status("live", self._notice)
        elif self._stream.producer.connected:
            self._stream.set_status("offline", "the producer sends no pictures")
        else:
            self._stream.set_status("offline", "waiting for a producer")
