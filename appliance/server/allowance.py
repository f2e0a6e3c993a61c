"""Allowance: how much a client may say."""


class Allowance:
    """So many messages a second, or as many at once as `burst_s` seconds of that are."""

    def __init__(self, burst_s: float) -> None:
        self._burst_s = burst_s
        self._owed_s = 0.0  # the time for which what was said lately would have been enough
        self._said_s = 0.0

    def covers_one_more(self, now_s: float, per_s: float) -> bool:
        """Count a message; False when it is one too many. `per_s` may change from one to the next."""
        self._owed_s = max(0.0, self._owed_s - (now_s - self._said_s)) + 1 / per_s
        self._said_s = now_s
        return self._owed_s <= self._burst_s
