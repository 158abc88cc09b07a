"""One channel's text on its way through the guard: what was judged, what may leave, what is replaced.

A timeline knows nothing of frames or of the wire. The stream guard appends text, hands its windows to detectors
and asks up to where the text may leave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from detectors.types import ChannelKind
from events.schema import Bypass, Failure, Incident
from policies.decide import Acted, SpanEdit, decide
from policies.types import Action
from proxy.guard.api import Block, GuardStats, ScanFailureReason
from proxy.guard.arguments import ArgumentsLexer
from proxy.guard.buffer import FORGET_STEP_CHARS, TextBuffer
from proxy.guard.cursor import Cursor
from proxy.guard.edits import EditList, resolved_edits
from proxy.guard.sentences import MAX_SENTENCE_CHARS, Splitter
from proxy.guard.unescape import UnescapedView

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from detectors.types import Finding, ScanResult, Window
    from proxy.guard.rules import ChannelRules
    from proxy.wire.types import Channel

MAX_NESTING = 2
"""How many layers of escapes are read: a JSON string, and JSON written into that string."""


OBSERVED_STEP_CHARS = 256
"""Nobody waits for observers, so they are shown what has left in steps of this size, not with every frame."""


class PlainReading:
    """A channel's text as it is."""

    __slots__ = ("buffer",)

    def __init__(self, buffer: TextBuffer) -> None:
        self.buffer = buffer

    def to_source(self, offset: int) -> int:
        """Return the same offset."""
        return offset

    def from_source(self, source: int) -> int:
        """Return the same offset."""
        return source


class WantedScan(NamedTuple):
    """A window and the cursor that waits for its answer."""

    cursor: Cursor
    window: Window
    holding: bool


