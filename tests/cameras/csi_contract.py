"""What a camera on the ribbon cable promises, whichever picamera2 is below: the stand-in here, the real one on libcamera's virtual
camera in the lab, a sensor on a Pi.

    python -m tests.cameras.csi_contract csi:0      # all of it, against the picamera2 that this Python finds

Rule 1: only promises that hold for all three; what is seen in the picture is for those who know the scene.
"""

import sys
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import NamedTuple

import simplejpeg

from appliance.cameras import csi_listing
from appliance.config import Camera
from appliance.frame import Frame
from appliance.wire.hallway import Beat, Opening, Rendition
from appliance.wire.jpeg import inspect
from tests.cameras.server_end import NATIVE, ServerEnd

WIDTH, HEIGHT = 1280, 720
MEDIUM = Rendition(slot=1, height=480, fps=120, jpeg_quality=80, max_kbytes_per_s=None)
LOW = Rendition(slot=2, height=320, fps=15, jpeg_quality=70, max_kbytes_per_s=None)
LEAST_FPS = 3.0  # an emulated machine encodes slowly
PATIENCE_S = 40.0  # and it takes seconds to import picamera2


class Box(NamedTuple):
    """Where the worker runs."""

    source: str
    env: Mapping[str, str]
    patience_s: float

    def start(self, **camera: object) -> ServerEnd:
        asked = {"source": self.source, "width": WIDTH, "height": HEIGHT, **camera}
        return ServerEnd(
            Camera(id="ribbon", **asked),  # type: ignore[arg-type]
            env=self.env,
            heights=(720, 480, 320),
            patience_s=self.patience_s,
        )


def pictures_of_now(box: Box) -> None:
    """Whole, of the size that was promised, numbered, and captured just before they came."""
    with box.start() as worker:
        worker.want(NATIVE)
        assert worker.until(Opening).device == box.source
        opened = worker.opened()
        assert (opened.driver, opened.notice) == ("csi", "")
        frames = worker.frames(8)
        assert all(after.number > before.number for before, after in pairwise(frames))
        assert all(after.captured_s > before.captured_s for before, after in pairwise(frames))
        for frame in frames:
            assert inspect(frame.data) == (frame.width, frame.height) == (opened.width, opened.height)
            assert frame.captured_s <= frame.read_s <= frame.made_s <= time.monotonic()
            assert frame.made_s - frame.captured_s < 2
        assert abs(frames[-1].captured_us / 1e6 - time.time()) < 3


def renditions(box: Box) -> None:
    """Several sizes at once, each a picture of the same scene."""
    with box.start() as worker:
        worker.want(NATIVE, MEDIUM, LOW)
        opened = worker.opened()
        at_once: dict[int, Frame] = {}
        while len(at_once) < 3:
            slot, frame = worker.frame()
            at_once = {slot: frame, **{other: it for other, it in at_once.items() if it.number == frame.number}}
        assert [at_once[slot].height for slot in range(3)] == [opened.height, 480, 320]
        means = [simplejpeg.decode_jpeg(frame.data, "BGR").mean(axis=(0, 1)) for frame in at_once.values()]
        assert all(abs(one - other).max() < 6 for one, other in pairwise(means)), means


def quarter_turn(box: Box) -> None:
    """What the camera cannot turn, we turn."""
    with box.start(rotation=90) as worker:
        worker.want(NATIVE, LOW)
        opened = worker.opened()
        assert (opened.width, opened.height) > (opened.height, opened.width)  # as the camera sees it
        frame = worker.frames(1)[0]
        assert inspect(frame.data) == (frame.width, frame.height) == (opened.height, opened.width)
        assert worker.frames(1, slot=2)[0].height == 320


def idle_and_wanted_again(box: Box) -> None:
    """While nobody watches it goes on and sends nothing; and it comes back at once."""
    with box.start() as worker:
        worker.want(NATIVE)
        worker.frames(2)
        worker.want()
        first = worker.until(Beat)
        later = worker.until(Beat, lambda beat: beat.captured > first.captured + 2)
        message = worker.receive()
        assert isinstance(message, Beat)
        assert message.captured >= later.captured
        worker.want(NATIVE)
        assert worker.frames(1)


def killed_and_back(box: Box) -> None:
    """SIGKILL at any moment; the next worker has the camera at once."""
    for _ in range(2):
        with box.start() as worker:
            worker.want(NATIVE)
            assert worker.frames(3)
            worker.process.kill()
            assert worker.ended() == -9


def ends_with_its_server(box: Box) -> None:
    """No orphan holds a camera."""
    with box.start() as worker:
        worker.want(NATIVE)
        worker.frames(1)
        worker.socket.close()
        assert worker.ended(within_s=2) == 0


def rate(box: Box) -> None:
    """Frames of the small size come at a rate that can be watched."""
    with box.start() as worker:
        worker.want(LOW)
        frames = worker.frames(16, slot=2)
        fps = 15 / (frames[-1].captured_s - frames[0].captured_s)
        assert LEAST_FPS < fps < 17, fps


CHECKS: tuple[Callable[[Box], None], ...] = (
    pictures_of_now,
    renditions,
    quarter_turn,
    idle_and_wanted_again,
    killed_and_back,
    ends_with_its_server,
    rate,
)


def main(source: str) -> int:
    """Run all, say how each went. 1: one failed."""
    question = csi_listing.Question(PATIENCE_S)
    while not question.done(1):
        pass
    print("listed:", question.cameras, flush=True)
    failures = 0
    for check in CHECKS:
        started_s = time.monotonic()
        try:
            check(Box(source, {}, PATIENCE_S))
        except Exception as error:
            failures += 1
            print(f"FAILED {check.__name__}: {type(error).__name__}: {error}", flush=True)
        else:
            print(f"ok     {check.__name__} {time.monotonic() - started_s:.1f} s", flush=True)
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
