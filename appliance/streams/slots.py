"""Slots: the numbers under which renditions travel from a worker. Pure arithmetic.

Rule 1: a rendition keeps its number for as long as it is offered, whatever the configuration becomes: frames are on their way.
Rule 2: for the same reason a number that is free again is given away last.
"""

from collections.abc import Iterable

MOST = 256  # what one byte holds


class Slots:
    """Who has which, and how far they were ever given."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {}
        self._next = 0

    def __getitem__(self, rendition: str) -> int:
        return self._of[rendition]

    def given_to(self, renditions: Iterable[str]) -> "Slots":
        """The slots when these are offered, and no others."""
        new = Slots()
        new._next = self._next
        new._of = {name: self._of[name] for name in renditions if name in self._of}
        for name in renditions:
            if name not in new._of:
                new._of[name] = new._free()
        return new

    def _free(self) -> int:
        if self._next < MOST:
            self._next += 1
            return self._next - 1
        return min(set(range(MOST)) - set(self._of.values()))
