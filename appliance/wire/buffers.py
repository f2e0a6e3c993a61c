"""Buffers: a message in pieces, to be written one after the other by one system call."""

from typing import NamedTuple


class Buffers(NamedTuple):
    """The pieces, and how many bytes they are together. A picture among them is the frame's own, never a copy."""

    pieces: tuple[bytes, ...]
    size_bytes: int

    @classmethod
    def of(cls, *pieces: bytes) -> "Buffers":
        """These pieces."""
        return cls(pieces, sum(map(len, pieces)))
