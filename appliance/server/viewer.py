"""Viewer: one stream joined to one WebSocket connection."""

import trio
from msgspec import structs

from appliance.server.flow import AckWindow
from appliance.server.line import Line
from appliance.server.views import info_of
from appliance.streams.stream import Stream
from appliance.wire import events, message
from appliance.wire.events import Format

INFO_EVERY_S = 0.25  # changes that come closer together are told as one


class Viewer:
    """Sends a stream's frames, and what there is to know about it, until it leaves or the stream ends."""

    def __init__(self, line: Line, stream: Stream, wish: events.Join, slot: int) -> None:
        """Raises UnknownPresetError."""
        self.stream = stream
        self.slot = slot
        self._line = line
        self._format: Format = wish.format
        self._subscription = stream.subscribe(wish.preset, wish.fps)
        self._window = AckWindow()
        self._left = False
        self._asked_to_leave = False
        self._told_anew = False

    async def run(self) -> None:
        """Return when the viewer left or its stream was removed."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._tell)
                await self._send_frames()
                self._left = True
                self.stream.changed.tell()
        finally:
            self.leave()

    def leave(self) -> None:
        """Take no more frames. A frame that is half sent is sent to its end: the connection goes on."""
        self._left = self._asked_to_leave = True
        if self._subscription in self.stream.subscriptions:
            self.stream.leave(self._subscription)

    def choose(self, preset: str | None, fps: float | None) -> None:
        """Go on with another preset or rate. Raises UnknownPresetError."""
        self.stream.move(self._subscription, preset, fps)
        self._told_anew = True
        self.stream.changed.tell()

    def acknowledged(self, frame_number: int) -> None:
        """The viewer drew this frame."""
        self._window.acknowledged(frame_number)

    async def _send_frames(self) -> None:
        while True:
            await self._window.wait_for_room()  # before a frame is taken, so that it is the newest one when it goes
            try:
                frame = await self._subscription.receive()
            except trio.EndOfChannel:
                return
            if self._left:
                return
            if self._format == "json":
                await self._line.send(events.json_frame(frame, self.stream.id, self._subscription.preset))
            else:
                await self._line.send(message.encode(frame, self.slot, self._subscription.lost))
            self._window.sent(frame.number)

    async def _tell(self) -> None:
        """`stream_info` on join and at each change."""
        told: events.StreamInfo | None = None
        while not self._left or (self.stream.removed and not self._asked_to_leave):
            info = info_of(self.stream, self._subscription, self.slot, self._format)
            if self._told_anew or told is None or structs.replace(info, dropped=told.dropped) != told:
                self._told_anew = False
                await self._line.send(events.encode("stream_info", info))
                told = info
                if not self.stream.removed:
                    await trio.sleep(INFO_EVERY_S)
            elif self.stream.removed:
                return
            else:
                await self.stream.changed.wait()
