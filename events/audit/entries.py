"""Makes records of the audit store from events of the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from events.audit import records
from events.audit.records import Record
from events.audit.sealing import parse_sealed
from events.codec import EventError, read_wire
from events.schema.envelope import EVENT_TYPES

if TYPE_CHECKING:
    from events.audit.sealing import Sealed
    from events.outbox.rows import Entry

_INCIDENTS: Final = EVENT_TYPES["incident"].topic
_OTHERS: Final = {EVENT_TYPES["exchange"].type: records.EXCHANGE, EVENT_TYPES["policy"].type: records.POLICY}


def record_of(entry: Entry) -> tuple[Record, Sealed | None] | None:
    """Return the record that an event becomes, with its text; None for what the store does not keep.

    Every incident is kept; an exchange or a policy only where something was sealed with it. Raises `EventError`.
    """
    is_incident = entry.topic is not None and entry.topic.endswith("." + _INCIDENTS)
    if not is_incident and entry.sealed is None:
        return None
    wire = read_wire(entry.value)
    try:
        sealed = None if entry.sealed is None else parse_sealed(entry.sealed)
        data = wire["data"]
        if is_incident:
            return _incident(entry, data), sealed
        if _OTHERS[wire["type"]] == records.EXCHANGE:
            return _exchange(entry, data), sealed
        return _policy(entry, data), sealed
    except (KeyError, TypeError, ValueError) as error:
        raise EventError("audit_unreadable") from error


def _incident(entry: Entry, data: dict[str, Any]) -> Record:
    rule, finding, where, action = (data[name] for name in ("policy", "finding", "location", "action"))
    detail = {
        "mode": rule["mode"],
        "severity": finding["severity"],
        "score": finding["score"],
        "threshold": finding["threshold"],
        "direction": where["direction"],
        "channel": where["channel"],
        "start": where["char_start"],
        "end": where["char_end"],
        "enforced": action["enforced"],
        "verdict": data["verdict"],
        "bypass": (data.get("bypass") or {}).get("reason"),
        "fingerprint": data["evidence"]["fingerprint"],
        "elapsed_ms": data["timing"]["elapsed_ms"],
    }
    return Record(
        incident_id=data["incident_id"],
        rule=rule["rule_id"] or "",
        category=finding["category"],
        detector=rule["detector"],
        action=action["type"],
        **_common(entry, records.INCIDENT, data, detail),
    )


def _exchange(entry: Entry, data: dict[str, Any]) -> Record:
    detail = {"mode": data["policy"]["mode"], "status": data["status"]}
    return Record(action=data["decision"], **_common(entry, records.EXCHANGE, data, detail))


def _common(entry: Entry, kind: str, data: dict[str, Any], detail: dict[str, Any]) -> dict[str, Any]:
    request, model = data["request"], data["model"]
    more = {"dialect": request["dialect"], "stream": request["stream"], "provider": model["provider"]}
    return {
        "id": entry.id,
        "kind": kind,
        "time_ms": entry.created_ms,
        "request_id": request["id"],
        "tenant": request["tenant"] or "",
        "subject_hash": request["subject_hash"] or "",
        "model": model["name"] or "",
        "route": request["route"],
        "policy": data["policy"]["id"],
        "revision": data["policy"]["hash"],
        "detail": orjson.dumps({**detail, **more}).decode(),
    }


def _policy(entry: Entry, data: dict[str, Any]) -> Record:
    detail = orjson.dumps({"mode": data["mode"], "rules": data["rules"]}).decode()
    return Record(
        id=entry.id, kind=records.POLICY, time_ms=entry.created_ms, policy=data["id"], revision=data["hash"],
        action=data["activity"], detail=detail,
    )  # fmt: skip
