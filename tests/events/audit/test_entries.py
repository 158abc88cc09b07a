"""Events of the outbox as records of the audit store."""

from __future__ import annotations

import orjson
import pytest

from events.audit import records
from events.audit.entries import record_of
from events.audit.sealing import parse_sealed, seal
from events.codec import EventError, encode
from events.outbox.rows import Entry
from events.schema.envelope import Event
from tests.support.audit import ring
from tests.support.events import all_events, exchange_event, incident_event, policy_event


def entry(event: Event, *, sealed: bool = False) -> Entry:
    data = seal(ring(), event.id, "text") if sealed else None
    return Entry(event.id, f"x.{event.kind.topic}", event.subject, event.time_ms, encode(event), data)


def test_incidents_are_always_kept_others_only_with_a_text() -> None:
    assert [event.kind.name for event in all_events() if record_of(entry(event)) is not None] == ["incident"]


def test_an_incident_keeps_what_filters_ask_for_and_where_it_was() -> None:
    made = record_of(entry(incident_event(), sealed=True))
    assert made is not None
    one, sealed = made
    assert (one.kind, one.rule, one.category, one.action, one.detector) == (
        records.INCIDENT, "hide", "WORD", "redact", "words",
    )  # fmt: skip
    assert (one.request_id, one.model, one.route) == ("req_1", "m", "/v1/chat/completions")
    detail = orjson.loads(one.detail)
    assert (detail["channel"], detail["start"], detail["end"], detail["stream"]) == ("text[0]", 3, 8, True)
    assert sealed is not None


def test_an_exchange_and_a_policy_with_a_text_become_records() -> None:
    exchange, policy = (record_of(entry(one, sealed=True)) for one in (exchange_event(), policy_event()))
    assert exchange is not None
    assert (exchange[0].kind, exchange[0].action) == (records.EXCHANGE, "allow")
    assert policy is not None
    assert (policy[0].kind, policy[0].revision) == (records.POLICY, "sha256:" + "0" * 64)
    assert parse_sealed(seal(ring(), "a", 1))


@pytest.mark.parametrize("field", ["value", "sealed"])
def test_what_cannot_be_read_is_said(field: str) -> None:
    broken = entry(incident_event(), sealed=True)._replace(**{field: b'{"id":"a","type":"b","subject":"c"}'})
    with pytest.raises(EventError):
        record_of(broken)
