"""Records as tests of the monitor need them."""

from __future__ import annotations

import itertools
from typing import Any

from monitor.records import ExchangeRecord, IncidentRecord, VerdictRecord

START_S = 1_795_676_400.0

_ids = itertools.count()


def exchange(time_s: float = START_S, **more: Any) -> ExchangeRecord:
    """An answer in which nothing was found, with a fresh id."""
    values: dict[str, Any] = {
        "event_id": f"e{next(_ids)}",
        "time_s": time_s,
        "request_id": "req_1",
        "tenant": "t1",
        "model": "m",
        "route": "/v1/chat/completions",
        "subject": None,
        "policy": "acme",
        "revision": "sha256:0",
        "decision": "allow",
        "refusal": "none",
        "score": None,
        "chars": 200,
        "held_chars": 3,
        "total_ms": 900.0,
        "added_ms": 2.0,
        "unavailable": 0,
        "request_categories": (),
        "actions": {},
        "rules": {},
        "categories": {},
    }
    return ExchangeRecord(**(values | more))


def caught(time_s: float = START_S, rule: str = "cards", category: str = "CARD", **more: Any) -> ExchangeRecord:
    """An answer with one incident."""
    values = {"decision": "redact", "actions": {"redact": 1}, "rules": {rule: 1}, "categories": {category: 1}}
    return exchange(time_s, **(values | {"score": 0.9} | more))


def incident(number: int, time_s: float = START_S, **more: Any) -> IncidentRecord:
    values: dict[str, Any] = {
        "event_id": f"i{next(_ids)}",
        "time_s": time_s,
        "incident_id": f"inc_{number}",
        "activity": "create",
        "tenant": "t1",
        "model": "m",
        "route": "/v1/chat/completions",
        "policy": "acme",
        "rule": "cards",
        "detector": "pii",
        "category": "CARD",
        "score": 0.9,
        "threshold": 0.5,
        "direction": "response",
        "action": "redact",
        "span_chars": 16,
    }
    return IncidentRecord(**(values | more))


def verdict(number: int, label: str = "true_positive", time_s: float = START_S, **more: Any) -> VerdictRecord:
    values: dict[str, Any] = {
        "event_id": f"v{next(_ids)}",
        "time_s": time_s,
        "incident_id": f"inc_{number}",
        "annotator": "human",
        "label": label,
    }
    return VerdictRecord(**(values | more))
