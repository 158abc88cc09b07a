"""What the rules of a policy do to findings: one pure function, `decide`.

It sees spans, never text, and it does not write replacements into anything: the guard does, with what
`render_replacement` returns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from detectors.types import Finding
from policies.masking import Part, masked
from policies.placeholders import label_of
from policies.replacement import replacement_text
from policies.substitutes import Substitutes
from policies.types import Action, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from detectors.types import ChannelKind
    from policies.types import Direction, Policy

    IsEcho = Callable[[Finding], bool]

_EDITING = frozenset({Action.REDACT, Action.REWRITE})


@dataclass(frozen=True, slots=True)
class Acted:
    """A finding and the rule that acted on it."""

    rule: Rule
    finding: Finding
    action: Action
    """What was done: the rule's action, or `flag` in shadow mode, or `allow` for an echo."""
    is_echo: bool = False
    """Whether the rule lets it pass because the user typed it."""


@dataclass(frozen=True, slots=True)
class SpanEdit:
    """A span of a channel that must not leave as it is.

    It covers every redacted or rewritten finding that overlaps it, directly or through another one.
    """

    start: int
    end: int
    rule: Rule
    """The rule whose replacement is written, once, for the whole span."""
    finding: Finding
    """The finding that rule acted on. It lies within the span, unless a block cut the span short."""
    action: Action
    """`redact` or `rewrite`. For `rewrite` the caller widens the span to the sentence around it."""
    others: tuple[tuple[Rule, Finding], ...] = ()
    """The other findings that the span covers, with the rules that acted on them."""

    def joined_with(self, other: SpanEdit) -> SpanEdit:
        """Return this edit over both spans."""
        start, end = min(self.start, other.start), max(self.end, other.end)
        others = (*self.others, (other.rule, other.finding), *other.others)
        return replace(self, start=start, end=end, others=others)


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one cluster of overlapping findings."""

    action: Action
    """The most severe action taken; `allow` when no rule looked at any of the findings."""
    edits: tuple[SpanEdit, ...]
    """In order of offset, never overlapping. With a block, only what lies before the start of its finding."""
    block: Acted | None
    """The rule that blocks and its finding: nothing from `block.finding.start` on may leave."""
    acted: tuple[Acted, ...]
    """One for each finding a rule acted on, allows and flags included, in order of offset."""


def decide(
    policy: Policy,
    findings: Sequence[Finding],
    direction: Direction,
    kind: ChannelKind,
    *,
    may_block: bool = True,
    is_echo: IsEcho | None = None,
) -> Decision:
    """Apply the rules for this direction and kind of channel to `findings`, whose order does not matter.

    Rules are read in the order of the file. A finding within a span that an `allow` rule matched is not looked at
    by the rules after it. Of the rules that match a finding the most severe one acts, the first of equals.
    Findings that no rule matches are ignored. A rule with `allow_echo` lets those pass of which `is_echo` says that
    the user typed them; where no other rule matches, that is what was done. Where a text may not stop its message
    (`may_block`), a rule that would block redacts.
    """
    rules = policy.rules_for(direction, kind)
    if not may_block:
        rules = tuple([replace(r, action=Action.REDACT) if r.action is Action.BLOCK else r for r in rules])
    matches = _most_severe_matches(rules, _maximal(findings), is_echo or _nothing_is)
    acted = tuple(
        Acted(m.rule, m.finding, Action.ALLOW if m.is_echo else policy.effective_action(m.rule), m.is_echo)
        for m in matches
    )
    enforced = tuple(zip(matches, acted, strict=True))
    blocking = min((pair for pair in enforced if pair[1].action is Action.BLOCK), key=_block_rank, default=None)
    edits = _merged(m for m, a in enforced if a.action in _EDITING)
    if blocking is not None:
        edits = _before(edits, blocking[0].finding.start)
    action = max((a.action for a in acted), key=lambda one: one.severity, default=Action.ALLOW)
    return Decision(action, edits, None if blocking is None else blocking[1], acted)


def render_replacement(
    policy: Policy,
    edit: SpanEdit,
    matched: str,
    substitutes: Substitutes | None = None,
    value: str | None = None,
) -> str:
    """Return what is written in place of `edit`, where `matched` is the channel's text at the edit's span.

    A caller that widened the span (to the sentence, for `rewrite`) still gives the text of the edit's own span.
    `substitutes` are those of the exchange; without them each replacement is its own exchange. `value` is what the
    edit's span says, its escapes decoded, for a rule that reads it; None: nobody can say.
    """
    finding = edit.finding
    if edit.rule.mask is not None and edit.rule.keeps_ends and edit.action is Action.REDACT:
        return _masked_between_ends(edit, edit.rule.mask, matched, value)
    is_for_value = edit.rule.restore or edit.rule.encrypt or edit.rule.fake
    if value is None and is_for_value and edit.action is Action.REDACT:
        return f"<{label_of(finding.category)}>"
    own = matched[max(0, finding.start - edit.start) : finding.end - edit.start]
    if value is not None and own == matched:
        own = value
    return replacement_text(
        policy,
        edit.rule,
        edit.action,
        finding.category,
        span=matched if value is None else value,
        matched=own,
        substitutes=Substitutes() if substitutes is None else substitutes,
    )


def _masked_between_ends(edit: SpanEdit, mask: str, span: str, value: str | None) -> str:
    """Mask the span but for what the rules of all findings in it leave of theirs. `value`: see above."""
    parts = [_part_of(edit, rule, finding) for rule, finding in ((edit.rule, edit.finding), *edit.others)]
    if value == span:
        return masked(span, mask, parts)
    if value is None or any((part.start, part.end) != (0, len(span)) for part in parts):
        return mask * len(span)
    return masked(value, mask, [part._replace(end=len(value)) for part in parts])


def _part_of(edit: SpanEdit, rule: Rule, finding: Finding) -> Part:
    start, end = max(finding.start, edit.start), min(finding.end, edit.end)
    part = Part(start - edit.start, end - edit.start)
    is_whole = (start, end) == (finding.start, finding.end)
    return part._replace(keep_first=rule.keep_first, keep_last=rule.keep_last) if is_whole else part


@dataclass(frozen=True, slots=True)
class _Match:
    order: int
    """Place of the rule in the file."""
    rule: Rule
    finding: Finding
    is_echo: bool = False


def _nothing_is(_finding: Finding) -> bool:
    return False


def _maximal(findings: Sequence[Finding]) -> list[Finding]:
    """Drop repeats, and what lies within a finding of the same detector and category that scores no lower.

    Such a finding matches every rule that the dropped one matches. What is left is in order of offset.
    """
    kept: list[Finding] = []
    best: dict[tuple[str, str], list[Finding]] = {}
    for finding in sorted(set(findings), key=_span_rank):
        alike = best.setdefault((finding.detector, finding.category), [])
        if not any(finding.end <= other.end and finding.score <= other.score for other in alike):
            alike.append(finding)
            kept.append(finding)
    return kept


def _span_rank(finding: Finding) -> tuple[int, int, float, str, str]:
    """Sort by start, the longer and surer first, so that a finding comes after all that contain it."""
    return (finding.start, -finding.end, -finding.score, finding.detector, finding.category)


def _most_severe_matches(rules: Iterable[Rule], findings: Sequence[Finding], is_echo: IsEcho) -> list[_Match]:
    """Return, in the order of `findings`, each one that a rule matches with the rule that acts on it.

    The severity is that of the rule as written, so that shadow mode names the rule that would have acted.
    """
    chosen: dict[Finding, _Match] = {}
    echoes: dict[Finding, _Match] = {}
    excepted: list[Finding] = []
    for order, rule in enumerate(rules):
        matching = [f for f in findings if _matches(rule, f) and not any(_contains(e, f) for e in excepted)]
        for finding in matching:
            if rule.allow_echo and is_echo(finding):
                echoes.setdefault(finding, _Match(order, rule, finding, is_echo=True))
                continue
            current = chosen.get(finding)
            if current is None or rule.action.severity > current.rule.action.severity:
                chosen[finding] = _Match(order, rule, finding)
        if rule.action is Action.ALLOW:
            excepted.extend(matching)
    acted = echoes | chosen
    return [acted[finding] for finding in findings if finding in acted]


def _matches(rule: Rule, finding: Finding) -> bool:
    return (
        rule.detector == finding.detector
        and finding.score >= rule.min_score
        and (rule.categories is None or finding.category in rule.categories)
    )


def _contains(outer: Finding, inner: Finding) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _block_rank(pair: tuple[_Match, Acted]) -> tuple[int, int, tuple[int, int, float, str, str]]:
    """Sort blocks so that the first is the one at which the text ends."""
    match = pair[0]
    return (match.finding.start, match.order, _span_rank(match.finding))


def _merged(matches: Iterable[_Match]) -> tuple[SpanEdit, ...]:
    """Join the spans that overlap; the most severe match of each group gives the replacement."""
    groups: list[list[_Match]] = []
    reach = -1
    for match in sorted(matches, key=lambda m: m.finding.start):
        if groups and match.finding.start < reach:
            groups[-1].append(match)
            reach = max(reach, match.finding.end)
        else:
            groups.append([match])
            reach = match.finding.end
    return tuple(_edit_over(group) for group in groups)


def _edit_over(group: Sequence[_Match]) -> SpanEdit:
    winner = min(group, key=_edit_rank)
    start = min(m.finding.start for m in group)
    end = max(m.finding.end for m in group)
    others = tuple([(m.rule, m.finding) for m in group if m is not winner])
    return SpanEdit(start, end, winner.rule, winner.finding, winner.rule.action, others)


def _edit_rank(match: _Match) -> tuple[int, int, int, int, tuple[int, int, float, str, str]]:
    """Sort by severity, then the longer span, then the earlier one, then the order of the rules."""
    finding = match.finding
    length = finding.end - finding.start
    return (-match.rule.action.severity, -length, finding.start, match.order, _span_rank(finding))


def _before(edits: Iterable[SpanEdit], limit: int) -> tuple[SpanEdit, ...]:
    """Keep of the edits what lies before `limit`."""
    return tuple(replace(e, end=min(e.end, limit)) for e in edits if e.start < limit)