class Timeline:
    """One growing text. Offsets are code points from its start."""

    def __init__(
        self,
        channel: Channel,
        rules: ChannelRules,
        stats: GuardStats,
        *,
        keep: bool = False,
        constant: bool = False,
    ) -> None:
        """`keep`: retain the whole text, for snapshots. `constant`: the text is complete values, not a stream."""
        self.channel = channel
        self.rules = rules
        self._keep = keep
        self._constant = constant
        self.buffer = TextBuffer()
        self.released = 0
        """Text before this offset may leave, with `edits` applied."""
        self.emitted = 0
        """Text before this offset has left: it is in frames that were sent."""
        self.final = False
        """Nothing will be appended any more."""
        self.closed = False
        """Nothing more will leave."""
        self.edits = EditList()
        self.block: Block | None = None
        """Set when the text must end at `block.offset`."""
        self.held_since_s: float | None = None
        """When the oldest text that has not been released arrived, on the driver's clock."""
        self._stats = stats
        self._readings: list[PlainReading | UnescapedView] = [PlainReading(self.buffer)]
        plain = self._readings[0]
        self._holding = [Cursor(d, plain, rules.kind, 0) for d in rules.holding]
        self._observing = [Cursor(d, plain, rules.kind, 0) for d in rules.observing]
        self._pending: list[Finding] = []
        self._observed: list[Finding] = []
        self._observe_at = OBSERVED_STEP_CHARS
        self._allowed: list[Finding] = []
        self._incidents: list[Incident] = []
        self._sentences = Splitter((MAX_SENTENCE_CHARS,)) if rules.rewrites else None
        self._boundaries = [0]
        is_json = rules.kind is ChannelKind.TOOL_ARGUMENTS and bool(rules.holding or rules.observing)
        self._lexer = ArgumentsLexer() if is_json else None

    # Text comes in.

    def append(self, text: str) -> tuple[int, int]:
        """Add text; return its span."""
        start = self.buffer.end
        self.buffer.append(text)
        if self._lexer is not None:
            self._lexer.feed(text)
            self._feed_views(text, final=False)
        if self._sentences is not None:
            self._find_sentences(self._sentences)
        return start, start + len(text)

    def finish(self) -> None:
        """Take the end of the text."""
        if self.final:
            return
        self.final = True
        if self._lexer is not None:
            self._lexer.feed_end()
            self._feed_views("", final=True)

    def _feed_views(self, text: str, *, final: bool) -> None:
        """Pass new text through the chain of views, opening the next one at the first backslash."""
        for depth in range(1, MAX_NESTING + 1):
            if depth < len(self._readings):
                view = self._readings[depth]
                assert isinstance(view, UnescapedView)  # noqa: S101 - only the first reading is plain
                before = view.buffer.end
                view.feed(text, final=final)
                text = view.buffer.slice(before, view.buffer.end)
            elif "\\" in text:
                text = self._open_view(self._readings[-1], text, final=final)
            else:
                return

    def _open_view(self, source: PlainReading | UnescapedView, text: str, *, final: bool) -> str:
        """Begin to read `source` unescaped. Up to the new text both readings are one and the same."""
        cursors = [c for c in (*self._holding, *self._observing) if c.reading is source]
        new_from = source.buffer.end - len(text)
        start = max(source.buffer.base, min((c.needed_from for c in cursors), default=new_from))
        view = UnescapedView(min(start, new_from), source if isinstance(source, UnescapedView) else None)
        before = new_from
        view.feed(source.buffer.slice(view.buffer.base, source.buffer.end), final=final)
        for group in (self._holding, self._observing):
            group += [
                Cursor(c.detector, view, self.rules.kind, min(c.watermark, new_from))
                for c in group
                if c.reading is source
            ]
        self._readings.append(view)
        return view.buffer.slice(before, view.buffer.end)

    def _find_sentences(self, splitter: Splitter) -> None:
        base = self._boundaries[-1]
        text = self.buffer.slice(base, self.buffer.end)
        while (boundary := splitter.next_boundary(text, base)) is not None:
            self._boundaries.append(boundary)

    # Detectors judge it.

    def wanted_scans(self) -> list[WantedScan]:
        """Return the windows that can be judged now. Each is returned once."""
        wanted = []
        final = self.final
        for cursor in self._holding:
            window = cursor.next_window(cursor.reading.buffer.end, final=final)
            if window is not None:
                wanted.append(WantedScan(cursor, window, holding=True))
        if self._observing:
            wanted += self._wanted_observations()
        return wanted

    def _wanted_observations(self) -> Iterator[WantedScan]:
        """Observers see what has left, so that what they report does not depend on what is still held."""
        whole = self.emitted >= self.buffer.end or (self._constant and self.emitted > 0)
        if not self.closed and not self._constant and self.emitted < self._observe_at:
            return
        self._observe_at = self.emitted + OBSERVED_STEP_CHARS
        for cursor in self._observing:
            reading = cursor.reading
            end = reading.buffer.end if whole else reading.from_source(self.emitted)
            window = cursor.next_window(end, final=self.closed or (self._constant and whole))
            if window is not None:
                yield WantedScan(cursor, window, holding=False)

    def whole_text(self) -> str | None:
        """Return all of the text, None where it is not kept."""
        return self.buffer.slice(0, self.buffer.end) if self._keep else None

    def close_segments(self) -> Iterator[WantedScan]:
        """Yield the open segments of window detectors as they are: they were held for too long."""
        for cursor in self._holding:
            window = cursor.close_segment(cursor.reading.buffer.end)
            if window is not None:
                yield WantedScan(cursor, window, holding=True)

    def receive_scan(self, scan: WantedScan, result: ScanResult) -> list[Incident]:
        """Take a detector's answer. Raises `GarbageError`. Returns what only observers had to say."""
        found = scan.cursor.receive(result)
        findings = [self._in_source(scan.cursor, f) for f in found] if found else []
        if scan.holding:
            self._pending += findings
            return []
        self._observed += findings
        return self._observations()

    @staticmethod
    def _in_source(cursor: Cursor, finding: Finding) -> Finding:
        reading = cursor.reading
        if isinstance(reading, PlainReading):
            return finding
        start, end = reading.to_source(finding.start), reading.to_source(finding.end)
        return type(finding)(finding.detector, finding.category, start, end, finding.score)

    def receive_failure(self, scan: WantedScan, reason: ScanFailureReason) -> Bypass | Failure:
        """Take the news that a window could not be judged: block here, or let it pass, as the rule says."""
        start = scan.cursor.reading.to_source(scan.window.start)
        window = scan.cursor.skip()
        end = scan.cursor.reading.to_source(window.end)
        name = scan.cursor.detector.name
        rule = self.rules.blocking_rule(name) if scan.holding else None
        where = (name, reason.value, self.rules.direction.value, channel_label(self.channel), start, end)
        if rule is None:
            return Bypass(*where)
        if self.block is None or start < self.block.offset:
            self.block = Block(rule.id, rule.message, self.channel, start, reason)
        return Failure(*where)

    @staticmethod
    def over_limit(scan: WantedScan, max_hold_chars: int) -> WantedScan | None:
        """Return what the scan's detector keeps back as a scan again, when it is more than the policy allows."""
        cursor = scan.cursor
        if not scan.holding or cursor.in_flight is not None or cursor.held_chars <= max_hold_chars:
            return None
        return WantedScan(cursor, cursor.reopen(), holding=True)

    # What may leave.

    def resolve(self) -> None:
        """Move `released` as far as the detectors' answers allow, and decide what lies before it."""
        limit = self._limit()
        if limit <= self.released:
            return
        if not self._pending and self._sentences is None and len(self._readings) == 1:
            self.released = limit
        else:
            self._decide_before(self._settled(limit))
        if not self._keep and self.buffer.end - self.buffer.base > 2 * FORGET_STEP_CHARS:
            self._forget()

    def _limit(self) -> int:
        limit = self.buffer.end if self.block is None else self.block.offset
        for cursor in self._holding:
            limit = min(limit, cursor.reading.to_source(cursor.watermark))
        return limit

    def _settled(self, limit: int) -> int:
        """Lower the limit until it cuts no finding, no sentence that may be replaced and no escape."""
        before = -1
        while limit != before:
            before = limit
            for finding in sorted(self._pending, key=lambda f: f.start, reverse=True):
                if finding.start < limit < finding.end or self._in_open_value(finding, limit):
                    limit = finding.start
            if self._sentences is not None and not (self.final and limit == self.buffer.end):
                limit = max(b for b in self._boundaries if b <= limit)
            if len(self._readings) > 1:
                limit = self._readings[1].floor(limit)  # type: ignore[union-attr]
        return max(limit, self.released)

    def _in_open_value(self, finding: Finding, limit: int) -> bool:
        """Whether the finding reaches into a bare JSON value whose end is not known yet."""
        open_at = None if self._lexer is None or self._lexer.broken else self._lexer.open_scalar
        return open_at is not None and finding.start < limit and finding.end > open_at

    def _decide_before(self, limit: int) -> None:
        ready = [f for f in self._pending if f.end <= limit]
        self._pending = [f for f in self._pending if f.end > limit]
        edits: list[SpanEdit] = []
        for cluster in clusters(ready):
            decision = decide(self.rules.policy, cluster, self.rules.direction, self.rules.kind)
            self._allowed += [a.finding for a in decision.acted if a.action is Action.ALLOW]
            self._incidents += [self._incident(acted) for acted in decision.acted]
            edits += decision.edits
            if decision.block is not None:
                self._block_at(decision.block)
                limit = decision.block.finding.start
                break
        if edits:
            sentences = self._boundaries if self._sentences is not None else None
            resolved = resolved_edits(edits, self.rules.policy, self.buffer, sentences, self._lexer)
            if resolved.key_edit is not None and (
                self.block is None or resolved.key_edit.start < self.block.offset
            ):
                rule, start = resolved.key_edit.rule, resolved.key_edit.start
                self.block = Block(rule.id, rule.message, self.channel, start)
                limit = min(limit, start)
            self.edits.add(resolved.replacements)
            self._stats.edits += len(resolved.replacements)
        self.released = max(self.released, limit)
        if self._sentences is not None:
            keep = max(i for i, b in enumerate(self._boundaries) if b <= self.released or i == 0)
            self._boundaries = self._boundaries[keep:]

    def _block_at(self, acted: Acted) -> None:
        offset = acted.finding.start
        if self.block is None or offset < self.block.offset:
            self.block = Block(acted.rule.id, acted.rule.message, self.channel, offset)

    def _forget(self) -> None:
        """Drop text that no detector, no edit and no sentence needs."""
        for reading in self._readings:
            cursors = [c for c in (*self._holding, *self._observing) if c.reading is reading]
            needed = [c.needed_from for c in cursors]
            needed.append(reading.from_source(self.released))
            if self._sentences is not None:
                needed.append(self._boundaries[0])
            reading.buffer.forget(min(needed))

    # What is told about it.

    def sent(self, end: int) -> list[Incident]:
        """Learn that the text before `end` has left; return the incidents that lie there."""
        self.emitted = max(self.emitted, end)
        if not self._incidents:
            return []
        gone = [i for i in self._incidents if i.start < end]
        self._incidents = [i for i in self._incidents if i.start >= end]
        return gone

    @property
    def wants_observation(self) -> bool:
        """Whether enough has left for observers to look at it."""
        return bool(self._observing) and (self._constant or self.emitted >= self._observe_at)

    def take_incidents(self) -> list[Incident]:
        """Return every incident not yet returned: the text ends here."""
        gone, self._incidents = self._incidents, []
        return gone

    def _observations(self) -> list[Incident]:
        """Decide what observers found, once no later finding can overlap it."""
        limit = min(c.reading.to_source(c.watermark) for c in self._observing)
        for finding in sorted(self._observed, key=lambda f: f.start, reverse=True):
            if finding.start < limit < finding.end:
                limit = finding.start
        ready = [f for f in self._observed if f.end <= limit]
        self._observed = [f for f in self._observed if f.end > limit]
        names = {c.detector.name for c in self._observing}
        incidents = []
        for cluster in clusters(ready):
            low, high = cluster[0].start, max(f.end for f in cluster)
            allowed = [f for f in self._allowed if f.start < high and low < f.end]
            decision = decide(self.rules.policy, [*cluster, *allowed], self.rules.direction, self.rules.kind)
            incidents += [self._incident(a) for a in decision.acted if a.finding.detector in names]
        return incidents

    def _incident(self, acted: Acted) -> Incident:
        finding = acted.finding
        return Incident(
            rule=acted.rule.id,
            detector=finding.detector,
            category=finding.category,
            score=finding.score,
            action=acted.action.value,
            direction=self.rules.direction.value,
            channel=channel_label(self.channel),
            start=finding.start,
            end=finding.end,
        )


def clusters(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Group findings that overlap, directly or through others, in order of offset."""
    groups: list[list[Finding]] = []
    reach = -1
    for finding in sorted(findings, key=lambda f: (f.start, f.end)):
        if groups and finding.start < reach:
            groups[-1].append(finding)
        else:
            groups.append([finding])
        reach = max(reach, finding.end)
    return groups


def channel_label(channel: Channel) -> str:
    """Return the channel's name for events: `text[0]`, `tool_arguments[0].1`.

    A channel's own `name` is left out: for unknown fields it is made of the sender's keys, which are text too.
    """
    label = f"{channel.kind.value}[{channel.choice}]"
    return f"{label}.{channel.part}" if channel.part else label
