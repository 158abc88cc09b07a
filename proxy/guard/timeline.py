"""One channel's text on its way through the guard: what was judged, what may leave, what is replaced.

A timeline knows nothing of frames or of the wire. The stream guard appends text, hands its windows to detectors
and asks up to where the text may leave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.refusals import CLOSING_CHARS, OPENING_CHARS, AnswerEnds
from detectors.types import ChannelKind, Window
from events.schema import Bypass, Failure, Incident
from policies.decide import Acted, SpanEdit, decide
from policies.replacement import evidence_digest
from policies.types import Action
from proxy.guard.api import Block, GuardStats, ScanFailureReason
from proxy.guard.arguments import ArgumentsLexer
from proxy.guard.buffer import FORGET_STEP_CHARS, TextBuffer
from proxy.guard.clusters import clusters, uncut
from proxy.guard.cursor import Cursor
from proxy.guard.edits import EditList, covering, joined, resolved_edits
from proxy.guard.observers import Observers
from proxy.guard.panel import Panel
from proxy.guard.pending import Pending
from proxy.guard.readings import Readings, in_source
from proxy.guard.rules import channel_label
from proxy.guard.sentences import MAX_SENTENCE_CHARS, Splitter
from proxy.guard.wayback import WayBack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from detectors.types import Finding
    from policies.decide import IsEcho
    from proxy.guard.api import ChannelSummary
    from proxy.guard.edits import Replacement
    from proxy.guard.memory import Memory
    from proxy.guard.rules import ChannelRules
    from proxy.wire.types import Channel


class WantedScan(NamedTuple):
    """A window and the cursor that waits for its answer."""

    cursor: Cursor
    window: Window
    holding: bool


MAX_DECIDED: Final = 64
"""Most findings that are decided in one go, about two milliseconds: one text may hold thousands of addresses."""


class Timeline:
    """One growing text. Offsets are code points from its start."""

    _context_chars = 0
    """How much before an incident is not forgotten yet, for the audit record."""

    final = False
    """Nothing will be appended any more."""
    closed = False
    """Nothing more will leave."""
    block: Block | None = None
    """Set when the text must end at `block.offset`."""
    is_plain = True  # nothing was found so far: no edit, no block
    held_since_s: float | None = None
    """When the oldest text that has not been released arrived, on the driver's clock."""
    released = 0
    """Text before this offset may leave, with `edits` applied."""
    emitted = 0
    """Text before this offset has left: it is in frames that were sent."""

    def __init__(
        self,
        channel: Channel,
        rules: ChannelRules,
        stats: GuardStats,
        *,
        keep: bool = False,
        constant: bool = False,
        memory: Memory | None = None,
    ) -> None:
        """Make the empty text.

        `keep`: retain the whole text, for snapshots. `constant`: the text is complete values, not a stream.
        `memory`: of the exchange.
        """
        self.channel = channel
        self.rules = rules
        self._keep, self._constant = keep, constant
        self._substitutes = None if memory is None else memory.substitutes
        self.buffer = TextBuffer()
        self.edits = EditList(cuts=channel.is_signed)
        self._stats = stats
        self._readings = Readings(self.buffer)
        self._panel = self._readings.follow(Panel(rules.holders, self._readings.plain, rules.kind, stats))
        self._observers = Observers(rules, self._readings, stats) if rules.observing else None
        self._pending = Pending()
        self._allowed: list[Finding] = []
        self._incidents: list[Incident] = []
        self._sentences = Splitter((MAX_SENTENCE_CHARS,)) if rules.rewrites else None
        self._boundaries = [0]
        self._has_escapes = rules.kind is ChannelKind.TOOL_ARGUMENTS and bool(rules.holding or rules.observing)
        self._lexer = ArgumentsLexer() if self._has_escapes and channel.is_json else None
        self._way_back: WayBack | None = None
        if rules.reads_values and memory is not None:
            self._way_back = WayBack(self.buffer, memory.substitutes, stats, is_json=self._lexer is not None)
        self._typed = memory.typed if rules.allows_echo and memory is not None and memory.typed else None
        self._is_followed = self._has_escapes or self._sentences is not None or self._way_back is not None

    def keep_evidence(self, context_chars: int, whole_chars: int) -> None:
        """Keep for an audit record what stands before an incident, and so much of the beginning."""
        self._context_chars = context_chars
        self.buffer.keep_chars = whole_chars

    # Text comes in.

    def append(self, text: str) -> tuple[int, int]:
        """Add text; return its span."""
        buffer = self.buffer
        start = buffer.end
        buffer.append(text)
        if self._is_followed:
            self._follow(text)
        return start, buffer.end

    def _follow(self, text: str) -> None:
        """Read new text in the other ways in which texts of this kind are read."""
        if self._lexer is not None:
            self._lexer.feed(text)
        if self._has_escapes:
            self._readings.feed(text, final=False)
        if self._way_back is not None:
            self._way_back.feed(text)
        if self._sentences is not None:
            self._find_sentences(self._sentences)

    def finish(self) -> None:
        """Take the end of the text."""
        if self.final:
            return
        self.final = True
        if self._lexer is not None:
            self._lexer.feed_end()
        if self._has_escapes:
            self._readings.feed("", final=True)

    def _find_sentences(self, splitter: Splitter) -> None:
        base = self._boundaries[-1]
        text = self.buffer.slice(base, self.buffer.end)
        while (boundary := splitter.next_boundary(text, base)) is not None:
            self._boundaries.append(boundary)

    # Detectors judge it.

    def wanted_scans(self) -> list[WantedScan]:
        """Return the windows that can be judged now. Each is returned once."""
        wanted: list[WantedScan] = []
        if not self._panel.is_passed_over(final=self.final):
            windows = self._panel.windows(None, final=self.final)
            wanted += [WantedScan(cursor, window, holding=True) for cursor, window in windows]
        if self._observers is not None and (self.emitted or self.closed):
            wanted += self._wanted_observations(self._observers)
        return wanted

    @property
    def is_behind(self) -> bool:
        """Whether there is more to look at than was looked at in one go: `wanted_scans` is to be asked again."""
        return self._panel.is_behind or (self._observers is not None and self._observers.is_behind)

    def _wanted_observations(self, observers: Observers) -> Iterator[WantedScan]:
        complete = self._constant and self.emitted > 0
        closed = self.closed or complete
        if closed or observers.is_behind or observers.wants(self.emitted):
            whole = complete or self.emitted >= self.buffer.end
            for cursor, window in observers.windows(self.emitted, whole=whole, closed=closed):
                yield WantedScan(cursor, window, holding=False)

    def whole_text(self) -> str | None:
        """Return all of the text, None where it is not kept."""
        return self.buffer.slice(0, self.buffer.end) if self._keep else None

    def said(self) -> str:
        """Return what has left, edits and all. Only of a text that is kept."""
        text = self.buffer.slice(0, self.emitted)
        edited = self.edits.apply(text, 0, self.emitted)
        return text if edited is None else edited

    def close_segments(self) -> Iterator[WantedScan]:
        """Yield the open segments of window detectors as they are: they were held for too long."""
        for cursor in self._panel.cursors:
            window = cursor.close_segment(cursor.reading.buffer.end)
            if window is not None:
                yield WantedScan(cursor, window, holding=True)

    def receive_scan(self, scan: WantedScan, result: object) -> list[Incident]:
        """Take a detector's answer. Raises `GarbageError`. Returns what only observers had to say."""
        if scan.holding:
            found = scan.cursor.receive(result)
            if found:
                self._pending.add(in_source(scan.cursor, found))
            return []
        assert self._observers is not None  # noqa: S101 - nobody else asks without holding
        acted = self._observers.receive(scan.cursor, result, self._allowed, self._echo_test)
        return [self._incident(one) for one in acted]

    def receive_failure(self, scan: WantedScan, reason: ScanFailureReason) -> Bypass | Failure:
        """Take the news that a window could not be judged: block here, or let it pass, as the rule says."""
        start = scan.cursor.reading.to_source(scan.window.start)
        window = self._readings.skip(scan.cursor)
        end = scan.cursor.reading.to_source(window.end)
        self.is_plain = False
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

    def resolve(self) -> bool:
        """Move `released` as far as the detectors' answers allow, and decide what lies before it.

        Returns False when there was so much to decide that it did only some of it, and is to be asked again.
        """
        limit = self._panel.limit(self.buffer.end if self.block is None else self.block.offset)
        if limit <= self.released:
            return True
        if not self._pending and self._sentences is None and self._readings.is_plain:
            self.released = limit
        elif len(self._pending) > MAX_DECIDED and self._decide_some(limit):
            return False
        else:
            self._pending.join()
            self._decide_before(self._settled(limit))
        if not self._keep and self.buffer.end - self.buffer.base > 2 * FORGET_STEP_CHARS:
            self._forget()
        return True

    def _decide_some(self, limit: int) -> bool:
        """Decide the first of many findings. Returns False where they overlap without a gap: it is all or none."""
        before = self.released
        settled = self._settled(min(limit, self._pending.part(MAX_DECIDED)))
        if settled > before:  # a block at `before` is progress, too, though nothing is released
            self._decide_before(settled)
            return True
        self._pending.join()
        return False

    def _settled(self, limit: int) -> int:
        """Lower the limit until it cuts no finding, no sentence that may be replaced and no escape."""
        before = -1
        while limit != before:
            before = limit
            limit = uncut(self._pending.near, limit)
            limit = min([limit, *(f.start for f in self._pending.near if self._in_open_value(f, limit))])
            if self._sentences is not None and not (self.final and limit == self.buffer.end):
                limit = max(b for b in self._boundaries if b <= limit)
            limit = self._readings.floor(limit)
        return max(limit, self.released)

    def _in_open_value(self, finding: Finding, limit: int) -> bool:
        """Whether the finding reaches into a bare JSON value whose end is not known yet."""
        open_at = None if self._lexer is None or self._lexer.broken else self._lexer.open_scalar
        return open_at is not None and finding.start < limit and finding.end > open_at

    def _decide_before(self, limit: int) -> None:
        self.is_plain = False
        ready: Sequence[Finding] = self._pending.take(limit)
        restored: Sequence[Replacement] = ()
        if self._way_back is not None:
            ready, restored = self._way_back.parted(ready)
        edits: list[SpanEdit] = []
        for cluster in clusters(ready):
            rules, may_block = self.rules, not self.channel.is_echo
            decision = decide(
                rules.policy, cluster, rules.direction, rules.kind, may_block=may_block, is_echo=self._echo_test
            )
            self._allowed += [a.finding for a in decision.acted if a.action is Action.ALLOW and not a.is_echo]
            self._incidents += [self._incident(acted) for acted in decision.acted]
            edits += decision.edits
            if decision.block is not None:
                self._block_at(decision.block)
                limit = decision.block.finding.start
                break
        if edits or restored:
            limit = self._edit(edits, restored, limit)
        self.released = max(self.released, limit)
        if self._sentences is not None:
            keep = max(i for i, b in enumerate(self._boundaries) if b <= self.released or i == 0)
            self._boundaries = self._boundaries[keep:]

    def _edit(self, edits: Sequence[SpanEdit], restored: Sequence[Replacement], limit: int) -> int:
        """Note what changes of the text before the limit. Returns the limit, lower where the text must end."""
        sentences = self._boundaries if self._sentences is not None else None
        resolved = resolved_edits(
            covering(edits, restored),
            self.rules,
            self.buffer,
            sentences,
            self._lexer,
            self._substitutes,
            self._way_back,
        )
        if resolved.key_edit is not None and (self.block is None or resolved.key_edit.start < self.block.offset):
            rule, start = resolved.key_edit.rule, resolved.key_edit.start
            self.block = Block(rule.id, rule.message, self.channel, start)
            limit = min(limit, start)
        replacements = joined(resolved.replacements, [one for one in restored if one.end <= limit])
        self.edits.add(replacements)
        self._stats.edits += len(resolved.replacements)
        self._stats.restored += len(replacements) - len(resolved.replacements)
        return limit

    @property
    def _echo_test(self) -> IsEcho | None:
        return None if self._typed is None else self._is_echo

    def _is_echo(self, finding: Finding) -> bool:
        """Whether a finding is what the user typed. Of text that is forgotten already nobody can say so."""
        matched = self.buffer.slice(finding.start, finding.end)
        is_there = len(matched) == finding.end - finding.start
        return is_there and self._typed is not None and self._typed.holds(matched)

    def _block_at(self, acted: Acted) -> None:
        offset = acted.finding.start
        if self.block is None or offset < self.block.offset:
            self.block = Block(acted.rule.id, acted.rule.message, self.channel, offset)

    def _forget(self) -> None:
        """Drop text that no detector, no edit and no sentence needs."""
        sentence = self._boundaries[0] if self._sentences is not None else self.released
        before = min(min(self.released, sentence) - self._context_chars, self.buffer.end - CLOSING_CHARS)
        self._readings.forget(max(0, before))

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
        return self._observers is not None and (self._constant or self._observers.wants(self.emitted))

    def take_incidents(self) -> list[Incident]:
        """Return every incident not yet returned: the text ends here."""
        gone, self._incidents = self._incidents, []
        return gone

    def summary(self) -> ChannelSummary:
        """Return what events say of the text."""
        return self.rules.summary(self.channel, self.buffer.end)

    def ends(self) -> AnswerEnds:
        """Return how the text begins and ends, as far as it came."""
        buffer = self.buffer
        opening = buffer.opening or buffer.text[:OPENING_CHARS]
        return AnswerEnds(opening, buffer.text[-CLOSING_CHARS:], buffer.end)

    def _incident(self, acted: Acted) -> Incident:
        finding = acted.finding
        matched = self.buffer.slice(finding.start, finding.end)
        left = matched[: max(self.emitted - finding.start, 0)]
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
            digest=evidence_digest(self.rules.policy.hash_key, matched, finding.end - finding.start),
            delivered_bytes=len(left.encode("utf-8", "surrogatepass")),
            is_echo=acted.is_echo,
        )
