"""Subscription: one consumer's bounded window on a hub."""

import time

import trio

from appliance.frame import Frame
from appliance.meter import Meter
from appliance.pace import Pace

# One frame waits while its viewer sends another: what a viewer gets is at most two frames behind the camera.
DEPTH_FRAMES = 1


class Subscription:
    """Receives frames at `fps`; the oldest falls out when the consumer is slower than the camera."""

    def __init__(self, preset: str, fps: float | None, *, follows: bool = False) -> None:
        self.preset = preset
        self.follows = follows  # chose no preset, so it goes along when the stream's own changes
        self.lost = 0  # frames that fell out because this consumer was too slow
        self.taken = Meter()
        self._pace = Pace(fps)
        self._send, self._receive = trio.open_memory_channel[Frame](DEPTH_FRAMES)

    @property
    def fps(self) -> float | None:
        """The rate this consumer asked for; None: all there is."""
        return self._pace.fps

    def repace(self, fps: float | None) -> None:
        """Change the rate from the next frame on."""
        self._pace = Pace(fps)

    def offer(self, frame: Frame) -> None:
        """Give this consumer a frame, now or never. Placeholders pass at any rate: they come once a second."""
        if frame.placeholder:
            self._pace = Pace(self.fps)  # so that the first picture after it passes, and is not due in ten seconds
        elif not self._pace.lets_through(frame.captured_s):
            return
        while True:
            try:
                self._send.send_nowait(frame)
            except trio.WouldBlock:
                self._receive.receive_nowait()
                self.lost += 1
            except trio.ClosedResourceError:
                return  # the stream was removed while this frame was on its way
            else:
                return

    async def receive(self) -> Frame:
        """The next frame. Raises trio.EndOfChannel when the stream ended."""
        frame = await self._receive.receive()
        self.taken.tick(time.monotonic())
        return frame

    def close(self) -> None:
        """No frame comes any more; `receive` ends after what is already there."""
        self._send.close()
