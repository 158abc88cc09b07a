"""What an answer shows, signal by signal."""

from __future__ import annotations

import math

import pytest

from monitor.models.answer import answer_of, is_answer, signals_of
from monitor.models.buckets import COLUMNS, RESPONSES
from monitor.types import Signal
from tests.support.monitor import START_S, caught, exchange


@pytest.mark.parametrize(
    ("more", "signals"),
    [
        ({}, []),
        ({"actions": {"allow": 1}}, []),
        ({"actions": {"flag": 1}}, ["incidents", "harmful_compliance"]),
        ({"actions": {"block": 1}}, ["incidents", "blocks", "harmful_compliance"]),
        ({"actions": {"rewrite": 2}}, ["incidents", "edits", "harmful_compliance"]),
        ({"decision": "block", "actions": {"block": 1}, "chars": 0}, ["incidents", "blocks"]),
        ({"actions": {"bypass": 1}, "unavailable": 1}, ["bypasses", "errors"]),
        ({"refusal": "partial"}, ["refusals", "refusals_partial", "over_refusals"]),
        ({"refusal": "stated", "request_categories": ("A",)}, ["refusals", "refusals_full"]),
    ],
)
def test_signals(more: dict[str, object], signals: list[str]) -> None:
    assert signals_of(exchange(**more)) == signals


def test_what_follows_from_an_answer_is_worked_out() -> None:
    answer = answer_of(caught(START_S, refusal="full", chars=99, score=0.7), [])
    assert answer.is_incident
    assert answer.is_refusal
    assert answer.length == math.log(100)
    assert answer.score == 0.7
    assert answer.columns[:2] == [RESPONSES, COLUMNS[Signal.INCIDENTS]]
    assert not answer.is_quiet
    quiet = answer_of(exchange(score=None), [])
    assert quiet.is_quiet
    assert (quiet.score, quiet.columns, quiet.is_incident, quiet.is_refusal) == (0.0, [RESPONSES], False, False)


@pytest.mark.parametrize("more", [{"rules": {"r": 1}}, {"categories": {"CARD": 1}}, {"refusal": "full"}], ids=str)
def test_an_answer_that_a_rule_had_a_say_in_is_not_quiet(more: dict[str, object]) -> None:
    assert not answer_of(exchange(**more), []).is_quiet


def test_what_no_model_answered_is_an_answer_where_a_rule_acted() -> None:
    assert not is_answer(exchange(decision="refused"))
    assert is_answer(exchange(decision="refused", actions={"block": 1}))
