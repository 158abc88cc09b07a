"""One look at all texts of a message that is all there: whether any detector could find something in them.

Where none could, the message leaves as it came, and what is told of it is worked out here, without a guard. Where
one could, or where that cannot be said with one look, `proxy.guard.stream` does it all: the same comes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from detectors.refusals import ends_of
from detectors.types import ChannelKind
from proxy.guard.api import ChannelSummary, GuardStats, answers_of
from proxy.guard.rules import channel_rules
from proxy.wire.types import PADDING_SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.refusals import AnswerEnds
    from policies.types import Direction, Policy
    from proxy.guard.rules import ChannelRules
    from proxy.wire.types import Channel

SEPARATOR = PADDING_SEPARATOR
"""Stands between texts that are looked at together, so that no word goes on from one to the next."""


class Passed(NamedTuple):
    """What is told of a message that leaves as it came."""

    stats: GuardStats
    channels: list[ChannelSummary]


def passed(
    policy: Policy,
    direction: Direction,
    pieces: Mapping[Channel, Sequence[str]],
    complete: Mapping[ChannelKind, Sequence[str]],
    *,
    finds_placeholders: bool = False,
) -> Passed | None:
    """Return what is told of a message with these texts when nothing is found in them; None: guard it.

    `pieces` are those of growing texts, `complete` are values complete in themselves. `finds_placeholders`: values
    of the request may have to be written back into them.
    """
    rules = channel_rules(policy, direction, finds_placeholders=finds_placeholders)
    stats = GuardStats(frames=1)
    lengths = look(rules, pieces, complete, stats)
    if lengths is None:
        return None
    return Passed(stats, [rules[channel.kind].summary(channel, chars) for channel, chars in lengths.items()])


def answers_in(pieces: Mapping[Channel, Sequence[str]]) -> list[AnswerEnds]:
    """Return how each choice's answer begins and ends, of a message with these texts."""
    found = [(one, ends_of("".join(parts))) for one, parts in pieces.items() if one.kind is ChannelKind.TEXT]
    return [found[0][1]] if len(found) == 1 else answers_of(found)


def look(
    rules: Mapping[ChannelKind, ChannelRules],
    pieces: Mapping[Channel, Sequence[str]],
    complete: Mapping[ChannelKind, Sequence[str]],
    stats: GuardStats,
) -> dict[Channel, int] | None:
    """Return the lengths of the growing texts when no detector finds anything; None: detectors must be asked.

    The pieces of one text are put together: what lies across them is in it. Texts of one kind are looked at
    together: what is found across two of them only makes each detector look for itself. Counts in `stats` what was
    seen, and nothing when the answer is None.
    """
    lengths: dict[Channel, int] = {}
    by_kind = {kind: [*values] for kind, values in complete.items()}
    for channel, parts in pieces.items():
        text = parts[0] if len(parts) == 1 else "".join(parts)
        lengths[channel] = len(text)
        known = by_kind.get(channel.kind)
        if known is None:
            by_kind[channel.kind] = [text]
        else:
            known.append(text)
    texts = {kind: SEPARATOR.join(values) for kind, values in by_kind.items()}
    for kind, text in texts.items():
        if not rules[kind].is_quiet(text):
            return None
    for chars in lengths.values():
        stats.text_chars += chars
    scanned = stats.scanned_chars
    for kind, text in texts.items():
        for name in rules[kind].names:
            scanned[name] = scanned.get(name, 0) + len(text)
    return lengths
