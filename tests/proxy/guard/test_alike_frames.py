"""What a guard lets out is the same whether frames that look alike were read without parsing or were parsed."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.loader import load_policy_text
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from tests.support import generated
from tests.support.alike import CASES
from tests.support.wire import cut_at

if TYPE_CHECKING:
    from policies.types import Policy
    from tests.support.alike import Frames

PADDINGS = ["Ab1", "x", "aZ9aZ9aZ9", "AKIAQZXWVUTSRPONMLKJ", "falconX9b", "aHaltX"]

IDS = """
version: 1
name: ids
detectors:
  words: {type: keywords, words: [falconX9b, word]}
  stops: {type: keywords, words: [aHaltX]}
rules:
  - {id: words, detector: words, action: redact, channels: [text, id]}
  - {id: stops, detector: stops, action: block, channels: [text, id]}
"""


@lru_cache
def policy(text: str) -> Policy:
    """Loaded once."""
    return load_policy_text(text)


def outcome(case: Frames, under: Policy, reads: list[bytes], *, is_fast: bool) -> tuple[object, ...]:
    """All that comes out of a guard."""
    guard = StreamGuard(case.codec(is_fast=is_fast), under)
    written = b""
    for read in reads:
        guard.receive(read)
        scan_inline(guard)
        written += guard.take()
    guard.receive_end()
    scan_inline(guard)
    written += guard.take()
    events = sorted(map(repr, guard.take_events()))
    return written, events, guard.state, guard.decision, guard.block, guard.stats.text_chars


def written(case: Frames, chance: random.Random) -> bytes:
    """A stream of frames that look alike, with values in it that a policy takes out or blocks."""
    values = [generated.planted(chance) for _ in range(chance.randrange(3))]
    text = generated.prose(chance, values, 30) + chance.choice(["", "", " halt the presses now"])
    payloads = [case.payload(piece, number + 7) for number, piece in enumerate(generated.pieces(chance, text))]
    for payload in payloads:
        if "obfuscation" in payload:
            payload["obfuscation"] = chance.choice(PADDINGS[: chance.choice([3, 6])])
    return case.stream([case.written(payload) for payload in payloads])


@pytest.mark.parametrize("text", [generated.POLICY, IDS])
@pytest.mark.parametrize("name", CASES)
@given(seed=st.integers(0, 2**48))
@settings(max_examples=60, deadline=None)
def test_the_same_comes_out(name: str, text: str, seed: int) -> None:
    """The same bytes, events and decision, in every dialect and layout, for any cut."""
    case, chance = CASES[name], random.Random(seed)
    reads = cut_at(written(case, chance), chance)
    assert outcome(case, policy(text), reads, is_fast=True) == outcome(case, policy(text), reads, is_fast=False)
