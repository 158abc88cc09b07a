"""Filters and look-ups, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from events.audit import records
from events.audit.reading import Filter, all_of, find, newest, policy_of, transcript_of
from events.audit.records import Record
from events.audit.store import AuditStore
from tests.support.audit import TIME_MS, fill, text_of


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, range(12, 0, -1)),
        ({"since_ms": TIME_MS + 3, "until_ms": TIME_MS + 6}, (5, 4, 3)),
        ({"category": "C1"}, (9, 5, 1)),
        ({"tenant": "acme", "category": "C1"}, (9, 5, 1)),
        ({"tenant": "acme", "category": "C2"}, ()),
        ({"model": "m0", "until_ms": TIME_MS + 5}, (4, 2)),
        ({"rule": "none"}, ()),
        ({"action": "redact", "subject_hash": "hmac256:s0"}, (12, 9, 6, 3)),
        ({"request_id": "req_7"}, (7,)),
    ],
)
def test_filters_choose(given: dict[str, Any], wanted: Any, store: AuditStore) -> None:
    fill(store, 12)
    assert [link.seq for link in newest(store, Filter(**given), 50)] == list(wanted)
    assert [link.seq for link in all_of(store, Filter(**given))] == sorted(wanted)


def test_all_of_reads_on_over_many_records(store: AuditStore) -> None:
    fill(store, 1100)
    links = list(all_of(store, Filter()))
    assert [link.seq for link in links] == list(range(1, 1101))
    assert all(link.sealed is not None for link in links)
    assert len(newest(store, Filter(), 7)) == 7


def test_a_record_is_found_by_any_of_its_names(store: AuditStore) -> None:
    fill(store, 3)
    whole = Record("w", records.EXCHANGE, TIME_MS, request_id="req_2")
    policy = Record("p", records.POLICY, TIME_MS, revision="sha256:1")
    store.append([(whole, text_of(1)), (policy, text_of(2))], TIME_MS)
    for name in ("id2", "aud_id2", "inc_2", "2"):
        assert [link.record.id for link in find(store, name)] == ["id2"]
    assert [link.record.id for link in find(store, "req_2")] == ["id2", "w"]
    assert find(store, "nothing") == []
    found = policy_of(store, "sha256:1")
    assert found is not None
    assert found.record.id == "p"
    assert policy_of(store, "sha256:2") is None
    incidents, transcript = transcript_of(store, "req_2")
    assert [link.record.id for link in incidents] == ["id2"]
    assert transcript is not None
    assert transcript.sealed is not None
