"""Records: events that were read back, checked and reduced to what the monitor needs. What is odd is refused.

An unknown member is refused, unless the event says that its schema is newer than the one known here: then it was
added, and is left alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, get_type_hints

from events.schema import exchange, incident, policy, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_NAME_CHARS: Final = 200
"""Longest name of a model, tenant, route or rule: longer ones make labels that nobody reads."""
MAX_NAMES: Final = 200
"""Most entries of a mapping by category, rule or action."""


class RefusedRecordError(ValueError):
    """An event that is no record. `reason` is one of a few words and fit for a metric."""

    def __init__(self, reason: str, at: str = "") -> None:
        super().__init__(f"{reason}: {at}" if at else reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ExchangeRecord:
    """One answer."""

    event_id: str
    time_s: float
    request_id: str
    tenant: str | None
    model: str | None
    route: str
    subject: str | None
    """Keyed fingerprint of the end user."""
    policy: str
    revision: str
    decision: str
    refusal: str
    """`none`, `partial`, `full`, or `stated` where only the format's own field says it."""
    score: float | None
    """Highest score of the answer; None where no detector found anything."""
    chars: int
    held_chars: int
    total_ms: float
    added_ms: float | None
    unavailable: int
    """Texts of which a detector could not judge a part."""
    request_categories: tuple[str, ...]
    """Categories found in the request."""
    actions: dict[str, int]
    rules: dict[str, int]
    """Incidents by rule."""
    categories: dict[str, int]
    """Incidents by category."""


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """One incident."""

    event_id: str
    time_s: float
    incident_id: str
    activity: str
    tenant: str | None
    model: str | None
    route: str
    policy: str
    rule: str | None
    detector: str
    category: str
    score: float | None
    threshold: float | None
    direction: str
    action: str
    span_chars: int


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """What a reviewer says about an incident, or about an answer that was allowed and sampled."""

    event_id: str
    time_s: float
    incident_id: str
    annotator: str
    label: str


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A policy was loaded, changed, or refused."""

    event_id: str
    time_s: float
    activity: str
    policy: str
    revision: str


Record = ExchangeRecord | IncidentRecord | VerdictRecord | PolicyRecord


def parse(event: Mapping[str, Any]) -> Record:
    """Return the record of a CloudEvent as it was decoded. Raises `RefusedRecordError`."""
    if not isinstance(event, dict):
        raise RefusedRecordError("no_event")
    kind = event.get("type")
    if not isinstance(kind, str) or kind not in _READERS:
        raise RefusedRecordError("unknown_type")
    version, shape, read = _READERS[kind]
    data = event.get("data")
    if not isinstance(data, dict):
        raise RefusedRecordError("no_data")
    written_under = data.get("schema_version")
    if not isinstance(written_under, str):
        raise RefusedRecordError("bad_version")
    if not _is_newer(written_under, version):
        _check_members(data, shape, "data")
    record: Record = read(_text(event, "id"), _time_s(event), data)
    return record


def _exchange(event_id: str, time_s: float, data: dict[str, Any]) -> ExchangeRecord:
    request, model, in_force = _block(data, "request"), _block(data, "model"), _block(data, "policy")
    lengths, timing = _block(data, "lengths"), _block(data, "timing")
    detectors = _blocks(data, "detectors")
    scores = {one: _numbers(block, "scores") for one, block in enumerate(detectors)}
    answer = [score for one, found in scores.items() if _is_answer(detectors[one]) for score in found.values()]
    asked = {name for one, found in scores.items() if not _is_answer(detectors[one]) for name in found}
    return ExchangeRecord(
        event_id=event_id,
        time_s=time_s,
        request_id=_text(request, "id"),
        tenant=_text_or_none(request, "tenant"),
        model=_text_or_none(model, "name"),
        route=_text(request, "route"),
        subject=_text_or_none(request, "subject_hash"),
        policy=_text(in_force, "id"),
        revision=_text(in_force, "hash"),
        decision=_text(data, "decision"),
        refusal=_refusal(data),
        score=max(answer) if answer else None,
        chars=_count(lengths, "response_chars"),
        held_chars=_count(lengths, "held_chars_peak"),
        total_ms=_number(timing, "total_ms"),
        added_ms=_number_or_none(timing, "added_first_ms"),
        unavailable=sum(_count(block, "unavailable") for block in _blocks(data, "channels")),
        request_categories=tuple(sorted(asked)),
        actions=_counts(data, "actions"),
        rules=_counts(data, "rules"),
        categories=_counts(data, "categories"),
    )


def _refusal(data: dict[str, Any]) -> str:
    """Return how far the answer declines: by its words where they do, else by the format's own field."""
    words = _text_or_none(data, "refusal_words")
    return _text(data, "refusal") if words in {None, "none"} else str(words)


def _is_answer(block: dict[str, Any]) -> bool:
    return _text(block, "direction") == "response"


