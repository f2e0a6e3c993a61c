"""What can be wrong with a camera, on command."""

import random
import struct
from collections import Counter
from dataclasses import dataclass, field

from tests.lab.usbcam import jpegs
from tests.lab.usbcam.descriptors import Mode

COUNTED = ("truncate", "corrupt", "garbage", "empty", "err", "oversize", "drop", "stall-start", "stall-probe")
FOR_EVER = -1
HELP = """\
status                     one JSON line: plugged, streaming, mode, frames sent, controls, faults
unplug | plug              pull the plug (frames in flight are lost) | put it back
replug SECONDS             unplug, and plug again after SECONDS
freeze | thaw              stay connected, send nothing | go on
hang | unhang              answer no request at all, control ones included (the kernel gives up after 5 s) | go on
truncate N [FRACTION]      the next N frames end after FRACTION (0.5) of their bytes, with end-of-frame (N: a number, on or off)
corrupt N [BYTES]          the next N frames have BYTES (64) random bytes overwritten behind the JPEG header
garbage N                  the next N frames are random bytes of the same length
empty N                    the next N frames have no bytes at all
err N                      the next N frames carry the payload header's error bit (V4L2_BUF_FLAG_ERROR)
oversize N                 the next N frames are longer than dwMaxVideoFrameSize
drop N                     the next N frames are not sent
slow FACTOR                frame interval times FACTOR (1 = normal)
jitter MS                  each frame late by a random 0..MS
stall-start N|on|off       STALL the next N commits (STREAMON fails)
stall-probe N|on|off       STALL the next N probes (VIDIOC_S_FMT and TRY_FMT fail)
stall-stream [all]         STALL one URB of the bulk endpoint, or all until the host clears the halt
clear                      drop all faults (not the plug)
quit                       detach and end"""


@dataclass
class Faults:
    """Those that are on."""

    counts: Counter[str] = field(default_factory=Counter)  # how many more times; FOR_EVER
    frozen: bool = False
    hung: bool = False
    slower: float = 1.0
    jitter_s: float = 0.0
    fraction: float = 0.5  # of a truncated frame that is sent
    bytes_overwritten: int = 64
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def set_count(self, name: str, words: list[str]) -> None:
        """From a command's words. Raises ValueError."""
        count = words[0] if words else "1"
        self.counts[name] = {"on": FOR_EVER, "off": 0}[count] if count in ("on", "off") else int(count)
        if name == "truncate":
            self.fraction = float(words[1]) if len(words) > 1 else 0.5
        if name == "corrupt":
            self.bytes_overwritten = int(words[1]) if len(words) > 1 else 64

    def takes(self, name: str) -> bool:
        """Is it this one's turn? Counts down."""
        left = self.counts[name]
        if left > 0:
            self.counts[name] -= 1
        return left != 0

    def clear(self) -> None:
        """All is well again, except a hang: who let go of it has to answer what was asked meanwhile."""
        self.counts.clear()
        self.slower, self.jitter_s, self.frozen = 1.0, 0.0, False

    def spoil(self, frame: bytes, mode: Mode) -> tuple[bytes, str]:
        """The frame as it is sent, and what was done to it."""
        done = []
        for name in ("truncate", "corrupt", "garbage", "empty", "oversize"):
            if self.takes(name):
                frame = self._spoiled(name, frame, mode)
                done.append(name)
        return frame, " ".join(done)

    def _spoiled(self, name: str, frame: bytes, mode: Mode) -> bytes:
        match name:
            case "truncate":
                return frame[: max(1, int(len(frame) * self.fraction))]
            case "corrupt":
                return self._corrupted(frame)
            case "garbage":
                return self.chance.randbytes(len(frame))
            case "oversize":
                return frame.ljust(mode.largest_bytes + 4096, b"\0")
            case _:
                return b""

    def _corrupted(self, frame: bytes) -> bytes:
        spoiled, start = bytearray(frame), jpegs.scan_start(frame)
        for _ in range(self.bytes_overwritten):
            spoiled[self.chance.randrange(start, max(start + 1, len(spoiled) - 2))] = self.chance.randrange(256)
        return bytes(spoiled)


def stamped(jpeg: bytes, number: int, now_s: float) -> bytes:
    """The JPEG with a comment that says which frame it is and when it was sent: `LABCAM number monotonic`."""
    if not jpeg.startswith(b"\xff\xd8"):
        return jpeg
    comment = f"LABCAM {number} {now_s:.6f}".encode()
    return jpeg[:2] + struct.pack(">BBH", 0xFF, 0xFE, 2 + len(comment)) + comment + jpeg[2:]
