"""Numbering: frame numbers that count up within a stream, across its workers and the placeholders between them."""

from dataclasses import replace

from appliance.frame import Frame

PLACEHOLDERS_AHEAD = 1000  # frame numbers left to placeholders while a worker restarts


class Numbering:
    """Gives numbers to the server's own frames, and new ones to a worker's frames where those were overtaken."""

    def __init__(self) -> None:
        self._highest = 0  # that a frame of ours had
        self._last_placeholder = 0
        self._ahead = 0  # how far our numbers are ahead of the worker's

    def numbered(self, frame: Frame) -> Frame:
        """A worker's frame, numbered anew where placeholders have overtaken its worker's count."""
        if frame.number + self._ahead <= self._last_placeholder:
            self._ahead = self._last_placeholder + 1 - frame.number
        if self._ahead:
            frame = replace(frame, number=frame.number + self._ahead)
        self._highest = max(self._highest, frame.number)
        return frame

    def for_placeholder(self) -> int:
        """The number of the next frame that the server itself makes."""
        self._highest += 1
        self._last_placeholder = self._highest
        return self._highest

    def for_worker(self) -> int:
        """Where a new worker starts counting: behind the placeholders that will be shown until it delivers."""
        self._ahead = 0
        return self._highest + PLACEHOLDERS_AHEAD if self._highest else 0
