"""Answers in which members are something else than they should be: judged and ended like any others."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.guard.api import GuardState
from proxy.guard.stream import StreamGuard
from tests.support import alike, generated
from tests.support.dialect_case import Prose
from tests.support.dialects import CASES
from tests.support.guards import loaded, played
from tests.support.scale import examples
from tests.support.wire import cut_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proxy.wire.types import Codec

TICKET: Final = "TKT-904177"
"""The policy takes it out whatever stands beside it."""
ODD: Final[tuple[Any, ...]] = (
    [], {}, [[]], None, True, 7, -1, 1.5, "", "x", TICKET, [TICKET], {"type": "text", "text": TICKET}, {TICKET: 7},
)  # fmt: skip
ENDED: Final = {GuardState.STATE_DONE, GuardState.STATE_BLOCKED, GuardState.STATE_BROKEN}


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container in a value with each of its keys or numbers."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in items:
        yield value, step
        yield from places(child)


def made_odd(value: Any, chance: random.Random) -> Any:
    """The same with other values in up to three places."""
    for _ in range(chance.randrange(1, 4)):
        found = list(places(value))
        if found:
            holder, step = chance.choice(found)
            holder[step] = copy.deepcopy(chance.choice(ODD))
    return value


def odd_stream(data: bytes, chance: random.Random) -> bytes:
    """A stream with odd values in a third of its frames, in any layout that has a frame's JSON on a line."""
    lines = []
    for line in data.split(b"\n"):
        start = line.find(b"{")
        if (
            start >= 0
            and line[:start] in {b"", b"data: "}
            and line.rstrip().endswith(b"}")
            and chance.random() < 0.33
        ):
            lines.append(line[:start] + json.dumps(made_odd(json.loads(line[start:]), chance)).encode())
        else:
            lines.append(line)
    return b"\n".join(lines)


def judged(codec: Codec, data: bytes, chance: random.Random) -> bytes:
    """Return what a guard lets out. Asserts that it came to an end, without the ticket in it."""
    guard = StreamGuard(codec, loaded(generated.POLICY))
    out = played(guard, cut_at(data, chance))
    assert guard.state in ENDED
    assert TICKET.encode() not in out
    return out


@pytest.mark.parametrize("name", CASES)
@given(seed=st.integers(0, 2**48))
@settings(max_examples=examples(20), deadline=None)
def test_answers_with_odd_values_end_and_let_nothing_out(name: str, seed: int) -> None:
    """Streamed and whole, cut anyhow."""
    case, chance = CASES[name], random.Random(seed)
    answer = case.answer(Prose(chance, clean=False))
    dialect = case.spoken
    judged(dialect.stream_codec(), odd_stream(answer.stream, chance), chance)
    whole = json.dumps(made_odd(json.loads(answer.whole), chance)).encode()
    judged(dialect.body_codec(), whole, chance)


@pytest.mark.parametrize("name", alike.CASES)
@given(seed=st.integers(0, 2**48))
@settings(max_examples=examples(15), deadline=None)
def test_frames_with_odd_values_end_and_let_nothing_out(name: str, seed: int) -> None:
    """Those of every layout, a blocked one among them."""
    case, chance = alike.CASES[name], random.Random(seed)
    text = generated.prose(chance, [generated.planted(chance)], 20) + " halt the presses now"
    payloads = [case.payload(piece, number + 7) for number, piece in enumerate(generated.pieces(chance, text))]
    odd = [made_odd(payload, chance) if chance.random() < 0.33 else payload for payload in payloads]
    judged(case.codec(), case.stream([case.written(payload) for payload in odd]), chance)
