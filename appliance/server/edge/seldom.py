"""Lines of log that any client can cause as often as it likes."""

import logging

import trio

log = logging.getLogger("appliance.server.edge")

INTERVAL_S = 1.0


class Seldom:
    """One line a second of each kind, for all clients together, and how many were left out. The log is on an SD card."""

    def __init__(self) -> None:
        self._said_s: dict[str, float] = {}  # by kind, which is the line's format: there are few
        self._left_out: dict[str, int] = {}

    def say(self, level: int, line: str, *details: object) -> None:
        """Log it, unless such a line was logged just now."""
        now = trio.current_time()
        if now - self._said_s.get(line, float("-inf")) < INTERVAL_S:
            self._left_out[line] = self._left_out.get(line, 0) + 1
            return
        self._said_s[line] = now
        left_out = self._left_out.pop(line, 0)
        if left_out:
            line, details = f"{line} (and %d more like it)", (*details, left_out)
        log.log(level, line, *details)
