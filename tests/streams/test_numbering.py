"""Frame numbers count up, whoever made the frame."""

from tests.streams.frames import frame, waiting
from tests.streams.streams import slot_of, stream_of


async def test_numbers_count_up_through_placeholders_and_new_workers() -> None:
    stream = stream_of()
    subscription, seen = stream.subscribe("low"), list[int]()
    slot = slot_of(stream, "low")

    async def placeholders(count: int) -> None:
        for _ in range(count):
            stream.show("low", frame(stream.numbering.for_placeholder(), placeholder=True))
            seen.extend(await waiting(subscription))

    async def frames(first: int, count: int) -> None:
        for number in range(first, first + count):
            stream.publish(slot, frame(number))
            seen.extend(await waiting(subscription))

    assert stream.numbering.for_worker() == 0
    await frames(0, 5)
    await placeholders(2000)  # a remote producer was silent for half an hour; its worker did not end
    await frames(5, 5)
    await placeholders(3)
    await frames(10, 5)
    first = stream.numbering.for_worker()
    await placeholders(5)  # while the next worker starts
    await frames(first, 5)
    assert len(seen) == 5 + 2000 + 5 + 3 + 5 + 5 + 5
    assert seen == sorted(set(seen))


async def test_renditions_of_one_picture_keep_one_number() -> None:
    stream = stream_of()
    low, high = stream.subscribe("low"), stream.subscribe("high")
    for _ in range(10):
        stream.numbering.for_placeholder()
    for preset in ("low", "high"):
        stream.publish(slot_of(stream, preset), frame(3))
    assert await waiting(low) == await waiting(high) == [11]
