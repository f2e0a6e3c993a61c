"""A process that survives SIGKILL, as one that sits in a driver does: it is stopped in the kernel on its way out.

This is what a debugger may ask for (PTRACE_O_TRACEEXIT). The process keeps its descriptors and stays in the table until it is let go.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_SEIZE, _DETACH = 0x4206, 17
_STOP_WHEN_IT_EXITS = 1 << 6
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


@contextmanager
def unkillable(pid: int) -> Iterator[None]:
    """While this lasts, the process cannot be ended. It must be a child of a child of ours, and this thread must stay."""
    if _libc.ptrace(_SEIZE, pid, None, _STOP_WHEN_IT_EXITS) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    try:
        yield
    finally:
        _libc.ptrace(_DETACH, pid, None, None)  # it may have ended by itself