def _incident(event_id: str, time_s: float, data: dict[str, Any]) -> IncidentRecord:
    request, rule, finding = _block(data, "request"), _block(data, "policy"), _block(data, "finding")
    location = _block(data, "location")
    return IncidentRecord(
        event_id=event_id,
        time_s=time_s,
        incident_id=_text(data, "incident_id"),
        activity=_text(data, "activity"),
        tenant=_text_or_none(request, "tenant"),
        model=_text_or_none(_block(data, "model"), "name"),
        route=_text(request, "route"),
        policy=_text(rule, "id"),
        rule=_text_or_none(rule, "rule_id"),
        detector=_text(rule, "detector"),
        category=_text(finding, "category"),
        score=_number_or_none(finding, "score"),
        threshold=_number_or_none(finding, "threshold"),
        direction=_text(location, "direction"),
        action=_text(_block(data, "action"), "type"),
        span_chars=max(0, _count(location, "char_end") - _count(location, "char_start")),
    )


def _verdict(event_id: str, time_s: float, data: dict[str, Any]) -> VerdictRecord:
    return VerdictRecord(
        event_id,
        time_s,
        _text(data, "incident_id"),
        _text(data, "annotator_kind"),
        _text(data, "label"),
    )


def _policy(event_id: str, time_s: float, data: dict[str, Any]) -> PolicyRecord:
    return PolicyRecord(event_id, time_s, _text(data, "activity"), _text(data, "id"), _text(data, "hash"))


# Members.


def _block(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    if not isinstance(value, dict):
        raise RefusedRecordError("bad_member", name)
    return value


def _blocks(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = data.get(name)
    if not isinstance(value, list) or len(value) > MAX_NAMES or not all(isinstance(one, dict) for one in value):
        raise RefusedRecordError("bad_member", name)
    return value


def _text(data: dict[str, Any], name: str) -> str:
    return _key(data.get(name), name)


def _text_or_none(data: dict[str, Any], name: str) -> str | None:
    return None if data.get(name) is None else _text(data, name)


def _number(data: dict[str, Any], name: str) -> float:
    return _checked(data.get(name), name)


def _checked(value: object, name: str) -> float:
    """A NaN or infinity that reached ADWIN would silence it for ever."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise RefusedRecordError("bad_number", name)
    return float(value)


def _number_or_none(data: dict[str, Any], name: str) -> float | None:
    return None if data.get(name) is None else _number(data, name)


def _count(data: dict[str, Any], name: str) -> int:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
        raise RefusedRecordError("bad_number", name)
    return value


def _counts(data: dict[str, Any], name: str) -> dict[str, int]:
    found = data.get(name, {})
    if not isinstance(found, dict) or len(found) > MAX_NAMES:
        raise RefusedRecordError("bad_member", name)
    return {_key(one): _count(found, one) for one in found}


def _numbers(data: dict[str, Any], name: str) -> dict[str, float]:
    found = data.get(name, {})
    if not isinstance(found, dict) or len(found) > MAX_NAMES:
        raise RefusedRecordError("bad_member", name)
    return {_key(one): _checked(value, name) for one, value in found.items()}


def _key(name: object, at: str = "") -> str:
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_CHARS or name[0] == "~":
        raise RefusedRecordError("bad_text", at)
    return name


def _time_s(event: Mapping[str, Any]) -> float:
    value = event.get("time")
    if not isinstance(value, str) or len(value) > len("2026-11-23T07:12:03.214123+00:00"):
        raise RefusedRecordError("bad_time")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise RefusedRecordError("bad_time") from None
    if moment.tzinfo is None:
        raise RefusedRecordError("bad_time")
    return moment.timestamp()


# What is known of the schemas.


@lru_cache(maxsize=64)
def _is_newer(version: str, known: str) -> bool:
    """Whether an event was written by a newer version within v1, which may have added members."""
    try:
        major, minor = (int(part) for part in version.split("."))
    except ValueError:
        raise RefusedRecordError("bad_version") from None
    known_major, known_minor = (int(part) for part in known.split("."))
    if major != known_major:
        raise RefusedRecordError("bad_version")
    return minor > known_minor


_Shape = dict[str, Any]


def _shape_of(data: type) -> _Shape:
    """Return the members of a class of data; a block's or a list of blocks' are those of its class."""
    hints = get_type_hints(data)
    return {one.name: _below(hints[one.name]) for one in fields(data)}


def _below(hint: Any) -> _Shape | None:  # noqa: ANN401 - whatever can be written as a type
    if isinstance(hint, type) and is_dataclass(hint):
        return _shape_of(hint)
    for inner in getattr(hint, "__args__", ()):
        if isinstance(inner, type) and is_dataclass(inner):
            return _shape_of(inner)
    return None


def _check_members(data: dict[str, Any], shape: _Shape, at: str) -> None:
    for name, value in data.items():
        if name not in shape:
            raise RefusedRecordError("unknown_member", at)
        below = shape[name]
        if below is None:
            continue
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, dict):
                _check_members(one, below, name)


_READERS: Final[dict[Any, tuple[str, _Shape, Any]]] = {
    exchange.TYPE: (exchange.VERSION, _shape_of(exchange.ExchangeData), _exchange),
    incident.TYPE: (incident.VERSION, _shape_of(incident.IncidentData), _incident),
    verdict.TYPE: (verdict.VERSION, _shape_of(verdict.VerdictData), _verdict),
    policy.TYPE: (policy.VERSION, _shape_of(policy.PolicyData), _policy),
}
