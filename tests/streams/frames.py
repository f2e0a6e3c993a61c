"""Frames, and viewers that take them in their own time."""

import time

import trio
from trio.testing import wait_all_tasks_blocked

from appliance.frame import Frame
from appliance.streams.subscription import Subscription


def frame(
    number: int, captured_s: float | None = None, *, placeholder: bool = False, data: bytes = b"picture"
) -> Frame:
    """A frame captured just now, or then."""
    captured_s = time.monotonic() if captured_s is None else captured_s
    return Frame(data, number, int(captured_s * 1e6), captured_s, 2, 2, placeholder=placeholder)


async def waiting(subscription: Subscription) -> list[int]:
    """Numbers of the frames that are there already."""
    numbers: list[int] = []

    async def take() -> None:
        while True:
            numbers.append((await subscription.receive()).number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    return numbers


async def all_of(subscription: Subscription, pause_s: float = 0.0) -> list[tuple[int, float]]:
    """Number and time of each frame, until the end; `pause_s` is what showing one takes."""
    taken: list[tuple[int, float]] = []
    with trio.fail_after(30):  # an end that never comes is a failure too
        try:
            while True:
                got = await subscription.receive()
                taken.append((got.number, trio.current_time()))
                await trio.sleep(pause_s)
        except trio.EndOfChannel:
            pass
    return taken
