"""Sums an exchange up for its event: what was scanned, what it scored, how long it took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from events.schema import exchange

if TYPE_CHECKING:
    from events.schema.blocks import ModelBlock, RequestBlock
    from proxy.server.facts import ExchangeFacts, MessageFacts

MAX_SCORES: Final = 100
"""Categories whose scores an event carries: more would not fit 16 KB."""
MAX_DETECTORS: Final = 40

_REFUSAL: Final = "refusal"


def exchange_data(
    about: ExchangeFacts, request: RequestBlock, model: ModelBlock, total_s: float
) -> exchange.ExchangeData:
    """Return the data of an exchange's event."""
    answers = [message for message in about.messages if message.direction == "response"]
    detectors, truncated = _detectors(about.messages)
    in_force = about.policy.policy
    return exchange.ExchangeData(
        schema_version=exchange.VERSION,
        request=request,
        model=model,
        policy=exchange.ExchangePolicy(in_force.name, f"sha256:{in_force.revision}", in_force.mode.value),
        decision=about.decision,
        status=about.status,
        refusal="stated" if any(_refuses(message) for message in answers) else "none",
        lengths=exchange.LengthsBlock(
            request_bytes=about.request_bytes,
            response_chars=sum(message.stats.text_chars for message in answers),
            delivered_bytes=sum(message.delivered_bytes for message in answers),
            frames=sum(message.stats.frames for message in answers),
            edits=sum(message.stats.edits for message in about.messages),
            held_chars_peak=max((message.stats.held_chars_peak for message in answers), default=0),
        ),
        timing=exchange.ExchangeTiming(
            total_ms=round(1000 * total_s, 3),
            added_first_ms=_ms(about.added_first_s),
            added_whole_ms=_ms(about.added_whole_s),
        ),
        detectors=detectors,
        channels=[block for message in about.messages for block in _channels(message)],
        actions=_actions(about.messages),
        truncated=truncated,
    )


def _detectors(messages: list[MessageFacts]) -> tuple[list[exchange.DetectorBlock], bool]:
    blocks: list[exchange.DetectorBlock] = []
    left, truncated = MAX_SCORES, False
    for message in messages:
        for name, chars in message.stats.scanned_chars.items():
            if len(blocks) == MAX_DETECTORS:
                return blocks, True
            found = message.stats.scores.get(name, {})
            scores = dict(sorted(found.items(), key=lambda pair: -pair[1])[:left]) if len(found) > left else found
            truncated |= len(scores) < len(found)
            left -= len(scores)
            scan_ms = round(1000 * message.seconds.get(name, 0.0), 3)
            blocks.append(exchange.DetectorBlock(name, message.direction, chars, scan_ms, scores))  # type: ignore[arg-type]
    return blocks, truncated


def _channels(message: MessageFacts) -> list[exchange.ChannelBlock]:
    """Return the message's texts by kind: scanned, not scanned, or not judged by one that should have."""
    kinds: dict[str, list[int]] = {}
    for text in message.channels:
        counts = kinds.setdefault(text.kind, [0, 0, 0, 0])
        counts[0] += text.chars
        if text.label in message.unavailable or (message.cut_short and text.is_observed):
            counts[3] += 1
        else:
            counts[1 if text.is_watched else 2] += 1
    return [exchange.ChannelBlock(kind, message.direction, *counts) for kind, counts in kinds.items()]  # type: ignore[arg-type]


def _actions(messages: list[MessageFacts]) -> dict[str, int]:
    actions: dict[str, int] = {}
    for message in messages:
        for action, count in message.actions.items():
            actions[action] = actions.get(action, 0) + count
    return actions


def _refuses(message: MessageFacts) -> bool:
    return any(text.kind == _REFUSAL and text.chars for text in message.channels)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 3)
