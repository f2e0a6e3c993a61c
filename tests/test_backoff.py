"""Back-off: longer each time, bounded, also after weeks."""

import pytest

from appliance import backoff


@pytest.mark.parametrize(("failures", "wait_s"), [(0, 0.5), (1, 1.0), (4, 8.0), (5, 10.0), (100, 10.0), (10**6, 10.0)])
def test_doubles_up_to_a_bound(failures: int, wait_s: float) -> None:
    assert backoff.delay_s(failures, 0) == wait_s


def test_shortened_by_at_most_the_spread() -> None:
    waits_s = [backoff.delay_s(3, 0.3) for _ in range(1000)]
    assert 2.8 <= min(waits_s) < max(waits_s) <= 4.0
