"""Back-off: how long to wait before the next attempt. Longer after each failure, up to a bound, and never quite in step with others."""

import random

FIRST_S, LAST_S = 0.5, 10.0
MOST_DOUBLINGS = 16  # far beyond the bound; without one, a camera that is away for hours becomes too large a number


def delay_s(failures: int, spread: float) -> float:
    """The wait after so many failures in a row, shortened at random by at most the share `spread`."""
    longest_s: float = min(LAST_S, FIRST_S * 2 ** min(failures, MOST_DOUBLINGS))
    return longest_s * random.uniform(1 - spread, 1.0)  # noqa: S311 - spreads attempts, nothing secret
