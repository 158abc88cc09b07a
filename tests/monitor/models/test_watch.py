"""What an answer shows, signal by signal."""

from __future__ import annotations

import pytest

from monitor.models.watch import Watch, signals_of
from monitor.settings import MonitorSettings
from monitor.types import WHOLE
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


def test_a_slice_knows_when_it_was_seen() -> None:
    watch = Watch(WHOLE, START_S, MonitorSettings(), {})
    watch.learn(caught(START_S + 5), [], [], is_echo=False)
    watch.learn(caught(START_S + 2), [], [], is_echo=False)
    info = watch.info()
    assert (info.responses, info.since_s, info.seen_s) == (2, START_S, START_S + 5)
