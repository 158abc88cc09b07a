"""All texts of one message: puts what the slots of a frame say onto timelines, and keeps which need attention.

It does not order frames and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from policies.restoring import placeholders_in
from policies.types import Direction
from proxy.guard.api import answers_of, never_late
from proxy.guard.memory import memory_of
from proxy.guard.queue import Place
from proxy.guard.rules import ChannelRules, RulesByKind, channel_rules
from proxy.guard.timeline import Timeline
from proxy.guard.whole import SEPARATOR, answers_in, look
from proxy.wire.types import FrameRun, SlotMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from detectors.refusals import AnswerEnds
    from detectors.types import ChannelKind
    from policies.types import Policy
    from proxy.guard.api import ChannelSummary, GuardStats
    from proxy.guard.evidence import Evidence
    from proxy.guard.memory import Memory
    from proxy.guard.timeline import WantedScan
    from proxy.wire.types import Channel, Ended, Frame, Slot

MAX_CONSTANTS = 4096
"""How many different complete values (ids, unknown fields) are remembered as judged; beyond it they are forgotten
and judged again."""

TOKEN_NAMES = frozenset({"logprobs", "top_logprobs"})
"""Names of texts that say tokens once more; they go with an edit."""

_Key: TypeAlias = "tuple[ChannelKind, bool, bool, str]"


def _key(slot: Slot) -> _Key:
    """Return what a complete value is known by: what may stop the message is not what may not."""
    return slot.channel.kind, slot.channel.is_echo, _is_restorable(slot), slot.text


def _is_restorable(slot: Slot) -> bool:
    """Whether a placeholder in a text may become a value. What is signed stays as it is, and no member is lost."""
    return not slot.channel.is_signed and (not slot.drop or slot.channel.name in TOKEN_NAMES)


class Texts:
    """The timelines of a message: one for each channel, and one for each group of complete values."""

    __slots__ = (
        "_constants",
        "_evidence",
        "_keep",
        "_lone_ends",
        "_memory",
        "_noting",
        "_passed",
        "_passed_pieces",
        "_quiet",
        "_rules",
        "_stats",
        "_untouched",
        "_use_screens",
        "by_channel",
        "grown",
        "is_reopened",
        "unresolved",
        "unscanned",
    )

    def __init__(
        self,
        policy: Policy,
        direction: Direction,
        stats: GuardStats,
        keep: bool,
        memory: Memory | None = None,
        *,
        use_screens: bool = True,
        evidence: Evidence | None = None,
    ) -> None:
        """Begin without any text.

        `keep`: retain whole texts, because the format repeats them. `evidence`: for the audit record. `memory`: of
        the exchange; None: this message is all of it.
        """
        self._memory = memory_of(memory, direction)
        self._evidence = evidence
        finds = direction is Direction.RESPONSE and self._memory.substitutes.can_restore
        self._rules = channel_rules(policy, direction, use_screens=use_screens, finds_placeholders=finds)
        # Of texts in which placeholders stay:
        self._untouched = channel_rules(policy, direction, use_screens=use_screens) if finds else self._rules
        self._noting = policy if direction is Direction.REQUEST else None
        self._stats = stats
        self._keep = keep
        self._use_screens = use_screens
        self._constants: dict[_Key, Place] = {}
        self._passed: dict[Channel, int] = {}  # lengths of the texts that needed no place
        self._passed_pieces: dict[Channel, list[str]] = {}
        self._quiet: dict[ChannelKind, Place] = {}
        self._lone_ends: dict[int, Ended] = {}  # of choices beside which there is no other
        self.by_channel: dict[Channel, Timeline] = {}
        self.unscanned: dict[Timeline, None] = {}
        """Timelines in which there may be a window to judge; a dict because its order is that of arrival."""
        self.unresolved: dict[Timeline, None] = {}
        """Timelines of which more may be able to leave."""
        self.is_reopened = False
        """Whether text came for a channel that had ended: what was judged as complete was not."""
        self.grown = False
        """Whether text came since this was last set to False."""

    def touch(self, timeline: Timeline) -> None:
        """Note that something about a timeline changed."""
        self.unscanned[timeline] = None
        self.unresolved[timeline] = None

    def judged(self, timeline: Timeline) -> None:
        """Note that the windows of a timeline were judged; there are more where it stopped for breath."""
        self.unresolved[timeline] = None
        if timeline.is_behind:
            self.unscanned[timeline] = None

    def pass_whole(self, slots: tuple[Slot, ...]) -> bool:
        """Whether no detector finds anything in the texts of a frame that is all there is of its message.

        Then they need no places.
        """
        if self.by_channel or not self._use_screens:
            return False
        complete: dict[ChannelKind, list[str]] = {}
        pieces: dict[Channel, list[str]] = {}
        for slot in slots:
            if slot.mode is SlotMode.APPEND:
                pieces.setdefault(slot.channel, []).append(slot.text)
            else:
                complete.setdefault(slot.channel.kind, []).append(slot.text)
        lengths = look(self._rules, pieces, complete, self._stats)
        self._passed, self._passed_pieces = ({}, {}) if lengths is None else (lengths, pieces)
        return lengths is not None

    def _count(self, rules: ChannelRules, text: str) -> None:
        for name in rules.names:
            self._stats.note_scanned(name, len(text))

    def place(self, slots: tuple[Slot, ...], now_s: float | None) -> tuple[Place, ...]:
        """Put every text of a frame on its timeline; complete values are judged together, once each."""
        fresh: dict[tuple[ChannelKind, bool, bool], dict[str, Slot]] = {}
        for slot in slots:
            if self._noting is not None:
                self._note(self._noting, slot)
            if slot.is_json:
                continue  # A JSON text keeps its structure only alone.
            if slot.mode is SlotMode.CONSTANT and (key := _key(slot)) not in self._constants:
                fresh.setdefault(key[:3], {}).setdefault(slot.text, slot)
        for group in fresh.values():
            self._judge_together(list(group.values()))
        return tuple([self._place(slot, now_s) for slot in slots])

    def _note(self, policy: Policy, slot: Slot) -> None:
        """Note what a text of the request says: nothing of it may stand for anything else."""
        if policy.restorer is not None and not slot.channel.is_signed:
            self._memory.substitutes.reserve(placeholders_in(policy.restorer, slot.text))
        if policy.fakes:
            self._memory.substitutes.said.add(slot.text)

    def _place(self, slot: Slot, now_s: float | None) -> Place:
        if slot.mode is SlotMode.APPEND:
            rules = None if _is_restorable(slot) else self._untouched
            return self.append(slot.channel, slot.text, now_s, rules)
        if slot.mode is SlotMode.REPEAT:
            timeline = self.by_channel.get(slot.channel)
            if timeline is not None and timeline.whole_text() == slot.text:
                return Place(timeline, 0, timeline.buffer.end)
        key = _key(slot)
        if key not in self._constants:
            self._judge_together([slot])
        return self._constants[key]

    def append(self, channel: Channel, text: str, now_s: float | None, rules: RulesByKind | None = None) -> Place:
        """Add text to a channel. `rules` are those of its first text, where they are not those of all."""
        timeline = self.by_channel.get(channel)
        if timeline is None:
            own = (self._rules if rules is None else rules)[channel.kind]
            timeline = Timeline(channel, own, self._stats, keep=self._keep, memory=self._memory)
            if self._evidence is not None:
                timeline.keep_evidence(self._evidence.window_chars, self._evidence.whole_chars)
            self.by_channel[channel] = timeline
            if self._lone_ends:
                self._end_lone()
        if text and timeline.final:
            self.is_reopened = True
            return Place(timeline, timeline.buffer.end, timeline.buffer.end)
        start, end = timeline.append(text)
        if end > start:
            self._lone_ends.pop(channel.choice, None)  # It was none.
            self._stats.text_chars += end - start
            self.grown = True
            self.touch(timeline)
            if timeline.held_since_s is None:
                timeline.held_since_s = now_s
        return Place(timeline, start, end)

    def unfolded(self, items: Iterable[Frame | FrameRun]) -> Iterator[Frame | FrameRun]:
        """Yield frames and runs; the frames of a run whose padding the detectors have to look at one by one."""
        for item in items:
            if isinstance(item, FrameRun) and not self._is_quiet_run(item):
                yield from item.frames()
            else:
                yield item

    def _is_quiet_run(self, run: FrameRun) -> bool:
        return run.padding is None or self._is_quiet(run.padding.channel, run.paddings)

    def place_run(self, run: FrameRun, now_s: float | None) -> tuple[Place, ...]:
        """Put the pieces of a run on their timeline: their place together, and that of padding, which is quiet."""
        place = self.append(run.slot.channel, run.text, now_s)
        return (place,) if run.padding is None else (place, self._quiet_place(run.padding.channel))

    def _is_quiet(self, channel: Channel, text: str) -> bool:
        """Whether no detector finds anything in complete values, which are put together; then they are judged."""
        rules = self._rules[channel.kind]
        if not self._use_screens or not rules.is_quiet(text):
            return False
        self._count(rules, text)
        return True

    def _judge_together(self, slots: list[Slot]) -> None:
        if len(self._constants) + len(slots) > MAX_CONSTANTS:
            self._constants.clear()
        channel = slots[0].channel
        if self._is_quiet(channel, SEPARATOR.join([slot.text for slot in slots])):
            place = self._quiet_place(channel)
            for slot in slots:
                self._constants[_key(slot)] = place
            return
        rules = self._rules if _is_restorable(slots[0]) else self._untouched
        timeline = Timeline(channel, rules[channel.kind], self._stats, constant=True, memory=self._memory)
        for slot in slots:
            start, end = timeline.append(slot.text)
            if len(slots) > 1:
                timeline.append(SEPARATOR)
            self._constants[_key(slot)] = Place(timeline, start, end)
        timeline.finish()
        self.touch(timeline)

    def _quiet_place(self, channel: Channel) -> Place:
        """Return the place of complete values that need none: their timeline is empty, and over."""
        place = self._quiet.get(channel.kind)
        if place is None:
            timeline = Timeline(channel, self._rules[channel.kind], self._stats, constant=True)
            timeline.finish()
            place = self._quiet[channel.kind] = Place(timeline, 0, 0)
        return place

    def end(self, ends: tuple[Ended, ...]) -> None:
        """Take the end of some texts."""
        self._lone_ends |= {ended.choice: ended for ended in ends if ended.if_others}
        self._finish_all([ended for ended in ends if not ended.if_others])
        if self._lone_ends:
            self._end_lone()

    def _end_lone(self) -> None:
        """Finish the texts of choices that ended, those that are not alone."""
        choices = {channel.choice for channel in self.by_channel}
        has_others = [ended for choice, ended in self._lone_ends.items() if choices - {choice}]
        self._finish_all(has_others)
        for ended in has_others:
            del self._lone_ends[ended.choice]

    def _finish_all(self, ends: Sequence[Ended]) -> None:
        for channel, timeline in self.by_channel.items() if ends else ():
            if not timeline.final and any(ended.covers(channel) for ended in ends):
                timeline.finish()
                self.touch(timeline)

    def said(self, channel: Channel) -> str:
        """Return the text of a channel as the client got it. Only where texts are kept."""
        timeline = self.by_channel.get(channel)
        return timeline.said() if timeline is not None else ""

    def finish(self) -> None:
        """Take the end of every text."""
        for timeline in self.by_channel.values():
            timeline.finish()
            self.touch(timeline)

    def close(self) -> None:
        """Nothing more leaves; observers may look at the last of what did."""
        for timeline in self.by_channel.values():
            timeline.finish()
            timeline.closed = True
            if timeline.rules.observing:
                self.unscanned[timeline] = None

    @property
    def held_since_s(self) -> float | None:
        """When the oldest text arrived that is still held; None where none is."""
        return min((t.held_since_s for t in self.by_channel.values() if t.held_since_s is not None), default=None)

    def close_overdue(self, now_s: float, limit_s: float) -> list[tuple[Timeline, WantedScan]]:
        """Close the segments of texts that were held for so long; return the windows that are to be judged now."""
        scans: list[tuple[Timeline, WantedScan]] = []
        for timeline in self.by_channel.values():
            if timeline.held_since_s is not None and now_s - timeline.held_since_s >= limit_s:
                scans += [(timeline, scan) for scan in timeline.close_segments()]
                timeline.held_since_s = now_s
        return scans

    def resolve(self, is_late: Callable[[], bool] = never_late) -> bool:
        """Work out what may leave of the texts about which something changed.

        Returns whether all of it is worked out. When `is_late` says so, the rest waits for the next call.
        """
        waiting = iter(self.unresolved)
        self.unresolved = {}
        for timeline in waiting:
            while not timeline.resolve():
                if is_late():
                    self.unresolved = {timeline: None, **dict.fromkeys(waiting)}
                    return False
            if timeline.released >= timeline.buffer.end:
                timeline.held_since_s = None
            if is_late():
                self.unresolved = dict.fromkeys(waiting)
                return not self.unresolved
        return True

    def sample(self) -> None:
        """Count what is held."""
        held, waiting = self.held_chars()
        stats = self._stats
        stats.samples += 1
        stats.held_chars_sum += held
        stats.waiting_chars_sum += waiting
        stats.held_chars_peak = max(stats.held_chars_peak, held)

    def summary(self) -> list[ChannelSummary]:
        """Return what texts there are, complete values left out."""
        passed = [self._rules[channel.kind].summary(channel, chars) for channel, chars in self._passed.items()]
        return passed + [timeline.summary() for timeline in self.by_channel.values()]

    def answers(self) -> list[AnswerEnds]:
        """Return how each choice's answer begins and ends, as far as it came."""
        if self._passed_pieces:
            return answers_in(self._passed_pieces)
        return answers_of((channel, timeline.ends()) for channel, timeline in self.by_channel.items())

    def held_chars(self) -> tuple[int, int]:
        """Return the characters that detectors hold, and those in frames that have not left."""
        held = waiting = 0
        for timeline in self.by_channel.values():
            end = timeline.buffer.end
            held += end - timeline.released
            waiting += end - timeline.emitted
        return held, waiting
