"""Runs one text through the real guard, as one message, and returns what came of it.

Nothing is printed here; `check` and `policy test` show the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from events.schema import Bypass, Failure, Incident
from policies.types import Action, Direction
from proxy.cli.errors import CommandError
from proxy.cli.textcodec import ENCODING, SURROGATES, TextCodec
from proxy.guard.api import GuardState
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.types import ChannelKind
    from policies.types import Policy


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a policy made of one text."""

    action: Action
    """The most severe action taken."""
    output: str
    """What the receiver gets: the text with its edits, or what was clean followed by the block's message."""
    incidents: tuple[Incident, ...]
    """What rules acted on, in order of start."""
    unjudged: tuple[Bypass | Failure, ...]
    """Where a detector failed. After a `Bypass` the text went on, after a `Failure` it was blocked."""

    @property
    def blocked(self) -> bool:
        """Whether the text was stopped."""
        return self.action is Action.BLOCK


def judge_text(policy: Policy, text: str, direction: Direction, kind: ChannelKind) -> Judgement:
    """Run `text` through a guard as the only text of one message.

    The output of a blocked request is the message alone: nothing of a request goes on to the model.
    """
    guard = StreamGuard(TextCodec(kind), policy, direction)
    guard.receive(text.encode(ENCODING, SURROGATES))
    guard.receive_end()
    scan_inline(guard)
    output = guard.take().decode(ENCODING, SURROGATES)
    scan_inline(guard)  # observers judge what has left
    if guard.state is GuardState.STATE_BROKEN:
        raise CommandError(f"The text cannot be judged: {guard.broken_public}.")
    if guard.block is not None and direction is Direction.REQUEST:
        output = guard.block.message
    events = guard.take_events()
    return Judgement(
        action=guard.decision,
        output=output,
        incidents=ordered(event for event in events if isinstance(event, Incident)),
        unjudged=tuple(event for event in events if not isinstance(event, Incident)),
    )


def ordered(incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Return incidents in order of start, then of end."""
    return tuple(sorted(incidents, key=lambda one: (one.start, one.end, one.rule, one.category)))
