"""What other programs of this box want its owner to know: shown on the page, beside the server's own warnings.

A notice is a line in `/run/camera-appliance-notices/WHO`. The folder belongs to root and is empty when the box starts, so a notice
is as old as this start at most. Everybody who sees the page reads it: no secrets.
"""

import contextlib
import os
import stat
from pathlib import Path

NOTICES = Path("/run/camera-appliance-notices")
MOST_BYTES = 8192  # of one file
MOST_LINES = 20  # in all; the page shows each as a banner
MOST_CHARACTERS = 400


def notices(folder: Path = NOTICES) -> list[str]:
    """Every notice there is, by the name of who left it. Nothing here raises: a notice must not keep the picture away."""
    try:
        files = sorted(folder.iterdir())
    except OSError:
        return []
    lines = [_printable(line) for file in files for line in _text(file).splitlines()]
    return [line for line in lines if line][:MOST_LINES]


def _text(file: Path) -> str:
    """Only an ordinary file is read: a pipe could hold us for ever."""
    with contextlib.suppress(OSError):
        fd = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(fd, "rb", buffering=0) as opened:
            if stat.S_ISREG(os.fstat(fd).st_mode):
                return (opened.read(MOST_BYTES) or b"").decode(errors="replace")
    return ""


def _printable(line: str) -> str:
    return "".join(character for character in line.strip() if character.isprintable())[:MOST_CHARACTERS]
