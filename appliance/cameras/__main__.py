"""argv → verb → exit status of the camera room.

Rule 1: a verb's work lives elsewhere; this file only chooses, so that `list` need not load a codec.
"""

import contextlib
import json
import os
import re
import signal
import sys
from pathlib import Path

FIRST_TO_GO = 500  # of 1000
USAGE = (
    "usage: python -m appliance.cameras worker FD | list [WIDTHxHEIGHT@FPS=SOURCE...] | list-csi | "
    "placeholder TITLE REASON WIDTHxHEIGHT..."
)


def _worker(fd: str) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's; it ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with contextlib.suppress(
        OSError
    ):  # when memory runs out, one camera starts anew, and not the server with all of them
        Path("/proc/self/oom_score_adj").write_text(str(FIRST_TO_GO))
    from appliance.cameras import worker

    return worker.run(int(fd), _devices())


def _list(wishes: list[re.Match[str]]) -> int:
    from appliance.cameras import listing
    from appliance.cameras.mode import Wanted

    wanted = {wish[4]: Wanted(int(wish[1]), int(wish[2]), float(wish[3])) for wish in wishes}
    json.dump(listing.attached(_devices(), wanted), sys.stdout, indent=1)
    sys.stdout.write("\n")
    return 0


def _list_csi() -> int:
    from appliance.cameras import csi_listing

    sys.stdout.write(json.dumps(csi_listing.listed()))
    sys.stdout.flush()
    os._exit(0)  # libcamera's own end sometimes crashes


def _placeholder(title: str, reason: str, sizes: list[str]) -> int:
    from appliance.cameras import placeholder
    from appliance.wire import bundle

    pairs = [size.split("x") for size in sizes]
    drawn = [placeholder.draw(int(width), int(height), title, reason) for width, height in pairs]
    sys.stdout.buffer.write(bundle.pack(drawn))
    return 0


def _devices() -> Path:
    return Path(os.environ.get("CAMERA_APPLIANCE_DEV", "/dev"))  # elsewhere in tests and odd containers


def main(arguments: list[str]) -> int:
    """Do what `arguments` say. 2: they say nothing that we know."""
    match arguments:
        case ["worker", fd] if fd.isdecimal():
            return _worker(fd)
        case ["list", *words]:
            wishes = [
                re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})@([1-9][0-9]{0,2})=(.+)", word) for word in words
            ]
            if all(wishes):
                return _list([wish for wish in wishes if wish])
        case ["list-csi"]:
            return _list_csi()
        case ["placeholder", title, reason, *sizes] if sizes and all(
            re.fullmatch(r"[0-9]{1,5}x[0-9]{1,5}", size) for size in sizes
        ):
            return _placeholder(title, reason, sizes)
    sys.stderr.write(USAGE + "\n")
    return 2


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main(sys.argv[1:]))
