"""One live camera and three viewers, on which many faults are played one after another: a box takes long to start in an emulator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trio

from tests.lab.scenarios.box import Box, box, camera
from tests.lab.scenarios.watching import Viewer, watching
from tests.lab.usbcam import remote
from tests.lab.usbcam.remote import Remote

FRAMES = Path("/host/frames")  # made outside, where it is quicker
SMALL = ("--frames", str(FRAMES), "--sizes", "320x240", "--fps", "15,30", "--formats", "mjpeg")
LIVE_WITHIN_S = 40.0  # of the program's start, which is no bar here
STEADY_S = 2.3  # a camera that lived for so long is restarted without a longer wait


@dataclass(frozen=True)
class Scene:
    """What is there."""

    cam: Remote
    running: Box
    viewers: list[Viewer]

    @property
    def socket(self) -> Viewer:
        """The one that is told reasons."""
        return self.viewers[1]

    def words_since(self, since_s: float) -> str:
        """Every reason that was told since then."""
        told = [each.words for each in self.socket.seen if each.kind == "told" and each.at_s > since_s]
        return "; ".join(dict.fromkeys(words for words in told if words.startswith("offline"))) or "nothing"

    async def well_again(self) -> None:
        """Whatever was wrong is over; return once the picture is steady."""
        self.cam.tell("clear")
        if not self.cam.status()["plugged"]:
            self.cam.tell("plug")
        began_s = trio.current_time()
        while True:
            await settled(self.viewers)
            since_s = trio.current_time()
            await trio.sleep(STEADY_S)
            if all(each.live(since_s) and not each.placeholders(since_s) for each in self.viewers):
                return
            assert trio.current_time() - began_s < LIVE_WITHIN_S, "the camera did not get well again"


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    """Set it up, live."""
    with remote.camera("SN1", *SMALL) as cam, box(folder, camera("front", f"usb:{cam.link()}")) as running:
        async with watching(running.url) as viewers:
            whole = Scene(cam, running, viewers)
            await whole.well_again()
            yield whole


async def settled(viewers: list[Viewer]) -> None:
    """All of them have pictures."""
    began_s = trio.current_time()
    for viewer in viewers:
        if await viewer.until("live", began_s, LIVE_WITHIN_S) > LIVE_WITHIN_S:
            raise AssertionError(f"{viewer.name}: no picture within {LIVE_WITHIN_S:g} s; {viewer.words()}")
