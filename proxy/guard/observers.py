"""The detectors of one channel that only tell: flag rules, shadow mode.

They are shown what has left, in steps, so that they delay nothing and what they report does not depend on what is
still held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.decide import Acted, decide
from proxy.guard.clusters import clusters, uncut
from proxy.guard.cursor import Cursor
from proxy.guard.readings import Readings, in_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from detectors.types import Finding, ScanResult, Window
    from proxy.guard.rules import ChannelRules

OBSERVED_STEP_CHARS = 256
"""Nobody waits for observers, so they look in steps of this size, not at every frame."""


class Observers:
    """Cursors that run behind what has left."""

    __slots__ = ("_cursors", "_findings", "_next_at", "_rules")

    def __init__(self, rules: ChannelRules, readings: Readings) -> None:
        self._rules = rules
        self._cursors = readings.follow([Cursor(d, readings.plain, rules.kind, 0) for d in rules.observing])
        self._findings: list[Finding] = []
        self._next_at = OBSERVED_STEP_CHARS

    def wants(self, emitted: int) -> bool:
        """Whether enough has left to look at it."""
        return bool(self._cursors) and emitted >= self._next_at

    def windows(self, emitted: int, *, whole: bool, closed: bool) -> Iterator[tuple[Cursor, Window]]:
        """Yield what they must judge next. `whole`: all of the text has left; `closed`: nothing more will."""
        self._next_at = emitted + OBSERVED_STEP_CHARS
        for cursor in self._cursors:
            reading = cursor.reading
            end = reading.buffer.end if whole else reading.from_source(emitted)
            window = cursor.next_window(end, final=closed)
            if window is not None:
                yield cursor, window

    def receive(self, cursor: Cursor, result: ScanResult, allowed: Sequence[Finding]) -> list[Acted]:
        """Take an answer; return what rules say to findings that no later one can overlap.

        `allowed` are findings that enforcing rules made exceptions for. Raises `GarbageError`.
        """
        found = cursor.receive(result)
        if not found and not self._findings:
            return []
        self._findings += in_source(cursor, found)
        limit = uncut(self._findings, min(c.reading.to_source(c.watermark) for c in self._cursors))
        ready = [f for f in self._findings if f.end <= limit]
        self._findings = [f for f in self._findings if f.end > limit]
        names = {c.detector.name for c in self._cursors}
        acted: list[Acted] = []
        for cluster in clusters(ready):
            low, high = cluster[0].start, max(f.end for f in cluster)
            exceptions = [f for f in allowed if f.start < high and low < f.end]
            rules = self._rules
            decision = decide(rules.policy, [*cluster, *exceptions], rules.direction, rules.kind)
            acted += [a for a in decision.acted if a.finding.detector in names]
        return acted
