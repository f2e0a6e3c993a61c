"""The program with a USB camera, vivid and a ribbon camera, until /host/stop is there; files `unplug` and `plug` do what they say.

/host/up says that all are live.
"""

import tempfile
import time
from pathlib import Path

from tests.lab.scenarios import csi
from tests.lab.scenarios.box import Box, box, camera
from tests.lab.scenarios.live import vivid
from tests.lab.scenarios.scene import FRAMES, LIVE_WITHIN_S
from tests.lab.usbcam import remote

HOST = Path("/host")


def main() -> None:
    """Serve."""
    options = ("--frames", str(FRAMES), "--sizes", "1280x720", "--fps", "15", "--formats", "mjpeg")
    with remote.camera("SN1", *options) as cam, tempfile.TemporaryDirectory() as folder:
        front = camera("front", f"usb:{cam.link()}", (1280, 720), 15)
        others = (
            camera("vivid", f"usb:{vivid()}", (640, 360), 10, "high"),
            camera("ribbon", "csi:0", csi.SIZE, 5, "low"),
        )
        with box(Path(folder), front, *others, environment=csi.prepared()) as running:
            for stream_id in ("front", "vivid", "ribbon"):
                _wait_until_live(running, stream_id)
            (HOST / "up").touch()
            while not (HOST / "stop").exists():
                for command in ("unplug", "plug"):
                    if (HOST / command).exists():
                        (HOST / command).unlink()
                        cam.tell(command)
                time.sleep(0.1)


def _wait_until_live(running: Box, stream_id: str) -> None:
    """Before the browser comes: on a small host it takes the processor that an opening camera needs."""
    deadline_s = time.monotonic() + LIVE_WITHIN_S
    while time.monotonic() < deadline_s and running.api(f"/api/streams/{stream_id}")[1]["status"] != "live":
        time.sleep(0.2)


if __name__ == "__main__":
    main()
