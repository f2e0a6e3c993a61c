"""multipart/x-mixed-replace, the MJPEG over HTTP that everything plays.

The boundary line follows each JPEG at once, so that a reader knows a picture is complete without waiting for the next.
Every part has Content-Length: Mainsail, go2rtc and Firefox rely on it. The boundary is the one mjpg-streamer and
ustreamer use, because some readers look for that name.
"""

from appliance.frame import Frame

BOUNDARY = "boundarydonotcross"
CONTENT_TYPE = f"multipart/x-mixed-replace;boundary={BOUNDARY}"
OPENING = f"--{BOUNDARY}\r\n".encode()
CLOSING = f"--{BOUNDARY}--\r\n".encode()  # the stream ended on purpose; the part opened before it stays empty


def part(frame: Frame) -> bytes:
    """One part without its opening boundary line, and the boundary line that ends it; built once per frame."""
    return frame.once("multipart", _part)


def _part(frame: Frame) -> bytes:
    lines = ["Content-Type: image/jpeg", f"Content-Length: {len(frame.data)}", f"X-Timestamp: {timestamp(frame)}"]
    if frame.placeholder:
        lines.append("X-Placeholder: 1")
    head = "\r\n".join([*lines, "", ""]).encode()
    return b"".join((head, frame.data, b"\r\n", OPENING))


def timestamp(frame: Frame) -> str:
    """Capture time in unix seconds, exact to the µs, as mjpg-streamer and ustreamer write it."""
    seconds, micros = divmod(frame.captured_us, 1_000_000)
    return f"{seconds}.{micros:06d}"
