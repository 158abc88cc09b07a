"""Events as tests need them: made by the classes, with fixed time and randomness."""

from __future__ import annotations

from typing import Any

from events.schema import alarm, audit_head, exchange, incident, policy, verdict
from events.schema.blocks import ModelBlock, RequestBlock
from events.schema.envelope import Event
from events.schema.ids import incident_id, ulid

TIME_MS = 1_795_676_400_000


def event_id(number: int, time_ms: int = TIME_MS) -> str:
    return ulid(time_ms, number.to_bytes(10))


def request(name: str = "req_1") -> RequestBlock:
    return RequestBlock(name, None, None, "/v1/chat/completions", "openai-chat", stream=True)


def incident_event(number: int = 1, request_id: str = "req_1", action: Any = "redact", **more: Any) -> Event:
    identity = event_id(number)
    data = incident.IncidentData(
        schema_version=incident.VERSION,
        incident_id=incident_id(identity),
        activity="create",
        request=request(request_id),
        model=ModelBlock("127.0.0.1", "m"),
        policy=incident.IncidentRule("acme", "sha256:" + "0" * 64, "hide", "words", None, "enforce"),
        finding=incident.FindingBlock("WORD", "medium", 1.0, 0.0, "high"),
        location=incident.LocationBlock("response", "text[0]", 3, 8),
        verdict="violation",
        action=incident.ActionBlock(action, 1, action != "flag", 40, 0),
        evidence=incident.EvidenceBlock("hmac256:00000000:" + "0" * 32),
        timing=incident.IncidentTiming(12.5, 0.1),
        counts=incident.CountsBlock(1),
        **more,
    )
    return Event(identity, "/sluicegate/test", request_id, TIME_MS, data)


def verdict_event(number: int = 2, label: Any = "false_positive") -> Event:
    data = verdict.VerdictData(verdict.VERSION, incident_id(event_id(1)), "hmac256:0:0", "human", label)
    return Event(event_id(number), "/sluicegate/test", data.incident_id, TIME_MS, data)


def exchange_event(number: int = 3, request_id: str = "req_1") -> Event:
    data = exchange.ExchangeData(
        schema_version=exchange.VERSION,
        request=request(request_id),
        model=ModelBlock("127.0.0.1", "m"),
        policy=exchange.ExchangePolicy("acme", "sha256:" + "0" * 64, "enforce"),
        decision="allow",
        status=200,
        refusal="none",
        lengths=exchange.LengthsBlock(10, 20, 30, 4, 0, 2),
        timing=exchange.ExchangeTiming(12.5, 0.2, None),
        detectors=[exchange.DetectorBlock("words", "response", 20, 0.1, {"WORD": 0.5})],
        channels=[exchange.ChannelBlock("text", "response", 20, 1, 0, 0)],
        actions={},
    )
    return Event(event_id(number), "/sluicegate/test", request_id, TIME_MS, data)


def alarm_event(number: int = 4) -> Event:
    data = alarm.AlarmData(
        alarm.VERSION, "alm_1", "create", "block_rate", {"rule": "hide"}, "adwin", "high", 0.1, 0.01,
        {"delta": 2e-5}, "2026-11-23T07:12:03.214Z", "2026-11-23T07:15:03.214Z", 1200,
    )  # fmt: skip
    return Event(event_id(number), "/sluicegate/monitor", "alm_1", TIME_MS, data)


def policy_event(number: int = 5) -> Event:
    data = policy.PolicyData(policy.VERSION, "loaded", "acme", "sha256:" + "0" * 64, "enforce", rules=3)
    return Event(
        event_id(number), "/sluicegate/test", "acme", TIME_MS, data, "00-" + "1" * 32 + "-" + "2" * 16 + "-01"
    )


def audit_head_event(number: int = 6) -> Event:
    data = audit_head.AuditHeadData(audit_head.VERSION, "c" * 16, 12, "d" * 64)
    return Event(event_id(number), "/sluicegate/test", data.chain, TIME_MS, data)


def all_events() -> list[Event]:
    return [
        incident_event(),
        verdict_event(),
        exchange_event(),
        alarm_event(),
        policy_event(),
        audit_head_event(),
    ]
