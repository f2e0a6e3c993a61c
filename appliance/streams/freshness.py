"""Freshness: whether a camera that people want live has a picture that is new enough. Pure arithmetic on times it is given.

Rule 1: only pictures of the camera count: a placeholder, or a last picture that is sent again, is none.
Rule 2: the test pattern that stands in where `auto` finds no camera is no picture of one.
Rule 3: a published stream to which no producer is connected waits and is not ill: there is no camera of this box that could fail,
        and behind a load balancer a box that is called ill would never meet the producer that makes it well.
"""

from appliance.streams.stream import Stream

LEAST_S = 2.0  # a worker tells of itself twice a second, and a loaded machine a little later
INTERVALS = 3  # of a camera slower than that allows
FROM_FAR_S = 3.0  # a producer on a bad link may need so long for a picture


def bound_s(stream: Stream) -> float:
    """How old its last picture may be."""
    if is_published(stream):
        return FROM_FAR_S
    fps = min(stream.camera.fps, stream.opened.fps if stream.opened else stream.camera.fps)
    return max(LEAST_S, INTERVALS / fps) if fps > 0 else LEAST_S


def is_published(stream: Stream) -> bool:
    """Do its pictures come from a remote producer?"""
    return stream.camera.parsed_source.kind == "published"


def waits(stream: Stream) -> bool:
    """Does it wait for a producer, and for nothing else?"""
    return stream.running and is_published(stream) and stream.status != "live" and not stream.producer.connected


def stands_in(stream: Stream) -> bool:
    """Is what it shows the test pattern, for want of a camera?"""
    return (
        stream.camera.parsed_source.kind == "auto" and stream.opened is not None and stream.opened.driver == "pattern"
    )


def lack(stream: Stream, now_s: float) -> str:
    """Why it has no fresh picture at this monotonic time, though people want it live; "": it has, or it waits or rests."""
    if not stream.running or waits(stream):
        return ""
    if stream.status != "live":
        return stream.reason or stream.status
    if stands_in(stream):
        return stream.reason or "a test pattern is shown for want of a camera"
    age_s, most_s = now_s - stream.last_captured_s, bound_s(stream)
    return "" if age_s <= most_s else f"its last picture is {age_s:.1f} s old; {most_s:.1f} s are the most"
