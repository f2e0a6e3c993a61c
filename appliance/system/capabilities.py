"""Capabilities: the unit gives us the right to ports below 1024, for the server alone. What it starts is for cameras, and gets none."""

import ctypes

_AMBIENT, _CLEAR_ALL, _NONE = 47, 4, 0  # of linux/prctl.h: PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL


def keep_to_ourselves() -> None:
    """From now on no process that this thread starts inherits a capability, nor do threads that it begins; it keeps its own.

    A kernel older than ambient capabilities (4.3) has none to give.
    """
    ctypes.CDLL(None).prctl(_AMBIENT, *map(ctypes.c_ulong, (_CLEAR_ALL, _NONE, _NONE, _NONE)))
