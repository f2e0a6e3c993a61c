"""Viewer: one stream joined to one WebSocket connection."""

import math
import time
from contextlib import suppress

import trio
from msgspec import structs

from appliance.frame import Frame
from appliance.server.delivery import Delivery
from appliance.server.line import Line
from appliance.server.views import info_of
from appliance.streams.stream import Stream
from appliance.wire import events, message, websocket
from appliance.wire.buffers import Buffers
from appliance.wire.events import Format

INFO_EVERY_S = 0.25  # changes that come closer together are told as one
NUMBERS_EVERY_S = 1.0  # also how many watch: three hundred who come at once would be told three hundred times each


class Viewer:
    """Sends a stream's frames, and what there is to know about it, until it leaves or the stream ends."""

    def __init__(self, line: Line, stream: Stream, wish: events.Join, slot: int, send_timeout_s: float) -> None:
        """Raises UnknownPresetError."""
        self.stream = stream
        self.slot = slot
        self._line = line
        self._format: Format = wish.format
        self._subscription = stream.subscribe(wish.preset, wish.fps)
        self._subscription.kind, self._subscription.address = "websocket", line.address
        buffers_of = self._binary_buffers if wish.format == "binary" else self._json_buffers
        self._delivery = Delivery(
            stream,
            self._subscription,
            buffers_of,
            line.lane,
            send_timeout_s,
            websocket=True,
            key=message.shared_key(slot) if wish.format == "binary" else None,
        )
        self._acks = False
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
            self._delivery.leave()

    def choose(self, preset: str | None, fps: float | None) -> None:
        """Go on with another preset or rate. Raises UnknownPresetError."""
        self.stream.move(self._subscription, preset, fps)
        self._delivery.wishes_changed()
        self._told_anew = True
        self.stream.changed.tell()

    def acknowledged(self, ack: events.Ack) -> None:
        """The viewer drew this frame."""
        if not self._acks:
            self._acks = True
            self.stream.changed.tell()  # from now on it is told numbers
        drawn_after_s = None if ack.drawn_after_ms is None else ack.drawn_after_ms / 1000
        self._delivery.acknowledged(ack.frame_number, drawn_after_s)

    async def _send_frames(self) -> None:
        with suppress(trio.EndOfChannel):
            while True:
                frame = await self._delivery.next()
                if self._left:
                    break
                if self._line.lane is not None:
                    await self._delivery.send(frame)
                    continue
                text_or_bytes = self._message(frame)
                self._delivery.leaving(frame, len(text_or_bytes))
                await self._line.send(text_or_bytes)
        await self._delivery.finish()

    def _binary_buffers(self, frame: Frame) -> Buffers:
        return message.buffers(frame, self.slot, self._subscription.lost)

    def _json_buffers(self, frame: Frame) -> Buffers:
        text = events.json_frame(frame, self.stream.id, self._subscription.preset)
        return Buffers.of(websocket.head(websocket.TEXT, len(text)), text)

    def _message(self, frame: Frame) -> str | bytes:
        if self._format == "binary":
            return message.encode(frame, self.slot, self._subscription.lost)
        return events.json_frame(frame, self.stream.id, self._subscription.preset).decode()

    async def _tell(self) -> None:
        """`stream_info` on join and at each change; once a second what changes all the time."""
        told: events.StreamInfo | None = None
        told_s = 0.0
        while not self._left or (self.stream.removed and not self._asked_to_leave):
            is_time = time.monotonic() - told_s >= NUMBERS_EVERY_S
            info = self._info(told, with_numbers=self._acks and is_time)
            if told is None or self._told_anew or _is_news(info, told, is_time=is_time):
                self._told_anew = False
                await self._line.send(events.encode("stream_info", info))
                told, told_s = info, time.monotonic()
                if not self.stream.removed:
                    await trio.sleep(INFO_EVERY_S)
            elif self.stream.removed:
                return
            else:
                soon_s = max(told_s + NUMBERS_EVERY_S - time.monotonic(), INFO_EVERY_S)
                with trio.move_on_after(soon_s if self._acks or info != told else math.inf):
                    await self.stream.changed.wait()

    def _info(self, told: events.StreamInfo | None, *, with_numbers: bool) -> events.StreamInfo:
        """What there is to tell; what changes all the time changes only `with_numbers`."""
        now_s = time.monotonic()
        numbers = self._subscription.figures.numbers(now_s) if with_numbers else told.numbers if told else None
        info = info_of(self.stream, self._subscription, self.slot, self._format, numbers)
        if told is not None and not with_numbers and not self._told_anew:
            info = structs.replace(info, dropped=told.dropped)
        return info


def _is_news(info: events.StreamInfo, told: events.StreamInfo, *, is_time: bool) -> bool:
    """Is this more than a countdown that goes on, and how many watch?"""
    if not is_time:
        info = structs.replace(info, viewers=told.viewers)
    now, then = info.recovery, told.recovery
    if now is not None and then is not None and bool(now.next_in_s) == bool(then.next_in_s):
        now = structs.replace(now, next_in_s=then.next_in_s)
    return structs.replace(info, recovery=now) != told
