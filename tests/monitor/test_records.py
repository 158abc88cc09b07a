"""Records are read from real events; what is odd is refused with a reason, whatever it is."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import encode
from events.schema.envelope import Event
from monitor.records import ExchangeRecord, IncidentRecord, PolicyRecord, RefusedRecordError, VerdictRecord, parse
from tests.support.events import (
    TIME_MS,
    alarm_event,
    exchange_event,
    incident_event,
    policy_event,
    verdict_event,
)


def wire(event: Event) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(encode(event))
    return read


def test_an_exchange_becomes_a_record() -> None:
    record = parse(wire(exchange_event()))
    assert isinstance(record, ExchangeRecord)
    assert record.time_s == TIME_MS / 1000
    assert (record.model, record.route, record.policy) == ("m", "/v1/chat/completions", "acme")
    assert (record.score, record.chars, record.held_chars, record.added_ms) == (0.5, 20, 2, 0.2)
    assert (record.refusal, record.actions, record.unavailable) == ("none", {}, 0)


@pytest.mark.parametrize(
    ("stated", "words", "read"),
    [
        ("none", "full", "full"),
        ("none", "partial", "partial"),
        ("none", "none", "none"),
        ("none", None, "none"),
        ("stated", "none", "stated"),
        ("stated", "full", "full"),
    ],
)
def test_an_answer_declines_by_its_words_or_as_its_format_says(stated: str, words: str | None, read: str) -> None:
    event = wire(exchange_event())
    event["data"] |= {"refusal": stated, "refusal_words": words}
    record = parse(event)
    assert isinstance(record, ExchangeRecord)
    assert record.refusal == read


@pytest.mark.parametrize(
    ("event", "kind"),
    [(incident_event(), IncidentRecord), (verdict_event(), VerdictRecord), (policy_event(), PolicyRecord)],
    ids=["incident", "verdict", "policy"],
)
def test_other_events_become_records(event: Event, kind: type) -> None:
    record = parse(wire(event))
    assert isinstance(record, kind)
    assert record.event_id == event.id


def test_scores_of_the_request_are_not_those_of_the_answer() -> None:
    event = wire(exchange_event())
    event["data"]["detectors"][0]["direction"] = "request"
    record = parse(event)
    assert isinstance(record, ExchangeRecord)
    assert (record.score, record.request_categories) == (None, ("WORD",))


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("type", "dev.sluicegate.other.v1", "unknown_type"),
        ("type", ["a"], "unknown_type"),
        ("type", alarm_event().kind.type, "unknown_type"),
        ("time", "yesterday", "bad_time"),
        ("time", "2026-11-23T07:12:03", "bad_time"),
        ("time", 12.0, "bad_time"),
        ("id", "", "bad_text"),
        ("data", None, "no_data"),
        ("data/schema_version", "2.0", "bad_version"),
        ("data/schema_version", "one", "bad_version"),
        ("data/schema_version", None, "bad_version"),
        ("data/schema_version", [], "bad_version"),
        ("data/schema_version", {"major": 1}, "bad_version"),
        ("data/timing/total_ms", float("nan"), "bad_number"),
        ("data/timing/total_ms", float("inf"), "bad_number"),
        ("data/timing/total_ms", True, "bad_number"),
        ("data/timing/total_ms", -1.0, "bad_number"),
        ("data/lengths/response_chars", 1.5, "bad_number"),
        ("data/lengths", [], "bad_member"),
        ("data/detectors", {}, "bad_member"),
        ("data/detectors/0/scores/WORD", float("nan"), "bad_number"),
        ("data/detectors/0/scores", {"~other": 0.5}, "bad_text"),
        ("data/actions", {"block": -1}, "bad_number"),
        ("data/request/route", "r" * 1000, "bad_text"),
        ("data/extra", 1, "unknown_member"),
        ("data/request/extra", 1, "unknown_member"),
        ("data/detectors/0/extra", 1, "unknown_member"),
    ],
)
def test_what_is_odd_is_refused(path: str, value: Any, reason: str) -> None:
    event = wire(exchange_event())
    *way, last = path.split("/")
    node: Any = event
    for key in way:
        node = node[int(key)] if key.isdigit() else node[key]
    node[last] = value
    with pytest.raises(RefusedRecordError) as refused:
        parse(event)
    assert refused.value.reason == reason


def test_a_newer_schema_may_have_more_members() -> None:
    """Within v1 members are added: a proxy that is newer than its monitor must not blind it."""
    event = wire(exchange_event())
    event["data"] |= {"schema_version": "1.99", "extra": 1}
    assert isinstance(parse(event), ExchangeRecord)


REASONS = {
    *("ExchangeRecord", "no_event", "unknown_type", "no_data", "bad_time", "bad_text", "bad_number", "bad_member"),
    *("bad_version", "unknown_member"),
}

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(place=st.integers(0, 60), value=_json)
def test_any_value_anywhere_gives_a_record_or_a_refusal(place: int, value: Any) -> None:
    event = copy.deepcopy(wire(exchange_event()))
    spots: list[tuple[Any, Any]] = []

    def collect(node: Any) -> None:
        for key, below in list(node.items() if isinstance(node, dict) else enumerate(node)):
            spots.append((node, key))
            if isinstance(below, (dict, list)):
                collect(below)

    collect(event)
    node, key = spots[place % len(spots)]
    node[key] = value
    try:
        reason = type(parse(event)).__name__
    except RefusedRecordError as refused:
        reason = refused.reason
    assert reason in REASONS
