"""Incidents and verdicts as OCSF Detection Findings (class 2004), for systems that read nothing else.

https://schema.ocsf.io/classes/detection_finding, with the profiles security_control and ai_operation. The native
events carry more; this is an export.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from events.codec import EventError, decode_data
from events.schema.incident import IncidentData
from events.schema.verdict import VerdictData

if TYPE_CHECKING:
    from events.schema.incident import ActionBlock

CLASS_UID: Final = 2004
OCSF_VERSION: Final = "1.9.0-dev"
"""The first version whose profile ai_operation has `ai_model`."""

_ACTIVITIES: Final = {"create": (1, "Create"), "update": (2, "Update"), "close": (3, "Close")}
_SEVERITIES: Final = {"informational": (1, "Informational"), "low": (2, "Low"), "medium": (3, "Medium"),
                      "high": (4, "High")}  # fmt: skip
_CONFIDENCES: Final = {"low": (1, "Low"), "medium": (2, "Medium"), "high": (3, "High")}
_ACTIONS: Final = {1: "Allowed", 2: "Denied", 3: "Observed", 4: "Modified"}
_DISPOSITIONS: Final = {2: "Blocked", 10: "Exonerated", 11: "Corrected", 15: "Detected", 17: "Logged", 27: "Error"}
_BY_ACTION: Final = {"block": (2, 2), "redact": (4, 11), "rewrite": (4, 11), "flag": (3, 15), "allow": (1, 17),
                     "bypass": (1, 27)}  # fmt: skip
"""Action of ours: `action_id` and `disposition_id`."""


def to_ocsf(wire: dict[str, Any]) -> dict[str, Any]:
    """Return an incident or verdict event as an OCSF Detection Finding. Raises `EventError` for any other."""
    data = decode_data(wire)
    if isinstance(data, IncidentData):
        return _incident(wire, data)
    if isinstance(data, VerdictData):
        return _verdict(wire, data)
    raise EventError(f"{wire['type']} has no OCSF form: incidents and verdicts do")


def _incident(wire: dict[str, Any], data: IncidentData) -> dict[str, Any]:
    finding, where, action = data.finding, data.location, data.action
    confidence_id, confidence = _CONFIDENCES[finding.confidence]
    title = f"{finding.category} in {where.direction}"
    return {
        **_head(wire, data.activity, finding.severity, data.incident_id, title),
        **_disposition(action),
        "confidence_id": confidence_id,
        "confidence": confidence,
        "confidence_score": None if finding.score is None else round(100 * finding.score),
        "message": f"{finding.category} at {where.channel} {where.char_start} to {where.char_end}: {action.type}",
        "policy": {"uid": data.policy.rule_id or data.policy.detector, "name": data.policy.id,
                   "version": data.policy.hash},
        "ai_model": {"ai_provider": data.model.provider, "name": data.model.name, "version": data.model.version},
        "resources": [{"uid": data.request.id, "type": "exchange", "group": {"name": data.request.tenant}}],
    }  # fmt: skip


def _verdict(wire: dict[str, Any], data: VerdictData) -> dict[str, Any]:
    cleared = data.label == "false_positive"
    disposition = {"disposition_id": 10, "disposition": _DISPOSITIONS[10]} if cleared else {}
    activity = "close" if cleared else "update"
    head = _head(wire, activity, data.severity or "informational", data.incident_id, f"reviewed: {data.label}")
    return {**head, **disposition, "comment": data.label}


def _head(wire: dict[str, Any], activity: str, severity: str, uid: str, title: str) -> dict[str, Any]:
    activity_id, activity_name = _ACTIVITIES[activity]
    severity_id, severity_name = _SEVERITIES[severity]
    return {
        "class_uid": CLASS_UID,
        "class_name": "Detection Finding",
        "category_uid": 2,
        "category_name": "Findings",
        "activity_id": activity_id,
        "activity_name": activity_name,
        "type_uid": 100 * CLASS_UID + activity_id,
        "time_dt": wire["time"],
        "severity_id": severity_id,
        "severity": severity_name,
        "metadata": {
            "version": OCSF_VERSION,
            "uid": wire["id"],
            "profiles": ["security_control", "ai_operation", "datetime"],
            "product": {"name": "Sluicegate", "version": version("sluicegate"), "uid": wire["source"]},
        },
        "finding_info": {"uid": uid, "title": title},
    }


def _disposition(action: ActionBlock) -> dict[str, Any]:
    action_id, disposition_id = _BY_ACTION[action.type]
    return {
        "action_id": action_id,
        "action": _ACTIONS[action_id],
        "disposition_id": disposition_id,
        "disposition": _DISPOSITIONS[disposition_id],
    }
