"""Crowd: a message that many connections get at once is given to the kernel once, and goes to each from there without a copy.

memfd_create(2) makes pages that sendfile(2) hands to the connection as they are. To a hundred viewers a picture of 127 KB takes 22 µs of
CPU each instead of 34, because a third of those is copying. Making the pages takes as long as a dozen copies, so it is for crowds.

Rule: what is there never changes and is never used again. A slow connection may still be sending it long after it was let go.
"""

import os

from appliance.wire.buffers import Buffers

CROWD = 24  # connections from which on it is worth it; even at 13 to 15
REFUSED = -1


def file_of(buffers: Buffers) -> int:
    """Where the kernel has this message; REFUSED where it takes none, such as without a free descriptor."""
    if buffers.file is None:
        buffers.file = _made(buffers)
    return buffers.file


def let_go(buffers: Buffers) -> None:
    """Nobody else is going to write it."""
    if buffers.file is not None and buffers.file != REFUSED:
        os.close(buffers.file)
    buffers.file = None


def _made(buffers: Buffers) -> int:
    try:
        file = os.memfd_create("frame", os.MFD_CLOEXEC)
    except OSError:
        return REFUSED
    try:
        if os.writev(file, buffers.pieces) == buffers.size_bytes:
            return file
    except OSError:
        pass  # no memory for it
    os.close(file)
    return REFUSED
