"""The detectors of one channel that only tell: flag rules, shadow mode.

They are shown what has left, in steps, so that they delay nothing and what they report does not depend on what is
still held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.decide import Acted, decide
from proxy.guard.clusters import clusters, uncut
from proxy.guard.panel import Panel
from proxy.guard.readings import Readings, in_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.types import Finding, Window
    from policies.decide import IsEcho
    from proxy.guard.api import GuardStats
    from proxy.guard.cursor import Cursor
    from proxy.guard.rules import ChannelRules

OBSERVED_STEP_CHARS = 256
"""Nobody waits for observers, so they look in steps of this size, not at every frame."""


class Observers:
    """Cursors that run behind what has left."""

    __slots__ = ("_findings", "_next_at", "_panel", "_rules")

    def __init__(self, rules: ChannelRules, readings: Readings, stats: GuardStats) -> None:
        self._rules = rules
        self._panel = readings.follow(Panel(rules.observers, readings.plain, rules.kind, stats))
        self._findings: list[Finding] = []
        self._next_at = OBSERVED_STEP_CHARS

    @property
    def is_behind(self) -> bool:
        """Whether there is more to look at than was looked at in one go."""
        return self._panel.is_behind

    def wants(self, emitted: int) -> bool:
        """Whether enough has left to look at it."""
        return emitted >= self._next_at

    def windows(self, emitted: int, *, whole: bool, closed: bool) -> Sequence[tuple[Cursor, Window]]:
        """Return what they must judge next. `whole`: all of the text has left; `closed`: nothing more will."""
        self._next_at = emitted + OBSERVED_STEP_CHARS
        # A finding that waits for the others is decided when they answer, so then each is asked.
        may_look = not self._findings
        return self._panel.windows(None if whole else emitted, final=closed, may_look=may_look)

    def receive(
        self, cursor: Cursor, result: object, allowed: Sequence[Finding], is_echo: IsEcho | None = None
    ) -> list[Acted]:
        """Take an answer; return what rules say to findings that no later one can overlap.

        `allowed` are findings that enforcing rules made exceptions for; `is_echo` says what the user typed. Raises
        `GarbageError`.
        """
        found = cursor.receive(result)
        if not found and not self._findings:
            return []
        self._findings += in_source(cursor, found)
        limit = uncut(self._findings, self._panel.limit(max(f.end for f in self._findings)))
        ready = [f for f in self._findings if f.end <= limit]
        self._findings = [f for f in self._findings if f.end > limit]
        names = {detector.name for detector in self._rules.observing}
        acted: list[Acted] = []
        for cluster in clusters(ready):
            low, high = cluster[0].start, max(f.end for f in cluster)
            exceptions = [f for f in allowed if f.start < high and low < f.end]
            rules = self._rules
            found = [*cluster, *exceptions]
            decision = decide(rules.policy, found, rules.direction, rules.kind, is_echo=is_echo)
            acted += [a for a in decision.acted if a.finding.detector in names]
        return acted
