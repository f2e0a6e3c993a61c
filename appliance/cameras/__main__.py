"""argv → verb → exit status of the camera room.

Rule 1: a verb's work lives elsewhere; this file only chooses, so that `list` need not load a codec.
"""

import contextlib
import json
import os
import signal
import sys
from pathlib import Path

USAGE = "usage: python -m appliance.cameras worker FD | list | placeholder WIDTH HEIGHT TITLE REASON"


def _worker(fd: str) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's; it ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    from appliance.cameras import worker

    return worker.run(int(fd), _devices())


def _list() -> int:
    from appliance.cameras import listing

    json.dump(listing.attached(_devices()), sys.stdout, indent=1)
    sys.stdout.write("\n")
    return 0


def _placeholder(width: str, height: str, title: str, reason: str) -> int:
    from appliance.cameras import placeholder

    sys.stdout.buffer.write(placeholder.draw(int(width), int(height), title, reason))
    return 0


def _devices() -> Path:
    return Path(os.environ.get("CAMERA_APPLIANCE_DEV", "/dev"))  # elsewhere in tests and odd containers


def main(arguments: list[str]) -> int:
    """Do what `arguments` say. 2: they say nothing that we know."""
    match arguments:
        case ["worker", fd] if fd.isdecimal():
            return _worker(fd)
        case ["list"]:
            return _list()
        case ["placeholder", width, height, title, reason] if width.isdecimal() and height.isdecimal():
            return _placeholder(width, height, title, reason)
    sys.stderr.write(USAGE + "\n")
    return 2


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main(sys.argv[1:]))
