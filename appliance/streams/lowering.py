"""Lowering: everybody who watches a stream is put below its ceiling, or back to what they chose."""

from appliance.streams.ceiling import Ceiling
from appliance.streams.stream import Stream
from appliance.streams.subscription import Subscription


def put_under(stream: Stream, ceiling: Ceiling) -> None:
    """Have everybody get no more than this. Who gets the same as before notices nothing but, perhaps, another reason."""
    if ceiling == stream.offer.ceiling == (0, ""):
        return
    is_news, stream.offer.ceiling = ceiling != stream.offer.ceiling, ceiling
    for subscription in stream.subscriptions:
        if stream.offer.rungs(subscription.wish, stream.opened) != subscription.rungs:
            _move(stream, subscription)
    if is_news:
        stream.changed.tell()


def _move(stream: Stream, subscription: Subscription) -> None:
    """Onto its new ladder: the best rung for who was on the best, else as far down as its connection had it."""
    was_best, rendition = subscription.rung == 0, subscription.rendition
    stream.move(subscription, subscription.wish, subscription.wished_fps)
    if not was_best:
        same = [rung for rung, each in enumerate(subscription.rungs) if each.rendition == rendition]
        stream.step(subscription, same[-1] if same else 0)
