"""multipart/x-mixed-replace, the MJPEG over HTTP that everything plays.

The boundary line follows each JPEG at once, so that a reader knows a picture is complete without waiting for the next.
Every part has Content-Length: Mainsail, go2rtc and Firefox rely on it. The boundary is the one mjpg-streamer and
ustreamer use, because some readers look for that name.

A browser of the Chromium family that draws the stream itself, in an <img> or as a page, shows a part only when the next one's header
has come: one frame late. For it each JPEG is followed by the whole head of the next part (`advance`), which then cannot say how long it
will be, when it was taken, or that it is a placeholder. Such a browser looks for none of that.
"""

from appliance.frame import Frame
from appliance.wire.buffers import Buffers

BOUNDARY = "boundarydonotcross"
CONTENT_TYPE = f"multipart/x-mixed-replace;boundary={BOUNDARY}"
OPENING = f"--{BOUNDARY}\r\n".encode()
CLOSING = f"--{BOUNDARY}--\r\n".encode()  # the stream ended on purpose; the part opened before it stays empty
_JPEG = b"Content-Type: image/jpeg\r\n"
_TAIL = b"\r\n" + OPENING
_ADVANCE_TAIL = _TAIL + _JPEG + b"\r\n"


def opening(*, advance: bool) -> bytes:
    """What the body starts with."""
    return OPENING + _JPEG + b"\r\n" if advance else OPENING


def closing(*, advance: bool) -> bytes:
    """What it ends with, when the stream ended on purpose. The part that was opened stays empty."""
    return b"\r\n" + CLOSING if advance else CLOSING


def buffers(frame: Frame) -> Buffers:
    """One part in pieces, built once per frame."""
    return frame.once("multipart", _buffers)


def advance_buffers(frame: Frame) -> Buffers:
    """One part whose head has gone already, and the head of the next one."""
    return frame.once("advance", _advance_buffers)


def _buffers(frame: Frame) -> Buffers:
    return Buffers.of(_head(frame), frame.data, _TAIL)


def _advance_buffers(frame: Frame) -> Buffers:
    return Buffers.of(frame.data, _ADVANCE_TAIL)


def part(frame: Frame, *, advance: bool = False) -> bytes:
    """One part in one piece, built once per frame."""
    pieces = (advance_buffers if advance else buffers)(frame).pieces
    return frame.once(("part", advance), lambda _: b"".join(pieces))


def wants_advance(user_agent: str, accept: str) -> bool:
    """Whether this reader is a Chromium (Chrome, Edge, Android's WebView) that draws the stream itself.

    A page's fetch() says Accept: */*, an <img> image/…, a page text/html; players that borrow a browser's name ask for anything.
    """
    return ("Chrome/" in user_agent or "Chromium/" in user_agent) and ("image/" in accept or "text/html" in accept)


def _head(frame: Frame) -> bytes:
    lines = ["Content-Type: image/jpeg", f"Content-Length: {len(frame.data)}", f"X-Timestamp: {timestamp(frame)}"]
    if frame.placeholder:
        lines.append("X-Placeholder: 1")
    return "\r\n".join([*lines, "", ""]).encode()


def timestamp(frame: Frame) -> str:
    """Capture time in unix seconds, exact to the µs, as mjpg-streamer and ustreamer write it."""
    seconds, micros = divmod(frame.captured_us, 1_000_000)
    return f"{seconds}.{micros:06d}"
