"""The way there and back of one text: the value that a span of a prompt says, those of an answer's placeholders.

The answer is judged as the model wrote it, placeholders and all. What is written in their place is the sender's
own: no detector looks at it again.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from policies.placeholders import canonical
from policies.restoring import RESTORER
from proxy.guard.edits import Replacement
from proxy.guard.fences import Fences
from proxy.guard.nesting import Nesting, escaped, unescaped
from proxy.guard.readings import MAX_NESTING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.types import Finding
    from policies.substitutes import Substitutes
    from proxy.guard.api import GuardStats
    from proxy.guard.buffer import TextBuffer


class Parted(NamedTuple):
    """Findings of a text, told apart."""

    others: Sequence[Finding]
    """What rules are asked about. What lies within a placeholder that goes is not among it: nobody will read it."""
    restored: list[Replacement]
    """The values of placeholders that stand for one, in order."""


class WayBack:
    """Knows of one text how a value is written in it."""

    __slots__ = ("_buffer", "_fences", "_nesting", "_stats", "_substitutes")

    def __init__(
        self, buffer: TextBuffer, substitutes: Substitutes, stats: GuardStats, *, is_json: bool = False
    ) -> None:
        """`is_json`: the text is JSON."""
        self._buffer = buffer
        self._substitutes = substitutes
        self._stats = stats
        self._nesting = Nesting(is_json=is_json)
        self._fences = None if is_json else Fences()

    def feed(self, text: str) -> None:
        """Take the next piece of the text."""
        self._nesting.feed(text)
        if self._fences is not None:
            self._fences.feed(text)

    def _depth(self, start: int, end: int) -> int | None:
        depth = self._nesting.depth(start, end)
        return self._fences.depth(start, end) if depth == 0 and self._fences is not None else depth

    def value_at(self, start: int, end: int) -> str | None:
        """Return what a span says, escapes decoded; None for one across strings of JSON, which has no way back."""
        depth = self._depth(start, end)
        return None if depth is None else unescaped(self._buffer.slice(start, end), depth)

    def is_restorable(self, written: str) -> bool:
        """Whether what is written in place of a value has a way back; count it when it has none."""
        if self._substitutes.original(written) is not None:
            return True
        self._stats.not_restorable += 1
        return False

    def parted(self, findings: Sequence[Finding]) -> Parted:
        """Part placeholders of this exchange from other findings."""
        spans = {(f.start, f.end) for f in findings if f.detector == RESTORER}
        if not spans:
            return Parted(findings, [])
        restored: list[Replacement] = []
        reach = 0
        for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
            if start < reach:
                continue  # one within another: `<FULL NAME_1>` is not `<FULL ` and NAME_1
            reach = end
            original = self._original(self._buffer.slice(start, end))
            if original is None:
                self._stats.unknown_placeholders += 1
            else:
                depth = self._depth(start, end) or 0
                restored.append(Replacement(start, end, escaped(original, depth), is_faithful=True))
        starts = [one.start for one in restored]
        others = [f for f in findings if f.detector != RESTORER and not _is_within(f, restored, starts)]
        return Parted(others, restored)

    def _original(self, written: str) -> str | None:
        """Return the value of a placeholder as a model wrote it, which in JSON may be with escapes."""
        for layers in range(MAX_NESTING + 1 if "\\" in written else 1):
            original = self._substitutes.original(canonical(unescaped(written, layers)))
            if original is not None:
                return original
        return None


def _is_within(finding: Finding, restored: Sequence[Replacement], starts: Sequence[int]) -> bool:
    index = bisect_right(starts, finding.start) - 1
    return index >= 0 and finding.end <= restored[index].end
