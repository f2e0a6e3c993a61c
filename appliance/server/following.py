"""Following: one connection that asked what can be set on a camera, and is told at each change."""

from collections.abc import Mapping

import trio

from appliance.server.adjusting import ask, look
from appliance.server.line import Line
from appliance.streams.stream import Stream
from appliance.wire import events
from appliance.wire.controls import Control, Value

TELL_EVERY_S = 0.1  # a slider of somebody else moves smoothly, and no connection is filled with it


class Following:
    """Tells what can be set on one stream's camera, and whether what this connection asked for was refused."""

    def __init__(self, line: Line, stream: Stream) -> None:
        self.stream = stream
        self._line, self._settings = line, stream.settings
        self._left = False
        self._asked: dict[str, int] = {}  # by control: the number under which its last value is answered
        self._told: list[Control] | None = None

    async def run(self) -> None:
        """Return when the stream is no more, or nobody wants to know."""
        settings = self._settings
        await look(settings)
        while not (self._left or self.stream.removed):
            refused = self._refused()
            if self._told == settings.controls and not refused:
                await settings.changed.wait()
                continue
            for why in refused:
                await self._line.send(events.error("control_refused", why))
            self._told = settings.controls
            await self._line.send(events.encode("controls", events.StreamControls(self.stream.id, self._told)))
            await trio.sleep(TELL_EVERY_S)

    def tell_again(self) -> None:
        """It was asked for, perhaps once more."""
        self._told = None
        self._settings.look()

    def leave(self) -> None:
        """Nothing more is to be told."""
        self._left = True
        self._settings.changed.tell()

    def set(self, values: Mapping[str, Value | None]) -> None:
        """Have these set. Raises ApiError, with nothing changed; what the camera itself refuses is told later."""
        self._asked |= dict.fromkeys(values, ask(self._settings, values))

    def _refused(self) -> list[str]:
        settings = self._settings
        answered = [key for key, number in self._asked.items() if number <= settings.answered]
        for key in answered:
            del self._asked[key]
        return [settings.refused[key] for key in answered if key in settings.refused]
