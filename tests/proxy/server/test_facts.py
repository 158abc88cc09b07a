"""What is known of an exchange for its events; no text of a client gets into it unchecked."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from events.schema import Bypass, Failure, Incident
from policies.types import Limits, Mode, Policy
from proxy.guard.api import GuardStats
from proxy.server.facts import ExchangeFacts, MessageFacts, is_enforced
from proxy.server.reload import ActivePolicy
from proxy.server.routes import RouteTable
from proxy.wire.registry import DIALECTS

POLICY = ActivePolicy.of(Policy("acme", "ab" * 32, Mode.ENFORCE, Limits(), MappingProxyType({}), ()))
WHERE = ("response", "text[0]", 3, 8)


def facts() -> ExchangeFacts:
    return ExchangeFacts("req_1", POLICY)


@pytest.mark.parametrize(
    ("model", "kept"),
    [("gpt-4o", "gpt-4o"), ("org/m:free@1", "org/m:free@1"), ("call me at 555 0100", None), ("", None), (7, None),
     ("m" * 129, None), (None, None)],
)  # fmt: skip
def test_a_model_has_the_form_of_a_name(model: object, kept: str | None) -> None:
    about = facts()
    about.read_request({"model": model}, 10)
    assert (about.model, about.request_bytes) == (kept, 10)


@pytest.mark.parametrize(
    ("payload", "subject"),
    [
        ({"safety_identifier": "s", "user": "u"}, "s"),
        ({"user": "u"}, "u"),
        ({"metadata": {"user_id": "m"}}, "m"),
        ({"metadata": "m", "user": 7}, ""),
        ({"user": "u" * 513}, ""),
        ({}, ""),
    ],
)
def test_the_end_user_is_found_where_formats_name_one(payload: dict[str, object], subject: str) -> None:
    about = facts()
    about.read_request(payload, 0)
    assert about.subject == subject
    assert subject == "" or f"'{subject}'" not in repr(about)


@pytest.mark.parametrize(
    ("trace", "is_kept"),
    [("00-" + "a" * 32 + "-" + "b" * 16 + "-01", True), ("00-zebra", False), (None, False), ("", False)],
)
def test_a_trace_has_the_form_of_one(trace: str | None, is_kept: bool) -> None:
    about = facts()
    about.read_trace(trace)
    assert about.traceparent == (trace if is_kept else None)


def test_a_route_is_told_with_its_names_in_place_of_what_fills_them() -> None:
    table = RouteTable(DIALECTS.values(), opened={"/v9/{model}/say": DIALECTS["openai-chat"]})
    about = facts()
    about.read_match(table.match("POST", "/v9/secret-model/say"))
    assert about.route == "/v9/{model}/say"
    about.read_request({"model": "other"}, 0)
    assert about.model == "secret-model", "the path decides over the body"


@pytest.mark.parametrize(
    ("action", "expected"),
    [("allow", False), ("flag", False), ("redact", True), ("rewrite", True), ("block", True)],
)
def test_decisions_that_change_what_leaves_are_enforced(action: str, expected: bool) -> None:
    assert is_enforced(Incident("r", "d", "C", 1.0, action, *WHERE)) is expected


def test_what_was_let_through_or_stopped_unjudged_must_be_durable_too() -> None:
    assert is_enforced(Bypass("d", "error", *WHERE))
    assert is_enforced(Failure("d", "error", *WHERE))


def test_reports_are_counted_by_action() -> None:
    message = MessageFacts("response", GuardStats(), {})
    message.count([Incident("r", "d", "C", 1.0, "redact", *WHERE), Bypass("d", "error", *WHERE)])
    message.count([Failure("d", "error", "response", "text[1]", 0, 1)])
    assert message.actions == {"redact": 1, "bypass": 1, "block": 1}
    assert message.unavailable == {"text[0]", "text[1]"}


def test_what_was_caught_is_counted_by_rule_and_category() -> None:
    message = MessageFacts("response", GuardStats(), {})
    for action in ("flag", "block", "allow"):
        message.count([Incident("r", "d", "C", 1.0, action, *WHERE)])
    message.count([Bypass("d", "error", *WHERE)])
    assert message.caught == {("r", "C"): 2}


def test_occurrences_are_counted_by_rule_and_category() -> None:
    about = facts()
    assert [about.next_occurrence("r", c) for c in "aaba"] == [1, 2, 1, 3]
