"""Frame: what travels from a camera to its viewers.

Rule 1: a frame never changes. Whoever wants another picture makes another frame.
Rule 2: this file imports nothing of ours, so every room may know what a frame is.
"""

import enum
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Built = TypeVar("Built")


class Codec(enum.IntEnum):
    """How a payload is coded; the values are those of the binary message in docs/protocol.md."""

    JPEG = 1


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One encoded picture of one rendition, with its capture time on both clocks and the stamps of its way so far."""

    data: bytes = field(repr=False)
    number: int  # counts up within a stream, across restarts of its worker
    captured_us: int  # wall clock, µs since 1970: for people and headers
    captured_s: float  # CLOCK_MONOTONIC, s: for ages and deadlines; a clock step does not move it
    width: int
    height: int
    jpeg_quality: int = 0  # 0: the camera's own JPEG, passed through untouched
    key: bool = True
    placeholder: bool = False
    codec: Codec = Codec.JPEG
    read_s: float = 0.0  # CLOCK_MONOTONIC: the worker had the picture's bytes; 0: unknown, as of a placeholder
    made_s: float = 0.0  # the same clock: encoded, about to leave the worker
    _built: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    def built(self, key: Hashable) -> Any:
        """What `once` built under this key; None: nothing yet."""
        return self._built.get(key)

    def once(self, key: Hashable, build: Callable[["Frame"], Built]) -> Built:
        """What `build` makes of this frame, bytes above all: built by the first viewer who asks, shared by all the others."""
        built: Built | None = self._built.get(key)
        if built is None:
            built = self._built[key] = build(self)
        return built
