"""What requests do with a camera's controls, over REST and WebSocket alike."""

import time
from collections.abc import Mapping

import trio

from appliance.server.errors import ApiError
from appliance.streams.settings import NoControlsError, Settings, UnknownControlError
from appliance.wire.controls import ControlError, Value

ANSWER_S = 2.0  # a camera takes milliseconds; one with a motor, or a busy one, may take longer
FRESH_S = 1.0  # who asks again so soon gets the same values


def ask(settings: Settings, values: Mapping[str, Value | None]) -> int:
    """Have these set; the number under which they are answered. Raises ApiError, with nothing changed."""
    try:
        return settings.ask(values)
    except NoControlsError as error:
        raise ApiError(409, "no_controls", str(error)) from error
    except UnknownControlError as error:
        raise ApiError(400, "unknown_control", str(error)) from error
    except ControlError as error:
        raise ApiError(400, "bad_value", str(error)) from error


async def answered(settings: Settings, number: int) -> None:
    """Return when the camera has answered, is not there, or takes too long: then it is on its way."""
    with trio.move_on_after(ANSWER_S):
        while settings.present and settings.answered < number:
            await settings.changed.wait()


async def look(settings: Settings) -> None:
    """Have the values be those of now: exposure, gain and focus change by themselves."""
    if settings.present and time.monotonic() - settings.told_s > FRESH_S:
        await answered(settings, settings.look())
