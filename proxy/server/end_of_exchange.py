"""Sums an exchange up for its event: what was scanned, what it scored, how long it took."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from detectors.refusals import refusal_of
from events.schema.exchange import VERSION

if TYPE_CHECKING:
    from policies.types import Mode
    from proxy.server.facts import ExchangeFacts, MessageFacts

MAX_SCORES: Final = 80
"""Categories whose scores an event carries: more would not fit 16 KB."""
MAX_DETECTORS: Final = 40
MAX_CAUGHT: Final = 16
"""Rules, and categories, whose incidents an event counts."""

_REFUSAL: Final = "refusal"
_ANSWER: Final = "response"
_NOTHING: Final[dict[str, float]] = {}


def exchange_data(about: ExchangeFacts, subject_hash: str | None, total_s: float) -> dict[str, Any]:
    """Return the data of an exchange's event: the members of `ExchangeData`, in its order, as plain mappings.

    Every exchange has one, and mappings are built and written in a fifth of the time that the classes take.
    """
    messages = about.messages
    detectors, truncated = _detectors(messages)
    in_force = about.policy.policy
    return {
        "schema_version": VERSION,
        "request": {
            "id": about.request_id,
            "tenant": about.tenant,
            "subject_hash": subject_hash,
            "route": about.route,
            "dialect": about.dialect,
            "stream": about.stream,
        },
        "model": _model(about),
        "policy": _policy(in_force.name, in_force.revision, in_force.mode),
        "decision": about.decision,
        "status": about.status,
        "refusal": "stated" if any(map(_refuses, messages)) else "none",
        "lengths": lengths_of(about.request_bytes, messages),
        "timing": {
            "total_ms": round(1000 * total_s, 3),
            "added_first_ms": _ms(about.added_first_s),
            "added_whole_ms": _ms(about.added_whole_s),
        },
        "detectors": detectors,
        "channels": [block for message in messages for block in _channels(message)],
        "actions": _actions(messages),
        "truncated": truncated,
        "rules": _caught(messages, 0),
        "categories": _caught(messages, 1),
        "refusal_words": refusal_words(messages),
        "restored": sum(message.stats.restored for message in messages),
        "not_restorable": sum(message.stats.not_restorable for message in messages),
    }


@lru_cache(maxsize=64)
def _policy(name: str, revision: str, mode: Mode) -> dict[str, str]:
    """Return what is said of a policy: of one in force, the same again and again."""
    return {"id": name, "hash": f"sha256:{revision}", "mode": mode.value}


def _model(about: ExchangeFacts) -> dict[str, str | None]:
    return {"provider": about.provider, "name": about.model if about.model_answered else None, "version": None}


def lengths_of(request_bytes: int, messages: list[MessageFacts]) -> dict[str, int]:
    """Return how much came and left, in the order of the event."""
    chars = delivered = frames = edits = peak = 0
    for message in messages:
        stats = message.stats
        edits += stats.edits
        if message.direction == _ANSWER:
            chars += stats.text_chars
            delivered += message.delivered_bytes
            frames += stats.frames
            peak = max(peak, stats.held_chars_peak)
    return {
        "request_bytes": request_bytes,
        "response_chars": chars,
        "delivered_bytes": delivered,
        "frames": frames,
        "edits": edits,
        "held_chars_peak": peak,
    }


def _detectors(messages: list[MessageFacts]) -> tuple[list[dict[str, Any]], bool]:
    blocks: list[dict[str, Any]] = []
    left, truncated = MAX_SCORES, False
    for message in messages:
        for name, chars in message.stats.scanned_chars.items():
            if len(blocks) == MAX_DETECTORS:
                return blocks, True
            found = message.stats.scores.get(name, _NOTHING)
            scores = dict(sorted(found.items(), key=lambda pair: -pair[1])[:left]) if len(found) > left else found
            if found:
                truncated |= len(scores) < len(found)
                left -= len(scores)
            spent_s = message.seconds.get(name)
            blocks.append(
                {
                    "name": name,
                    "direction": message.direction,
                    "scanned_chars": chars,
                    "scan_ms": 0.0 if spent_s is None else round(1000 * spent_s, 3),
                    "scores": scores,
                }
            )
    return blocks, truncated


def _channels(message: MessageFacts) -> list[dict[str, Any]]:
    """Return the message's texts by kind: scanned, not scanned, or not judged by one that should have."""
    kinds: dict[str, dict[str, Any]] = {}
    unavailable, is_cut = message.unavailable, message.cut_short
    for text in message.channels:
        block = kinds.get(text.kind)
        if block is None:
            block = kinds[text.kind] = {
                "kind": text.kind,
                "direction": message.direction,
                "chars": 0,
                "scanned": 0,
                "not_scanned": 0,
                "unavailable": 0,
            }
        block["chars"] += text.chars
        if (unavailable and text.label in unavailable) or (is_cut and text.is_observed):
            block["unavailable"] += 1
        else:
            block["scanned" if text.is_watched else "not_scanned"] += 1
    return list(kinds.values())


def _actions(messages: list[MessageFacts]) -> dict[str, int]:
    actions: dict[str, int] = {}
    for message in messages:
        for action, count in message.actions.items():
            actions[action] = actions.get(action, 0) + count
    return actions


def _caught(messages: list[MessageFacts], part: int) -> dict[str, int]:
    """Return incidents by rule (part 0) or by category (part 1), the first `MAX_CAUGHT` of them."""
    counts: dict[str, int] = {}
    for message in messages:
        for about, count in message.caught.items():
            name = about[part]
            if name in counts or len(counts) < MAX_CAUGHT:
                counts[name] = counts.get(name, 0) + count
    return counts


def refusal_words(messages: list[MessageFacts]) -> str | None:
    """Return whether the answer declines, by its words. In the outbox's thread: no answer waits for it."""
    found = refusal_of(ends for one in messages if one.direction == _ANSWER for ends in one.answers)
    return None if found is None else found.value


def _refuses(message: MessageFacts) -> bool:
    if message.direction != _ANSWER:
        return False
    return any(text.kind == _REFUSAL and text.chars for text in message.channels)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 3)
