"""The express way of a subscription: at once, and in order."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from appliance.frame import Frame
from appliance.streams.hub import Hub
from appliance.streams.subscription import Subscription
from tests.streams.frames import frame
from tests.streams.test_hub import subscribed


class Way:
    """An express way that is clear at times."""

    def __init__(self, subscription: Subscription) -> None:
        self.clear = True
        self.went: list[int] = []
        self._subscription = subscription

    def prepare(self, frame: Frame, now_s: float) -> bool:
        return self.clear

    def write(self) -> None:
        pass

    def written(self, frame: Frame, now_s: float) -> bool:
        self.went.append(frame.number)
        return True

    async def consume(self) -> None:
        while True:
            await self._subscription.wait(self)
            if taken := self._subscription.take():
                self.went.append(taken.number)


@pytest.mark.parametrize("repeated", [False, True])
async def test_no_frame_overtakes_one_that_waits(repeated: bool) -> None:
    """A frame could not go at once; the next one can, before the consumer has woken up: it goes in its place, not before it."""
    hub = Hub()
    subscription = subscribed(hub)
    way = Way(subscription)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(way.consume)
        await wait_all_tasks_blocked()
        hub.publish(frame(1))
        if repeated:
            subscription.repeat_s = 0
            subscription.repeat_if_due(float("inf"))
        else:
            way.clear = False
            hub.publish(frame(2))
            way.clear = True
        hub.publish(frame(3))
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert way.went == [1, 3]
