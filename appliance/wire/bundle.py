"""Several pictures in one answer of a short-lived process: each with its length in four bytes before it."""

import struct

_LENGTH = struct.Struct(">I")


def pack(pictures: list[bytes]) -> bytes:
    """All of them, in order."""
    return b"".join(_LENGTH.pack(len(picture)) + picture for picture in pictures)


def unpack(data: bytes) -> list[bytes]:
    """The pictures again; what is cut off at the end is left out."""
    pictures = []
    while len(data) >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(data)
        picture, data = data[_LENGTH.size : _LENGTH.size + length], data[_LENGTH.size + length :]
        if len(picture) == length:
            pictures.append(picture)
    return pictures
