"""Excerpts for the audit record: what stood around an incident, and what the receiver got of it.

A clean text costs nothing here but the characters that stay in its buffer for context.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from events.schema.excerpts import Excerpt
from policies.types import Direction
from proxy.guard.rules import channel_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from events.schema import Bypass, Failure, Incident
    from proxy.guard.stream import StreamGuard
    from proxy.guard.timeline import Timeline


class Evidence(NamedTuple):
    """How much of a text is kept for the audit record of an incident."""

    window_chars: int = 0
    """Characters before and after a finding."""
    whole_chars: int = 0
    """Characters from the beginning of each text; 0: no whole texts."""
    max_chars: int = 0
    """Longest excerpt around an incident."""


def excerpts(
    guard: StreamGuard,
    events: Sequence[Incident | Bypass | Failure],
    evidence: Evidence,
    origins: Sequence[Timeline] | None = None,
) -> list[Excerpt]:
    """Return what stood around each of the events that were just taken from the guard.

    `origins` are the texts that they speak of, where the events are only some of those.
    """
    found = []
    for event, timeline in zip(events, guard.reports.origins if origins is None else origins, strict=True):
        buffer = timeline.buffer
        start = max(event.start - evidence.window_chars, buffer.base)
        end = min(event.end + evidence.window_chars, buffer.end)
        found.append(_excerpt(guard, timeline, start, buffer.slice(start, end), evidence.max_chars))
    return found


def whole_texts(guard: StreamGuard, evidence: Evidence) -> list[Excerpt]:
    """Return the whole of each text that had an event, once the message is over."""
    limit = evidence.whole_chars
    return [
        _excerpt(guard, timeline, 0, timeline.buffer.from_the_start(), limit) for timeline in guard.reports.touched
    ]


def _excerpt(guard: StreamGuard, timeline: Timeline, start: int, text: str, limit: int) -> Excerpt:
    is_cut = len(text) > limit
    text = text[:limit]
    direction = timeline.rules.direction
    block = guard.block
    is_stopped = block is not None and block.channel == timeline.channel
    is_kept_back = block is not None and direction is Direction.REQUEST
    left_to = start if is_kept_back else min(start + len(text), max(timeline.emitted, start))
    left = text[: left_to - start]
    # Of an answer a placeholder is kept, not the sender's value that the receiver got in its place: a value that
    # should not be shown to a model should not be stored either because the model said its placeholder.
    is_faithful = direction is Direction.REQUEST
    edited = timeline.edits.apply(left, start, left_to, is_faithful=is_faithful) if left else None
    return Excerpt(
        direction=direction.value,
        channel=channel_label(timeline.channel),
        start=start,
        original=text,
        delivered=left if edited is None else edited,
        message=block.message if block is not None and is_stopped else "",
        is_cut=is_cut,
    )
