"""What goes up to the server: sends that never wait, so that the camera waits for no one.

Rule 1: a message that was begun is completed before any other; then words, then pictures.
Rule 2: of each slot one frame waits. A newer one takes its place, and the older is counted as unsent.
Rule 3: nothing here is unbounded: the waiting frames are as many as slots, the words a handful (one Beat at most).
"""

import select
import socket
import time
from collections import deque

from appliance.frame import Frame
from appliance.wire.hallway import Beat, Up, encode, encode_frame


class Outbox:
    """The way up."""

    def __init__(self, hallway: socket.socket) -> None:
        self._hallway = hallway
        self._writable = select.poll()
        self._writable.register(hallway, select.POLLOUT)
        self._begun = memoryview(b"")
        self._words: deque[Up] = deque()
        self._frames: dict[int, Frame] = {}
        self.unsent = 0

    @property
    def waiting(self) -> bool:
        """Is there something that the server has not taken?"""
        return bool(self._begun or self._words or self._frames)

    def say(self, word: Up) -> None:
        """Send a word, as soon as the server takes it. A Beat replaces the one that still waits."""
        if isinstance(word, Beat):
            self._words = deque(waiting for waiting in self._words if not isinstance(waiting, Beat))
        self._words.append(word)
        self.flush()

    def put(self, slot: int, frame: Frame) -> None:
        """Send a frame, as soon as the server takes it and unless a newer one comes first."""
        self.unsent += slot in self._frames
        self._frames.pop(slot, None)
        self._frames[slot] = frame
        self.flush()

    def forget(self, slot: int) -> None:
        """Drop the frame that waits in `slot`: what the slot stands for has changed."""
        self._frames.pop(slot, None)

    def flush(self) -> None:
        """Give the server as much as it takes without waiting. Raises OSError when it is gone."""
        while self._begun or self._next():
            try:
                sent = self._hallway.send(self._begun, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            self._begun = self._begun[sent:]

    def drain(self, wait_s: float) -> None:
        """Flush until nothing waits, at most so long."""
        deadline_s = time.monotonic() + wait_s
        self.flush()
        while self.waiting and (left_s := deadline_s - time.monotonic()) > 0:
            self._writable.poll(left_s * 1000)
            self.flush()

    def _next(self) -> bool:
        if self._words:
            self._begun = memoryview(encode(self._words.popleft()))
        elif self._frames:
            slot = next(iter(self._frames))  # the one that has waited longest
            self._begun = memoryview(encode_frame(slot, self._frames.pop(slot)))
        return bool(self._begun)
