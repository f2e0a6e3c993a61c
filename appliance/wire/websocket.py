"""WebSocket frames (RFC 6455, section 5.2): as a server sends them, whole, never masked, never compressed; and a client's short texts."""

import struct

TEXT, BINARY = 0x81, 0x82  # FIN and the opcode
_SHORT, _MEDIUM, _LONG = struct.Struct(">BB"), struct.Struct(">BBH"), struct.Struct(">BBQ")


def head(kind: int, length: int) -> bytes:
    """What goes before a payload of `length` bytes."""
    if length < 126:
        return _SHORT.pack(kind, length)
    if length < 1 << 16:
        return _MEDIUM.pack(kind, 126, length)
    return _LONG.pack(kind, 127, length)


def short_texts(data: bytes) -> list[tuple[str, int]]:
    """The short texts that `data` begins with, each a whole frame of a client, and where each frame ends.

    It begins with fewer, or none, where anything else comes: that is for a real parser. `data` begins with a frame.
    """
    texts = []
    start = 0
    while len(data) >= start + 6 and data[start] == TEXT and 0x80 <= data[start + 1] < 0x80 + 126:
        length = data[start + 1] - 0x80
        end = start + 6 + length
        if end > len(data):
            break
        mask = int.from_bytes((data[start + 2 : start + 6] * 32)[:length], "big")
        payload = (int.from_bytes(data[start + 6 : end], "big") ^ mask).to_bytes(length, "big")
        try:
            texts.append((payload.decode(), end))
        except UnicodeDecodeError:
            break
        start = end
    return texts


class Boundary:
    """Where a client's frames begin, however their bytes are cut on the way."""

    def __init__(self) -> None:
        self._head = b""  # of a frame, as long as it does not say how long the frame is
        self._left = 0  # bytes of a frame that are still to come

    @property
    def is_here(self) -> bool:
        """The next byte begins a frame."""
        return not (self._left or self._head)

    def pass_by(self, data: bytes) -> None:
        """These bytes came."""
        while data:
            skipped = min(self._left, len(data))
            self._left -= skipped
            data = self._head + data[skipped:]
            self._head = b""
            if data and (length := _frame_length(data)) is None:
                self._head, data = data, b""
            elif data:
                self._left = length or 0


def _frame_length(data: bytes) -> int | None:
    """How long the frame is that begins here; None: too few bytes to tell."""
    if len(data) < 2:
        return None
    mask_bytes, length = 4 * (data[1] >> 7), data[1] & 0x7F
    if length < 126:
        return 2 + mask_bytes + length
    size = _MEDIUM if length == 126 else _LONG
    if len(data) < size.size:
        return None
    return size.size + mask_bytes + int(size.unpack_from(data)[2])
