"""What a guard lets out is the same whether frames that look alike were read without parsing or were parsed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.guard.stream import StreamGuard
from tests.support import generated
from tests.support.alike import CASES
from tests.support.guards import loaded, outcome
from tests.support.wire import cut_at

if TYPE_CHECKING:
    from tests.support.alike import Frames
    from tests.support.guards import Outcome

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


def guarded(case: Frames, text: str, reads: list[bytes], *, is_fast: bool) -> Outcome:
    """All that comes out of a guard whose codec reads like frames without parsing them, or does not."""
    return outcome(StreamGuard(case.codec(is_fast=is_fast), loaded(text)), reads)


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
    assert guarded(case, text, reads, is_fast=True) == guarded(case, text, reads, is_fast=False)
