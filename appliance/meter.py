"""Meter: how often something happens. Pure arithmetic on times it is given."""


class Meter:
    """Events per second over the last one to two seconds."""

    WINDOW_S = 1.0

    def __init__(self) -> None:
        self._since_s = self._count = 0.0
        self._rate = 0.0

    def tick(self, now_s: float, count: float = 1) -> None:
        """`count` events happened at `now_s`."""
        self._roll(now_s)
        self._count += count

    def rate(self, now_s: float) -> float:
        """Events per second, rounded to a tenth; 0 when nothing happened lately."""
        self._roll(now_s)
        return round(self._rate, 1)

    def _roll(self, now_s: float) -> None:
        elapsed_s = now_s - self._since_s
        if elapsed_s < self.WINDOW_S:
            return
        self._rate = self._count / elapsed_s if elapsed_s < 3 * self.WINDOW_S else 0.0
        self._since_s, self._count = now_s, 0.0
