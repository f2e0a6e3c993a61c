"""WebSocket frames as a server sends them (RFC 6455, section 5.2): whole messages, never masked, never compressed."""

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
