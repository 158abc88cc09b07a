"""Plays a recorded answer through the guard, read by read, and keeps what happened at each.

Nothing is printed here; `proxy.cli.replay` shows the steps, the demo counts the held characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from events.schema import Incident
from policies.types import Action
from proxy.guard.api import GuardState
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.types import Policy
    from proxy.guard.api import GuardStats
    from proxy.guard.reports import GuardEvent
    from proxy.wire.types import Codec


@dataclass(frozen=True, slots=True)
class Read:
    """Bytes that came at one time."""

    t_s: float | None
    """Seconds since the answer began; None when nobody noted it."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Played:
    """A recorded answer, ready to be played."""

    dialect: str
    stream: bool
    reads: tuple[Read, ...]
    aborted: bool = False
    """True when the upstream broke off."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one read did."""

    t_s: float | None
    received: bytes
    released: bytes
    held_chars: int
    """Characters that detectors asked to hold when the step was over."""
    events: tuple[GuardEvent, ...]
    end: bool = False


@dataclass(frozen=True, slots=True)
class Replay:
    """The whole of it."""

    steps: tuple[Step, ...]
    action: Action
    state: GuardState
    broken_public: str
    stats: GuardStats

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """What rules acted on, as it was reported."""
        return tuple(event for step in self.steps for event in step.events if isinstance(event, Incident))

    @property
    def output(self) -> bytes:
        """The bytes a client would get."""
        return b"".join(step.released for step in self.steps)


def play(policy: Policy, codec: Codec, recorded: Played) -> Replay:
    """Play an answer through a guard under `policy`. The last step is the end of the input."""
    guard = StreamGuard(codec, policy)
    steps: list[Step] = []
    held_chars = 0
    for read in recorded.reads:
        step = _step(guard, read, held_chars)
        held_chars = step.held_chars
        steps.append(step)
        if step.end:
            break
    else:
        steps.append(_last_step(guard, codec, aborted=recorded.aborted))
    return Replay(tuple(steps), guard.decision, guard.state, guard.broken_public, guard.stats)


def _step(guard: StreamGuard, read: Read, held_before: int) -> Step:
    sum_before, samples_before = guard.stats.held_chars_sum, guard.stats.samples
    guard.receive(read.data)
    released, events = _drained(guard)
    samples = guard.stats.samples - samples_before
    held = (guard.stats.held_chars_sum - sum_before) // samples if samples else held_before
    is_over = guard.state in {GuardState.STATE_DONE, GuardState.STATE_BLOCKED}
    return Step(read.t_s, read.data, released, 0 if is_over else held, events, end=is_over)


def _last_step(guard: StreamGuard, codec: Codec, *, aborted: bool) -> Step:
    if aborted:
        guard.receive_abort("The model API broke off.")
    else:
        guard.receive_end()
    released, events = _drained(guard)
    if guard.state is GuardState.STATE_BROKEN:
        released += codec.end_failed(guard.broken_public, "upstream_error")
    return Step(None, b"", released, 0, events, end=True)


def _drained(guard: StreamGuard) -> tuple[bytes, tuple[GuardEvent, ...]]:
    """Have everything judged that can be, observers included, and take what may leave."""
    scan_inline(guard)
    released = guard.take()
    scan_inline(guard)
    return released, tuple(guard.take_events())


def reads_of(data: Iterable[bytes]) -> tuple[Read, ...]:
    """Return reads without times."""
    return tuple(Read(None, one) for one in data)
