"""Drives a guard as a server would, with nothing else running: read by read, and all that came out of it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import pytest

from policies.loader import load_policy_text
from proxy.guard import stream
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from tests.support import generated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from detectors.types import ChannelKind
    from policies.types import Action, Policy
    from proxy.guard.api import Block, GuardState
    from proxy.guard.reports import GuardEvent
    from proxy.guard.timeline import Timeline
    from proxy.wire.types import Codec

IS_COMPILED = not str(stream.__file__).endswith(".py")


class Outcome(NamedTuple):
    """All that comes out of a guard."""

    written: bytes
    events: list[GuardEvent]
    """In an order that does not depend on when they were told."""
    state: GuardState
    decision: Action
    block: Block | None
    text_chars: int


_take = StreamGuard.take
"""As it is where nobody watches: what is taken here is looked at here, and once is enough."""


def watched(guard: StreamGuard) -> bytes:
    """Take what may leave. Asserts that each character of it had been judged (A5)."""
    out = _take(guard)
    assert unjudged(guard) == []
    return out


def unjudged(guard: StreamGuard) -> list[ChannelKind]:
    """Return the kinds of the texts of which a character left, or may leave, that a detector had not judged.

    A text is looked at where it went on: nine of ten looks of a stream with many choices would see nothing new.
    """
    looked = _looked_at(guard)
    found = []
    for place, text in guard._texts.by_channel.items():
        at = (id(text), text.emitted, text.released)
        if looked.get(place) != at:
            if not _is_judged(text):
                found.append(text.channel.kind)
            looked[place] = at
    return found


@lru_cache(maxsize=4)
def _looked_at(guard: StreamGuard) -> dict[object, tuple[int, int, int]]:
    """Return how far each text of a guard had gone when it was last looked at."""
    return {}


def _is_judged(timeline: Timeline) -> bool:
    released, panel = timeline.released, timeline._panel
    if not timeline.emitted <= released <= timeline.buffer.end:
        return False
    if not panel._is_open and not released <= panel._at <= panel._scanned:
        return False  # No cursor of theirs yet: the screen alone has looked, and not this far.
    return all(released <= cursor.reading.to_source(cursor.watermark) for cursor in panel.cursors)


@contextmanager
def watching() -> Iterator[list[ChannelKind]]:
    """Look at every guard of this process each time something is taken of it; tell what had not been judged."""
    found: list[ChannelKind] = []

    def take_and_look(guard: StreamGuard) -> bytes:
        out = _take(guard)
        found.extend(unjudged(guard))
        return out

    with pytest.MonkeyPatch.context() as patch:
        if not IS_COMPILED:  # A compiled class does not let its methods be replaced.
            patch.setattr(StreamGuard, "take", take_and_look)
        yield found


@lru_cache(maxsize=64)
def loaded(text: str) -> Policy:
    """Return a policy, loaded once: some detectors take their time."""
    return load_policy_text(text)


def fed(guard: StreamGuard, reads: Iterable[bytes]) -> bytes:
    """Pass reads through a guard whose message goes on; return what left."""
    written = []
    for read in reads:
        guard.receive(read)
        scan_inline(guard)
        written.append(watched(guard))
    return b"".join(written)


def played(guard: StreamGuard, reads: Iterable[bytes]) -> bytes:
    """Pass a whole message through a guard, read by read; return what left."""
    written = fed(guard, reads)
    guard.receive_end()
    scan_inline(guard)
    written += watched(guard)
    scan_inline(guard)
    return written


def outcome(guard: StreamGuard, reads: Iterable[bytes]) -> Outcome:
    """Pass a whole message through a guard; return all that came out."""
    written = played(guard, reads)
    events = sorted(guard.take_events(), key=repr)
    return Outcome(written, events, guard.state, guard.decision, guard.block, guard.stats.text_chars)


def guarded(codec: Codec, reads: Iterable[bytes]) -> tuple[bytes, list[GuardEvent], GuardState]:
    """Pass a whole message through a guard under the policy of generated answers."""
    found = outcome(StreamGuard(codec, loaded(generated.POLICY)), reads)
    return found.written, found.events, found.state
