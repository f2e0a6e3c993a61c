"""Mending: what is told of a camera that failed, and for how long."""

import pytest

from appliance.wire.mending import Recovery
from tests.streams.streams import stream_of


def test_what_is_mended_is_told_until_there_is_a_picture() -> None:
    stream = stream_of()
    stream.set_status("offline", "the camera was unplugged")
    stream.mending.plan("new_worker", 4, 8.0, stream.reason)
    told = stream.recovery
    assert told is not None
    assert (told.step, told.attempt, told.last_reason) == ("new_worker", 4, "the camera was unplugged")
    assert told.next_in_s == pytest.approx(8, abs=0.5)
    stream.mending.plan("wait_for_hotplug", 5, None, stream.reason)
    assert stream.recovery == Recovery("wait_for_hotplug", 5, None, "the camera was unplugged")
    stream.set_status("live")
    assert stream.mending.now is None


def test_what_people_stopped_is_not_mended() -> None:
    stream = stream_of()
    stream.mending.plan("new_worker", 1, 0.5, "")
    stream.stop()
    stream.mending.plan("new_worker", 2, 0.0, "")  # was being thought of
    assert stream.recovery is None
    stream.start()
    assert stream.recovery is None
