"""`/ws` and `/ws/viewer/{id}`: one connection, any number of streams."""

import itertools
import time

import trio
from quart import Blueprint, websocket

from appliance.server.allowance import Allowance
from appliance.server.box import Box
from appliance.server.errors import ApiError
from appliance.server.following import Following
from appliance.server.line import GOING_AWAY, NORMAL, POLICY_VIOLATION, TRY_AGAIN_LATER, Line
from appliance.server.requests import number_of, preset_of, room_for_a_viewer, stream_of
from appliance.server.viewer import Viewer
from appliance.streams.change import Change
from appliance.streams.offer import UnknownPresetError
from appliance.wire import events

MAX_JOINED = 16
ACK = '{"type":"ack"'  # as JSON.stringify begins one
SLOTS = 256  # what the header's byte holds
MAX_BAD_MESSAGES = 20  # more than good ones: a page with a bug gets its errors told; who sends only rubbish does not
BURST_S = 2.0  # of messages may come at once, from a page that was held up
TALK_PER_S = 100  # messages that a connection may say beside those of its streams
ACKS_PER_S = 120  # and for each stream joined: an acknowledgement a frame, of a camera as fast as can be configured
MAX_RUNNING = 2 * MAX_JOINED  # with those that have left and whose last frame is still on its way


def routes(box: Box) -> Blueprint:
    """The WebSocket addresses of viewers."""
    blueprint = Blueprint("viewer_socket", __name__, url_prefix="/ws")

    @blueprint.websocket("")
    async def many() -> None:
        await ViewerSocket(box, Line.of_this_request()).run(None)

    @blueprint.websocket("/viewer/<stream_id>")
    async def one(stream_id: str) -> None:
        stream = stream_of(box, stream_id)
        room_for_a_viewer(box)
        format_ = websocket.args.get("format", "binary")
        if format_ not in ("binary", "json"):
            raise ApiError(400, "unknown_format", "format is binary or json")
        wish = events.Join(
            stream.id,
            preset_of(stream, websocket.args),
            number_of(websocket.args, "fps", 0.01, 120),
            "json" if format_ == "json" else "binary",
        )
        await ViewerSocket(box, Line.of_this_request()).run(wish)

    return blueprint


