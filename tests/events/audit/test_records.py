"""The chain's arithmetic."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.audit import records
from events.audit.records import Amendments, Record
from tests.support.audit import TIME_MS, record


@given(st.sets(st.integers(1, 60)))
def test_ranges_cover_exactly_their_numbers(seqs: set[int]) -> None:
    found = records.ranges(sorted(seqs))
    assert [one for first, last in found for one in range(first, last + 1)] == sorted(seqs)
    assert all(after[0] > before[1] + 1 for before, after in pairwise(found))


@given(st.lists(st.sets(st.integers(1, 40)), max_size=4))
def test_erased_records_are_those_that_erasures_name(erasures: list[set[int]]) -> None:
    amendments = Amendments()
    for number, seqs in enumerate(erasures, 100):
        amendments.add(number, records.erasure("e", TIME_MS, "request", records.ranges(sorted(seqs))))
    amendments.close()
    walk = amendments.walk()
    assert [seq for seq in range(1, 50) if walk.is_erased(seq)] == sorted(set().union(*erasures))


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        (records.ERASURE, "{}"),
        (records.ERASURE, '{"ranges": [[0, 1]]}'),
        (records.ERASURE, '{"ranges": [[1, 5]]}'),
        (records.ERASURE, "[]"),
        (records.ERASURE, "no JSON"),
        (records.REWRAP, '{"keys": 1}'),
    ],
)
def test_an_amendment_that_makes_no_sense_is_refused(kind: str, detail: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of two libraries
        Amendments().add(5, Record("a", kind, TIME_MS, detail=detail))


def test_every_field_of_a_record_counts_in_its_hash() -> None:
    given_record = record(1)
    base = records.link_hash("0", 1, given_record)
    for name, value in given_record._asdict().items():
        changed = given_record._replace(**{name: value + 1 if isinstance(value, int) else value + "x"})
        assert records.link_hash("0", 1, changed) != base
    assert records.link_hash("1", 1, given_record) != base != records.link_hash("0", 2, given_record)
