"""Watch: what a worker says, judged."""

import pytest

from appliance.capture.watch import Watch
from appliance.capture.worker import WorkerError
from appliance.config import Camera
from appliance.config.model import shipped_presets
from appliance.streams.stream import Stream
from tests.streams.frames import frame, waiting


async def test_a_frame_in_no_slot_of_ours_is_the_workers_failure() -> None:
    stream = Stream(Camera(id="front"), shipped_presets(), removable=True)
    stream.start()
    best = stream.subscribe(stream.offer.names[-1])
    watch = Watch(stream)
    watch.take_in_frame(len(stream.offer.names) - 1, frame(1))
    with pytest.raises(WorkerError, match="sent a frame in slot 4, which does not exist"):
        watch.take_in_frame(len(stream.offer.names), frame(2))
    assert await waiting(best) == [1]
