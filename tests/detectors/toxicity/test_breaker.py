"""A service that failed is left alone for a while, and then tried once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detectors.toxicity.breaker import Breaker


def test_it_opens_after_failures_in_a_row_and_closes_after_a_success() -> None:
    """A success in between begins the count anew; after the pause one question shows whether to go on."""
    breaker = Breaker(max_failures=2, pause_s=10)
    breaker.failed(0)
    breaker.succeeded()
    breaker.failed(1)
    assert breaker.allows(1)
    breaker.failed(2)
    assert not breaker.allows(2)
    assert not breaker.allows(11.9)
    assert breaker.allows(12)
    assert not breaker.allows(12.1), "one question is under way"
    breaker.failed(13)
    assert not breaker.allows(22.9)
    assert breaker.allows(23)
    breaker.succeeded()
    assert breaker.allows(23.1)


@given(st.lists(st.floats(0, 3), max_size=60))
def test_a_dead_service_is_asked_seldom(waits: list[float]) -> None:
    """At most the first failures, and once for each pause, however often somebody wants to ask."""
    breaker, now_s, asked = Breaker(3, 5.0), 0.0, 0
    for wait_s in waits:
        now_s += wait_s
        if breaker.allows(now_s):
            asked += 1
            breaker.failed(now_s)
    assert asked <= 3 + now_s / 5.0
