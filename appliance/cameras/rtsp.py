"""An RTSP camera, through OpenCV's FFmpeg: decoded here, and encoded again for those who watch.

Rule 1: FFmpeg's waits hold the thread they are in, so reading has a thread of its own, and the loop goes on beating.
Rule 2: the newest picture wins: the thread reads on, whatever the loop does, so nothing queues behind a slow moment.
Rule 3: FFmpeg does not say why it failed; who refused what is asked in our own words, and no login is sent for that.

Latency: FFmpeg keeps one picture back, 33 ms at 30 fps, and decoding and encoding come to it; B-frames are waited for. The capture
time is that of arrival here: what the camera, the network and FFmpeg took before is not seen in `age`.
"""

import functools
import os
import threading
import time
from collections.abc import Callable
from urllib.parse import quote

import cv2
import numpy as np
from cv2.typing import MatLike

from appliance.cameras.arrivals import Arrivals
from appliance.cameras.base import CameraError, Grabbed, Image, Picture, now
from appliance.cameras.connection import Connection
from appliance.config import Camera
from appliance.config.address import Address

OPEN_S = 7.0  # FFmpeg looks at the stream until it knows it; the server waits 10
READ_S = 1.7  # without a picture for so long, it has stopped; FFmpeg then gives one that it had kept back
REFUSAL_S = 1.5  # for asking why
_OPTIONS = "rtsp_transport;tcp|timeout;5000000|fflags;nobuffer|flags;low_delay|analyzeduration;1000000"
_MEANS = {
    401: "name or password wrong",
    403: "it does not let us",
    404: "there is no such stream",
    454: "it lost the session",
    503: "it is full",
}


class RtspCamera:
    """One RTSP address, over TCP."""

    def __init__(self, camera: Camera, address: Address, announce: Callable[[str], None]) -> None:
        self._address, self._announce = address, announce
        self._arrivals = Arrivals(camera, address, "rtsp")
        self._news = threading.Condition()
        self._newest: Picture | None = None
        self._ended = ""  # how, once it has
        self._closed = False

    def open(self) -> None:
        """Connect and start to read. Raises CameraError."""
        self._announce(self._address.shown)
        Connection(self._address, OPEN_S / 2).close()  # says who does not answer; FFmpeg would not
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = _OPTIONS
        timeouts = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            int(OPEN_S * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            int(READ_S * 1000),
        ]
        capture = cv2.VideoCapture(_with_login(self._address), cv2.CAP_FFMPEG, [*timeouts, cv2.CAP_PROP_N_THREADS, 1])
        if not capture.isOpened():
            raise CameraError(_refusal(self._address))
        self._arrivals.begin()
        threading.Thread(target=self._read, args=(capture,), name="rtsp", daemon=True).start()

    def grab(self, wait_s: float) -> Grabbed:
        """The newest picture."""
        held = self._arrivals.held()
        if held is not None:
            return held
        with self._news:
            self._news.wait_for(lambda: self._newest is not None or bool(self._ended), timeout=wait_s)
            newest, self._newest = self._newest, None
            ended = self._ended
        if newest is not None:
            return self._arrivals.take(newest, "BGR")
        if ended:
            raise CameraError(f"{self._address.end} {ended}")
        self._arrivals.look_at_silence()
        return None

    def close(self) -> None:
        """Read no further; the thread releases the connection."""
        self._closed = True

    def _read(self, capture: cv2.VideoCapture) -> None:
        while not (self._closed or self._ended):
            began_s = time.monotonic()
            got, image = capture.read()
            with self._news:
                if time.monotonic() - began_s >= READ_S:
                    self._ended = "stopped sending pictures"
                elif got:
                    height, width = image.shape[:2]
                    self._newest = Picture(width, height, now(), paint=functools.partial(_paint, image.copy()))
                else:
                    self._ended = "ended the stream"
                self._news.notify()
        capture.release()


def _paint(image: MatLike, number: int) -> Image:  # a real camera shows no number
    return image.astype(np.uint8, copy=False)


def _with_login(address: Address) -> str:
    login = f"{quote(address.user, '')}:{quote(address.password, '')}@" if address.user else ""
    return f"{address.scheme}://{login}{address.netloc}{address.target}"


def _refusal(address: Address) -> str:
    """Ask without a login what is there: 401 then means that ours was wrong, or missing."""
    question = f"DESCRIBE {address.scheme}://{address.netloc}{address.target} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
    connection = Connection(address, REFUSAL_S)
    try:
        connection.send(question.encode())
        words = (connection.receive(REFUSAL_S) or b"").split(None, 2)
    finally:
        connection.close()
    if len(words) < 2 or not words[0].startswith(b"RTSP/") or not words[1].isdigit():
        return f"{address.end} does not speak RTSP"
    status = int(words[1])
    if status == 401 and not address.user:
        return f"{address.end}: 401: it asks for name and password"
    if status == 200:
        return f"{address.end} offers nothing that can be shown"
    return f"{address.end}: {status}: {_MEANS.get(status, 'no stream')}"
