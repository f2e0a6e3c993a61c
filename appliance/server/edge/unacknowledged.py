"""What a connection's other end has not acknowledged, as the kernel counts it; asked for every frame of every viewer."""

import fcntl
import struct

SIOCOUTQ = 0x5411  # asm-generic/ioctls.h TIOCOUTQ; tcp(7): bytes not acknowledged by the peer, sent or not
_COUNT = struct.Struct("i")
_NONE = bytes(_COUNT.size)
_count = bytearray(_COUNT.size)


def is_drained(fd: int) -> bool:
    """Whether the other end's kernel has everything that ours was given. So it has once the connection is over."""
    try:
        fcntl.ioctl(fd, SIOCOUTQ, _count, True)
    except (OSError, ValueError):  # ValueError: closed, -1 is no descriptor
        return True
    return _count == _NONE


def unacknowledged_bytes(fd: int) -> int:
    """How much of all that ours was given the other end's kernel has not acknowledged. 0 once the connection is over."""
    try:
        fcntl.ioctl(fd, SIOCOUTQ, _count, True)
    except (OSError, ValueError):
        return 0
    count: int = _COUNT.unpack(_count)[0]
    return count
