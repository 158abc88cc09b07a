"""Events made of what guards report: true to it, valid, and fixed when the decision was made."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType, SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from detectors.refusals import ends_of
from detectors.types import Stability
from events.codec import decode_data, encode, read_wire
from events.fingerprints import Fingerprinter
from events.jsonschemas import load_schema
from events.schema import Bypass, Failure, Incident
from events.schema.envelope import Event
from events.schema.ids import time_of
from policies.types import Action, Limits, Mode, Policy, Rule
from proxy.guard.api import ChannelSummary, GuardStats
from proxy.server.drafts import Drafter
from proxy.server.facts import ExchangeFacts, MessageFacts
from proxy.server.reload import ActivePolicy, PolicyChange
from tests.support.events import TIME_MS
from tests.support.scale import examples

RULES = (Rule("hide", "words", Action.REDACT, min_score=0.25),)
POLICY = Policy("acme", "ab" * 32, Mode.ENFORCE, Limits(), MappingProxyType({}), RULES)
VALID = Draft202012Validator(load_schema("exchange"))
WHERE = ("response", "text[0]", 3, 8)


def about() -> ExchangeFacts:
    made = ExchangeFacts("req_1", ActivePolicy.of(POLICY), route="/v1/chat/completions", dialect="openai-chat")
    made.read_request({"model": "m", "user": "jane"}, 12)
    made.model_answered, made.provider = True, "api.example"
    made.traceparent = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    return made


def drafter(key: bytes = b"k" * 32) -> Drafter:
    return Drafter("/sluicegate/t", "sluicegate", Fingerprinter(key), lambda: TIME_MS, bytes)


def incident(
    report: Incident | Bypass | Failure, message: MessageFacts | None = None, **more: Any
) -> dict[str, Any]:
    draft = drafter(**more).incident(about(), message or MessageFacts("response", GuardStats(), {}), report)
    wire: dict[str, Any] = orjson.loads(draft.build())
    assert list(Draft202012Validator(load_schema("incident")).iter_errors(wire)) == []
    assert (draft.key, draft.topic, draft.id) == ("req_1", "sluicegate.incidents.v1", wire["id"])
    assert wire["traceparent"].startswith("00-a")
    return wire


@pytest.mark.parametrize(
    ("action", "tier", "enforced", "severity", "verdict"),
    [
        ("allow", 0, False, "informational", "exception"),
        ("flag", 0, False, "low", "violation"),
        ("redact", 1, True, "medium", "violation"),
        ("rewrite", 1, True, "medium", "violation"),
        ("block", 2, True, "high", "violation"),
    ],
)
def test_an_incident_says_what_was_found_and_done(
    action: str, tier: int, enforced: bool, severity: str, verdict: str
) -> None:
    data = incident(Incident("hide", "words", "WORD", 0.6, action, *WHERE, b"d" * 32, 4))["data"]
    assert (data["action"]["type"], data["action"]["tier"], data["action"]["enforced"]) == (action, tier, enforced)
    assert (data["finding"]["severity"], data["verdict"]) == (severity, verdict)
    assert data["finding"] | {"severity": ""} == {
        "category": "WORD", "severity": "", "score": 0.6, "threshold": 0.25, "confidence": "medium",
    }  # fmt: skip
    assert data["location"] == {"direction": "response", "channel": "text[0]", "char_start": 3, "char_end": 8}
    assert data["action"]["violating_bytes_delivered"] == 4
    assert data["policy"]["hash"] == "sha256:" + "ab" * 32
    assert data["model"] == {"provider": "api.example", "name": "m", "version": None}


@pytest.mark.parametrize(("report", "action"), [(Bypass, "bypass"), (Failure, "block")])
def test_a_text_that_could_not_be_judged_is_an_incident_too(report: type[Bypass | Failure], action: str) -> None:
    data = incident(report("words", "deadline", *WHERE))["data"]
    assert (data["action"]["type"], data["verdict"], data["bypass"]) == (
        action,
        "unavailable",
        {"reason": "deadline"},
    )
    assert (data["policy"]["rule_id"], data["finding"]["score"], data["finding"]["severity"]) == (
        None,
        None,
        "high",
    )


def test_the_version_of_a_detector_is_told_where_it_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model may be replaced under the same name; a detector of patterns has none of its own."""
    report = Incident("hide", "words", "WORD", 0.6, "redact", *WHERE, b"d" * 32, 0)
    assert incident(report)["data"]["policy"]["detector_version"] is None
    model = SimpleNamespace(version="bundled@0f3a5c27d941", stability=Stability.WINDOW)
    detectors = MappingProxyType({"words": model})
    monkeypatch.setitem(globals(), "POLICY", dataclasses.replace(POLICY, detectors=detectors))  # type: ignore[arg-type]
    assert incident(report)["data"]["policy"]["detector_version"] == "bundled@0f3a5c27d941"


def test_numbers_are_those_of_the_moment() -> None:
    """What the exchange does afterwards changes nothing: the event is built later."""
    message = MessageFacts("response", GuardStats(), {"words": 0.002}, delivered_bytes=40)
    exchange = about()
    maker = drafter()
    report = Incident("hide", "words", "WORD", 0.6, "redact", *WHERE)
    first, second = maker.incident(exchange, message, report), maker.incident(exchange, message, report)
    message.delivered_bytes = 4000
    data = orjson.loads(second.build())["data"]
    assert data["action"]["bytes_delivered_before"] == 40
    assert (data["timing"]["detector_ms"], data["counts"]["occurrence"]) == (2.0, 2)
    assert orjson.loads(first.build())["data"]["counts"]["occurrence"] == 1
    assert time_of(first.id) == first.created_ms == TIME_MS


