"""Another box's stream as a camera of this one: `ws://HOST/ws/viewer/ID`, read as every viewer reads it.

Rule 1: each picture is acknowledged when it has been read, so the other box keeps its pictures to us new.
Rule 2: the other box's placeholder is no picture; this box draws its own, with the other one's reason.
"""

import time
from collections.abc import Callable
from typing import Any

import msgspec

from appliance.cameras.arrivals import DRAIN_S, Arrivals
from appliance.cameras.base import CameraError, Grabbed
from appliance.cameras.dialogue import Dialogue
from appliance.config import Camera
from appliance.config.address import Address
from appliance.frame import Codec
from appliance.wire import events, message
from appliance.wire.message import Message, MessageError

LONGEST_REASON = 200


class _Told(msgspec.Struct):
    """A text message of the other box, as far as we need it; newer boxes may say more."""

    type: str
    data: dict[str, Any] = {}


_told = msgspec.json.Decoder(_Told)


class OtherBoxCamera:
    """One stream of another box."""

    def __init__(self, camera: Camera, address: Address, announce: Callable[[str], None]) -> None:
        self._address, self._announce = address, announce
        self._arrivals = Arrivals(camera, address, "box")
        self._dialogue: Dialogue | None = None
        self._streams: dict[int, str] = {}  # ids by slot, as the other box tells them

    def open(self) -> None:
        """Connect as a viewer. Raises CameraError."""
        self._announce(self._address.shown)
        self._dialogue = Dialogue(self._address)
        self._arrivals.begin()

    def grab(self, wait_s: float) -> Grabbed:
        """The newest picture."""
        held = self._arrivals.held()
        if held is not None:
            return held
        newest = self._newest(wait_s)
        if newest is None:
            self._arrivals.look_at_silence()
            return None
        return self._arrivals.take_jpeg(newest)

    def close(self) -> None:
        """Let the connection go."""
        if self._dialogue is not None:
            self._dialogue.close()

    def _newest(self, wait_s: float) -> bytes | None:
        assert self._dialogue is not None, "open() comes first"
        newest: bytes | None = None
        deadline_s = time.monotonic() + wait_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            received = self._dialogue.receive(0.0 if newest else left_s)
            if received is None:
                break
            if isinstance(received, str):
                self._listen(received)
                continue
            picture = self._picture(received, self._dialogue)
            if picture is not None and newest is None:
                deadline_s = time.monotonic() + DRAIN_S
            newest = picture or newest
        return newest

    def _picture(self, received: bytes, dialogue: Dialogue) -> bytes | None:
        try:
            taken = message.decode(received)
        except MessageError as error:
            raise CameraError(f"{self._address.end}: {error}") from error
        self._acknowledge(taken, dialogue)
        if taken.codec is not Codec.JPEG:
            raise CameraError(f"{self._address.end} sends pictures that are not JPEG")
        return None if taken.placeholder else taken.payload

    def _acknowledge(self, taken: Message, dialogue: Dialogue) -> None:
        stream_id = self._streams.get(taken.slot)
        if stream_id is not None:
            dialogue.say(events.encode("ack", events.Ack(stream_id, taken.number)))

    def _listen(self, text: str) -> None:
        """What the other box tells of its stream. Raises CameraError when that is why there is no picture."""
        try:
            told = _told.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise CameraError(f"{self._address.end} does not speak as a box does") from error
        data, end = told.data, self._address.end
        if told.type == "error":
            raise CameraError(f"{end}: {_words(data.get('message'))}")
        if told.type != "stream_info":
            return
        slot, stream_id = data.get("slot"), data.get("stream_id")
        if isinstance(slot, int) and isinstance(stream_id, str):
            self._streams[slot] = stream_id
        if data.get("status") == "offline":
            raise CameraError(f"{end}: {_words(data.get('reason'))}")


def _words(said: object) -> str:
    """The other box's words, as far as they can stand in a picture."""
    text = said if isinstance(said, str) else ""
    return "".join(character for character in text[:LONGEST_REASON] if character.isprintable()) or "no picture there"
