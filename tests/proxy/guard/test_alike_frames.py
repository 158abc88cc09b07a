"""What a guard lets out is the same whether frames that look alike were read without parsing or were parsed."""

from __future__ import annotations

import random
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from proxy.guard.stream import StreamGuard
from tests.support import generated
from tests.support.alike import CASES
from tests.support.guards import loaded, outcome
from tests.support.scale import examples
from tests.support.wire import cut_at

if TYPE_CHECKING:
    from collections.abc import Iterator

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


NUMBERS = re.compile(rb'("sequence_number"|"\w+TokenCount"):\d+')
TOLD = {"sequence_number", "usageMetadata"}
"""Members that endings of ours go on from. Where the blocked frame has something else there, they go on from the
last one that was read, and frames that are not parsed are read in runs: a test of its own has those."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands that is no object or list."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield path
    for step, child in items or ():
        yield from places(child, (*path, step))


def hidden(payload: dict[str, Any], chance: random.Random, *, in_told: bool) -> dict[str, Any]:
    """The same with a value in some other place, in place of a number or an id, as another member, as a key."""
    secret = generated.planted(chance)
    match chance.randrange(4):
        case 0:
            payload |= {chance.choice(["note", "id", "created", "index"]): secret}
        case 1:
            payload[secret] = 1
        case 2:
            payload = dict(chance.sample([*payload.items(), ("z", secret)], len(payload) + 1))
        case _:
            found = [path for path in places(payload) if (path[0] in TOLD) <= in_told]
            *above, last = chance.choice(found)
            place: Any = payload
            for step in above:
                place = place[step]
            place[last] = chance.choice([secret, 4111111111111111, "7", [secret]])
    return payload


def written(case: Frames, chance: random.Random, *, in_told: bool = False) -> bytes:
    """A stream of frames that look alike, with values in it that a policy takes out or blocks."""
    values = [generated.planted(chance) for _ in range(chance.randrange(3))]
    text = generated.prose(chance, values, 30) + chance.choice(["", "", " halt the presses now"])
    payloads = [case.payload(piece, number + 7) for number, piece in enumerate(generated.pieces(chance, text))]
    for payload in payloads:
        if "obfuscation" in payload:
            payload["obfuscation"] = chance.choice(PADDINGS[: chance.choice([3, 6])])
    payloads = [
        hidden(payload, chance, in_told=in_told) if chance.random() < 0.05 else payload for payload in payloads
    ]
    return case.stream([case.written(payload) for payload in payloads])


@pytest.mark.parametrize("text", [generated.POLICY, IDS])
@pytest.mark.parametrize("name", CASES)
@given(seed=st.integers(0, 2**48))
@settings(max_examples=examples(60), deadline=None)
def test_the_same_comes_out(name: str, text: str, seed: int) -> None:
    """The same bytes, events and decision, in every dialect and layout, for any cut."""
    case, chance = CASES[name], random.Random(seed)
    reads = cut_at(written(case, chance), chance)
    assert guarded(case, text, reads, is_fast=True) == guarded(case, text, reads, is_fast=False)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if TOLD & case.payload("", 7).keys()])
@given(seed=st.integers(0, 2**48))
@example(seed=19)
@example(seed=3_718_561_546)
@settings(max_examples=examples(60), deadline=None)
def test_only_the_numbers_of_an_ending_may_differ(name: str, seed: int) -> None:
    """Where upstream's own are none, and then they still rise."""
    case, chance = CASES[name], random.Random(seed)
    reads = cut_at(written(case, chance, in_told=True), chance)
    fast, slow = (guarded(case, generated.POLICY, reads, is_fast=is_fast) for is_fast in (True, False))
    assert fast._replace(written=NUMBERS.sub(rb"\1", fast.written)) == slow._replace(
        written=NUMBERS.sub(rb"\1", slow.written)
    )
    for one in (fast, slow):
        ours = one.written.partition(b"sluicegate")[2]
        numbers = [int(number) for number in re.findall(rb'"sequence_number":(\d+)', ours)]
        assert all(later == earlier + 1 for earlier, later in pairwise(numbers))
