"""Ids of events: sortable, unique, and back to their time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.schema.ids import incident_id, time_of, ulid

TIMES = st.integers(0, (1 << 48) - 1)
RANDOM = st.binary(min_size=10, max_size=10)


@given(TIMES, RANDOM, TIMES, RANDOM)
def test_ids_sort_by_time_then_by_randomness(a_ms: int, a: bytes, b_ms: int, b: bytes) -> None:
    assert ((a_ms, a) < (b_ms, b)) == (ulid(a_ms, a) < ulid(b_ms, b))


@given(TIMES, RANDOM)
def test_an_id_gives_back_its_time(time_ms: int, randomness: bytes) -> None:
    made = ulid(time_ms, randomness)
    assert (time_of(made), len(made)) == (time_ms, 26)


def test_a_known_id() -> None:
    """From the specification: the time 1469918176385 is written 01ARYZ6S41."""
    assert ulid(1469918176385, bytes(10)) == "01ARYZ6S41" + "0" * 16
    assert incident_id("01ARYZ6S41") == "inc_01ARYZ6S41"


@pytest.mark.parametrize(("time_ms", "randomness"), [(-1, bytes(10)), (1 << 48, bytes(10)), (0, b"")])
def test_what_does_not_fit_is_refused(time_ms: int, randomness: bytes) -> None:
    with pytest.raises(ValueError, match="id"):
        ulid(time_ms, randomness)


@pytest.mark.parametrize("text", ["", "inc_1", "U" * 26])
def test_the_time_of_what_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match=r"ULID|substring"):
        time_of(text)