def test_fingerprints_tell_equal_values_and_nothing_more() -> None:
    def fingerprint(digest: bytes, key: bytes = b"k" * 32) -> str:
        report = Incident("hide", "words", "WORD", 0.6, "redact", *WHERE, digest)
        return str(incident(report, key=key)["data"]["evidence"]["fingerprint"])

    assert fingerprint(b"a" * 32) == fingerprint(b"a" * 32) != fingerprint(b"b" * 32)
    assert fingerprint(b"a" * 32) != fingerprint(b"a" * 32, b"j" * 32)
    assert fingerprint(b"") == "None"


def test_the_end_user_is_a_fingerprint_and_the_model_is_named_once_it_answered() -> None:
    request = incident(Incident("hide", "words", "WORD", 0.6, "block", "request", "text[0]", 0, 1))["data"]
    assert request["model"]["name"] is None
    assert request["request"]["subject_hash"].startswith("hmac256:")
    assert "jane" not in str(request)


def test_a_policy_event_says_what_happened() -> None:
    draft = drafter().policy(PolicyChange("refused", POLICY, "cd" * 32, 3))
    wire = orjson.loads(draft.build())
    assert list(Draft202012Validator(load_schema("policy")).iter_errors(wire)) == []
    assert (draft.key, draft.topic) == ("acme", "sluicegate.policies.v1")
    assert wire["data"]["before"] == "sha256:" + "cd" * 32
    assert (wire["data"]["activity"], wire["data"]["problems"], wire["data"]["rules"]) == ("refused", 3, 1)


def test_an_exchange_event_is_valid() -> None:
    exchange = about()
    exchange.decision = "allow"
    draft = drafter().exchange(exchange)()
    wire = orjson.loads(draft.build())
    assert list(Draft202012Validator(load_schema("exchange")).iter_errors(wire)) == []
    assert (draft.key, wire["data"]["decision"], wire["data"]["status"]) == ("req_1", "allow", None)


NAMES = st.sampled_from(["", "a", "two words", 'a "quoted" \\ name', "\x00\x1f\x7f\n\t", "é\u2028😀", "%s {} </"])
"""With all that JSON escapes."""
COUNTS = st.integers(0, 1 << 40)
SECONDS = st.floats(0, 1e5)
CHANNELS = st.builds(
    ChannelSummary, NAMES, st.sampled_from(["text", "refusal", "reasoning"]), COUNTS, st.booleans(), st.booleans()
)
STATS = st.builds(
    GuardStats,
    text_chars=COUNTS,
    scanned_chars=st.dictionaries(NAMES, COUNTS, max_size=3),
    scores=st.dictionaries(NAMES, st.dictionaries(NAMES, st.floats(0, 1), max_size=3), max_size=3),
    held_chars_peak=COUNTS,
    frames=COUNTS,
    edits=COUNTS,
)
MESSAGES = st.builds(
    MessageFacts,
    st.sampled_from(["request", "response"]),
    STATS,
    st.dictionaries(NAMES, SECONDS, max_size=3),
    COUNTS,
    actions=st.dictionaries(st.sampled_from(["flag", "redact", "block"]), COUNTS),
    caught=st.dictionaries(st.tuples(NAMES, NAMES), COUNTS, max_size=3),
    unavailable=st.sets(NAMES, max_size=2),
    channels=st.lists(CHANNELS, max_size=4),
    cut_short=st.booleans(),
    answers=st.lists(st.sampled_from(["", "Yes.", "I can't help with that."]).map(ends_of), max_size=2),
)
EXCHANGES = st.builds(
    ExchangeFacts,
    request_id=NAMES.filter(bool),
    policy=st.just(ActivePolicy.of(POLICY)),
    began_s=st.just(0.0),
    route=NAMES,
    dialect=NAMES,
    stream=st.booleans(),
    tenant=st.none() | NAMES,
    provider=st.none() | NAMES,
    subject=NAMES,
    model=st.none() | NAMES,
    model_answered=st.booleans(),
    traceparent=st.none() | st.just("00-" + "a" * 32 + "-" + "b" * 16 + "-01"),
    request_bytes=COUNTS,
    messages=st.lists(MESSAGES, max_size=3),
    decision=st.sampled_from(["allow", "redact", "client_gone"]),
    status=st.none() | st.integers(200, 599),
    added_first_s=st.none() | SECONDS,
    added_whole_s=st.none() | SECONDS,
)


@settings(max_examples=examples(60))
@given(EXCHANGES)
def test_an_exchange_is_written_as_its_classes_would_be(exchange: ExchangeFacts) -> None:
    """It is built without them: the bytes are those of the event that they make, and the schema holds."""
    draft = drafter().exchange(exchange)()
    value = draft.build()
    wire = read_wire(value)
    assert VALID.is_valid(wire)
    event = Event(
        draft.id, "/sluicegate/t", exchange.request_id, draft.created_ms, decode_data(wire), exchange.traceparent
    )
    assert encode(event) == value