class ViewerSocket:
    """One viewer's connection: what it says is done, what it joined is sent."""

    def __init__(self, box: Box, line: Line) -> None:
        self._box = box
        self._line = line
        self._viewers: dict[str, Viewer] = {}
        self._following: dict[str, Following] = {}
        self._left = Change()
        self._running = 0
        self._bad_messages = 0
        self._allowance = Allowance(BURST_S)
        self._slot = SLOTS - 1

    async def run(self, first: events.Join | None) -> None:
        """Return when the connection is over."""
        if self._line.lane is not None:
            self._line.lane.heard = self._heard
        await self._line.accept()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._close_with_the_box, nursery.cancel_scope)
            if first is None:
                await self._listen(nursery)
            else:
                nursery.start_soon(self._listen, nursery)
                await self._run_first(first)
                if self._box.closing.is_set():
                    await trio.sleep_forever()  # `_close_with_the_box` ends it, with its own code
                await self._line.close(NORMAL)
            nursery.cancel_scope.cancel()

    async def _run_first(self, wish: events.Join) -> None:
        try:
            viewer = self._add(wish)
        except ApiError:  # the last place was taken while this client was let in
            await self._line.close(TRY_AGAIN_LATER)
        else:
            await self._run(viewer)

    async def _close_with_the_box(self, scope: trio.CancelScope) -> None:
        await self._box.closing.wait()
        while self._viewers:  # each ends by itself, its last frame whole
            await self._left.wait()
        await self._line.close(GOING_AWAY)
        scope.cancel()

    async def _listen(self, nursery: trio.Nursery) -> None:
        """Do what the client says, for as long as it says things that can be understood, and no more than it may."""
        code = POLICY_VIOLATION
        while self._bad_messages < MAX_BAD_MESSAGES:
            while self._running >= MAX_RUNNING:  # who joins and leaves without reading is not listened to
                await self._left.wait()
            text = await self._line.receive()
            if not self._may_say_more():
                self._box.refused["message_rate"] += 1
                code = TRY_AGAIN_LATER
                break
            try:
                if not isinstance(text, str):
                    raise events.EventError("a viewer sends text messages only")  # noqa: TRY301 - one place answers all
                await self._obey(events.decode(text), nursery)
                self._bad_messages = max(0, self._bad_messages - 1)
            except (events.EventError, ApiError, UnknownPresetError) as error:
                self._bad_messages += 1
                await self._line.send(events.error(_code(error), str(error)))
        await self._line.close(code)
        nursery.cancel_scope.cancel()

    def _heard(self, text: str) -> bool:
        """Acks are most of what viewers say: they are done at once, without waking anybody. One too many goes the usual way."""
        if not text.startswith(ACK):
            return False
        try:
            event = events.decode(text)
        except events.EventError:
            return False
        if not isinstance(event, events.AckFrame) or not self._may_say_more():
            return False
        self._acknowledge(event.data)
        return True

    def _may_say_more(self) -> bool:
        return self._allowance.covers_one_more(trio.current_time(), TALK_PER_S + ACKS_PER_S * len(self._viewers))

    def _acknowledge(self, ack: events.Ack) -> None:
        if viewer := self._viewers.get(ack.stream_id):
            viewer.acknowledged(ack)

    async def _obey(self, event: events.ClientEvent, nursery: trio.Nursery) -> None:
        match event:
            case events.AckFrame(ack):
                self._acknowledge(ack)
            case events.PingServer(ping):
                await self._line.send(events.encode("pong", {"t": ping.t, "time": time.time()}))
            case events.JoinStream(join):
                self._join(join, nursery)
            case events.LeaveStream(leave):
                self._joined(leave.stream_id).leave()
                del self._viewers[leave.stream_id]
                if following := self._following.pop(leave.stream_id, None):
                    following.leave()
                self._left.tell()
            case events.ChoosePreset(wish):
                self._joined(wish.stream_id).choose(wish.preset, wish.fps)
            case events.GetControls() | events.SetControls():
                self._adjust(event, nursery)
            case events.StartStream() | events.StopStream():
                self._start_or_stop(event)

    def _start_or_stop(self, event: events.StartStream | events.StopStream) -> None:
        stream = stream_of(self._box, event.data.stream_id)
        if isinstance(event, events.StartStream):
            stream.start()
        else:
            self._box.registry.end(stream.id)

    def _adjust(self, event: events.AboutControls, nursery: trio.Nursery) -> None:
        following = self._followed(event.data.stream_id, nursery)
        if isinstance(event, events.SetControls):
            following.set(event.data.values)
        else:
            following.tell_again()

    def _joined(self, stream_id: str) -> Viewer:
        if stream_id not in self._viewers:
            raise ApiError(404, "not_joined", f"this connection has not joined {stream_id!r}")
        return self._viewers[stream_id]

    def _join(self, wish: events.Join, nursery: trio.Nursery) -> None:
        if wish.stream_id in self._viewers:
            self._viewers[wish.stream_id].choose(wish.preset, wish.fps)
            return
        if len(self._viewers) >= MAX_JOINED:
            raise ApiError(503, "full", f"one connection joins at most {MAX_JOINED} streams")
        nursery.start_soon(self._run, self._add(wish))

    def _add(self, wish: events.Join) -> Viewer:
        """Join a stream now; `_run` then sends what it has. Raises ApiError, UnknownPresetError."""
        stream = stream_of(self._box, wish.stream_id)
        room_for_a_viewer(self._box)
        viewer = Viewer(self._line, stream, wish, self._free_slot(), self._box.config.limits.send_timeout_s)
        self._viewers[wish.stream_id] = viewer
        self._running += 1  # here, not when `_run` begins: joins may come faster than tasks start
        return viewer

    def _followed(self, stream_id: str, nursery: trio.Nursery) -> Following:
        """The stream whose controls this connection asks about; from the first time on it is told of them."""
        stream = stream_of(self._box, stream_id)
        following = self._following.get(stream_id)
        if following is None or following.stream is not stream:
            if len(self._following) >= MAX_JOINED:
                raise ApiError(503, "full", f"one connection asks for the controls of at most {MAX_JOINED} streams")
            following = self._following[stream_id] = Following(self._line, stream)
            nursery.start_soon(self._follow, following)
        return following

    async def _follow(self, following: Following) -> None:
        await following.run()
        if self._following.get(following.stream.id) is following:
            del self._following[following.stream.id]

    def _free_slot(self) -> int:
        """In turn, not the lowest: a frame of a stream just left may still be on its way under its old slot."""
        used = {viewer.slot for viewer in self._viewers.values()}
        self._slot = next(slot % SLOTS for slot in itertools.count(self._slot + 1) if slot % SLOTS not in used)
        return self._slot

    async def _run(self, viewer: Viewer) -> None:
        try:
            await viewer.run()
        finally:
            self._running -= 1
            if self._viewers.get(viewer.stream.id) is viewer:
                del self._viewers[viewer.stream.id]
            self._left.tell()


def _code(error: Exception) -> str:
    if isinstance(error, ApiError):
        return error.code
    return "unknown_preset" if isinstance(error, UnknownPresetError) else "bad_message"
