"""Buffers: a message in pieces, to be written one after the other by one system call."""

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Buffers:
    """The pieces, and how many bytes they are together. A picture among them is the frame's own, never a copy."""

    pieces: tuple[bytes, ...]
    size_bytes: int
    takers: int = 0  # connections that are about to write it
    file: int | None = None  # where the kernel has it, while it is written to a crowd; -1: it could not

    @classmethod
    def of(cls, *pieces: bytes) -> "Buffers":
        """These pieces."""
        return cls(pieces, sum(map(len, pieces)))
