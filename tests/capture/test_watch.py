"""Watch: what a worker says, judged and counted."""

import pytest

from appliance.capture.watch import Watch
from appliance.capture.worker import WorkerError
from appliance.config import Camera
from appliance.config.model import shipped_presets
from appliance.streams.stream import Stream
from appliance.wire.hallway import Beat
from tests.streams.frames import frame, waiting


async def test_a_frame_in_no_slot_of_ours_is_the_workers_failure() -> None:
    stream = Stream(Camera(id="front"), shipped_presets(), removable=True)
    stream.start()
    best = stream.subscribe(stream.offer.names[-1])
    watch = Watch(stream)
    watch.take_in_frame(len(stream.offer.names) - 1, frame(1))
    slots = len(stream.offer.renditions)
    with pytest.raises(WorkerError, match=f"sent a frame in slot {slots}, which does not exist"):
        watch.take_in_frame(slots, frame(2))
    assert await waiting(best) == [1]


async def test_totals_of_a_stream_go_on_with_its_next_worker() -> None:
    stream = Stream(Camera(id="front"), shipped_presets(), removable=True)
    for _ in range(2):
        watch = Watch(stream)
        watch.take_in(Beat(captured=5, rejected=1, unsent=2, last_captured_s=1.0), newest=False)
        watch.take_in(Beat(captured=9, rejected=1, unsent=3, last_captured_s=2.0), newest=False)
    assert (stream.captured_total, stream.rejected_total, stream.totals.hallway_unsent) == (18, 2, 6)
