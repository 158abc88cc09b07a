"""Turns decisions into replacements, and replacements into the new text of a slot."""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from dataclasses import replace
from itertools import islice, takewhile
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from policies.decide import SpanEdit, render_replacement
from policies.types import Action
from proxy.guard.arguments import edit_pieces, touches_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policies.substitutes import Substitutes
    from proxy.guard.arguments import ArgumentsLexer
    from proxy.guard.buffer import TextBuffer
    from proxy.guard.rules import ChannelRules
    from proxy.guard.wayback import WayBack


class Replacement(NamedTuple):
    """A span of a channel and what is written there. It stands in the frame where the span begins."""

    start: int
    end: int
    text: str
    is_faithful: bool = False
    """Whether the provider knows the span as it was: a value in place of its placeholder, or the other way."""


class Rendered(NamedTuple):
    """What is written in place of a span, and whether it is faithful."""

    text: str
    is_faithful: bool = False


class Resolved(NamedTuple):
    """What a round of decisions does to the text."""

    replacements: list[Replacement]
    key_edit: SpanEdit | None
    """An edit that would change a key of tool arguments: it cannot be done, so the message must stop there."""


NO_END = sys.maxsize
"""Where a cut ends: after everything."""


class EditList:
    """The replacements of one channel, in order, never overlapping."""

    __slots__ = ("_all", "_cuts", "_ends")

    def __init__(self, *, cuts: bool = False) -> None:
        """`cuts`: the text is signed; it ends where the first replacement would be, and its signature goes."""
        self._cuts = cuts
        self._all: list[Replacement] = []
        self._ends: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._all)

    @property
    def reach(self) -> int:
        """Offset past which no edit goes."""
        return self._ends[-1] if self._ends else 0

    def add(self, replacements: Sequence[Replacement]) -> None:
        """Add replacements that lie after all earlier ones."""
        if self._cuts:
            replacements = [Replacement(r.start, NO_END, "") for r in replacements[: 0 if self._all else 1]]
        self._all += replacements
        self._ends += [r.end for r in replacements]

    def apply(self, text: str, start: int, end: int, *, is_faithful: bool = True) -> str | None:
        """Return the edited form of `text`, which stands at the span; None when no edit touches it.

        A replacement is written where its span begins; where a span reaches in from before, text only goes. Of
        a signed text, the empty span is that of its signature. With `is_faithful=False` faithful replacements are
        left out, and the text stays there as it was.
        """
        if start == end and self._cuts:
            return "" if self._all else None
        first = bisect_right(self._ends, start)
        last = bisect_left(self._all, end, lo=first, key=attrgetter("start"))
        if start == end or first == last:
            return None
        parts: list[str] = []
        position = 0
        for begin, stop, new, faithful in self._all[first:last]:  # thousands of them: as little as can be for each
            if faithful and not is_faithful:
                continue
            if begin >= start:
                parts.append(text[position : begin - start])
                parts.append(new)
            position = stop - start
        parts.append(text[position : end - start] if position < end - start else "")
        return "".join(parts)

    def is_faithful(self, start: int, end: int) -> bool:
        """Whether every replacement that touches a span is."""
        touching = islice(self._all, bisect_right(self._ends, start), None)
        return all(edit.is_faithful for edit in takewhile(lambda edit: edit.start < end, touching))


def resolved_edits(
    edits: Sequence[SpanEdit],
    rules: ChannelRules,
    buffer: TextBuffer,
    boundaries: Sequence[int] | None,
    lexer: ArgumentsLexer | None,
    substitutes: Substitutes | None = None,
    way_back: WayBack | None = None,
) -> Resolved:
    """Render the edits of one round, in order of offset.

    `boundaries` are the starts of sentences, None where no rule rewrites; `lexer` is there for tool arguments.
    `substitutes` are those of the exchange. `way_back` is there where it matters what a span says.
    """

    def rendered(edit: SpanEdit) -> Rendered:
        matched = buffer.slice(edit.start, edit.end)
        if way_back is None or not edit.rule.reads_value(rules.direction):
            return Rendered(render_replacement(rules.policy, edit, matched, substitutes))
        value = way_back.value_at(edit.start, edit.end)
        text = render_replacement(rules.policy, edit, matched, substitutes, value)
        return Rendered(text, edit.rule.restore and way_back.is_restorable(text))

    if lexer is not None and not lexer.broken:
        return _in_arguments(edits, rendered, buffer, lexer)
    if boundaries is not None:
        edits = _merged([_widened(edit, boundaries, buffer) for edit in edits])
    return Resolved([Replacement(e.start, e.end, *rendered(e)) for e in edits], None)


def _in_arguments(
    edits: Sequence[SpanEdit], rendered: Callable[[SpanEdit], Rendered], buffer: TextBuffer, lexer: ArgumentsLexer
) -> Resolved:
    """Keep the arguments JSON: only contents of strings and bare values change. A rewrite acts as a redaction."""
    replacements: list[Replacement] = []
    for edit in edits:
        if touches_key(lexer, edit.start, edit.end):
            return Resolved(replacements, edit)
        matched = buffer.slice(edit.start, edit.end)
        text, is_faithful = rendered(edit)
        pieces = edit_pieces(lexer, edit.start, edit.end, text, matched)
        replacements += [Replacement(*piece, is_faithful) for piece in pieces]
    return Resolved(replacements, None)


def covering(edits: Sequence[SpanEdit], spans: Sequence[Replacement]) -> Sequence[SpanEdit]:
    """Widen edits to the spans that they touch, so that no part of one is left. Both are in order of offset."""
    if not edits or not spans:
        return edits
    ends = [span.end for span in spans]
    widened = []
    for edit in edits:
        first = bisect_right(ends, edit.start)
        last = first
        while last < len(spans) and spans[last].start < edit.end:
            last += 1
        if last > first:
            start, end = min(edit.start, spans[first].start), max(edit.end, spans[last - 1].end)
            edit = replace(edit, start=start, end=end)  # noqa: PLW2901
        widened.append(edit)
    return _merged(widened)


def joined(edits: Sequence[Replacement], spans: Sequence[Replacement]) -> list[Replacement]:
    """Return replacements with those of `spans` that they leave room for, in order of offset."""
    if not edits or not spans:
        return [*edits, *spans]
    ends = [edit.end for edit in edits]
    free = []
    for span in spans:
        index = bisect_right(ends, span.start)
        if index == len(edits) or edits[index].start >= span.end:
            free.append(span)
    return sorted([*edits, *free])


def _widened(edit: SpanEdit, boundaries: Sequence[int], buffer: TextBuffer) -> SpanEdit:
    """Widen a rewrite to the sentences it touches, without the white space around them."""
    if edit.action is not Action.REWRITE:
        return edit
    start = boundaries[max(bisect_right(boundaries, edit.start) - 1, 0)]
    after = bisect_right(boundaries, edit.end - 1)
    end = boundaries[after] if after < len(boundaries) else buffer.end
    sentence = buffer.slice(start, end)
    start += len(sentence) - len(sentence.lstrip())
    end -= len(sentence) - len(sentence.rstrip())
    return replace(edit, start=min(start, edit.start), end=max(end, edit.end))


def _merged(edits: Sequence[SpanEdit]) -> list[SpanEdit]:
    """Join edits that overlap after widening; the most severe one gives the replacement, the first of equals."""
    merged: list[SpanEdit] = []
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if not merged or edit.start >= merged[-1].end:
            merged.append(edit)
            continue
        last = merged[-1]
        is_severer = edit.action.severity > last.action.severity
        merged[-1] = edit.joined_with(last) if is_severer else last.joined_with(edit)
    return merged
