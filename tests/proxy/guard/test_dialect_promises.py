"""The guard's promises in every dialect: A1, A4, A5, A7, A8 and identity, over generated answers."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.guard.api import GuardState
from proxy.wire.types import Form
from tests.support import generated
from tests.support.dialect_case import Prose
from tests.support.dialects import CASES
from tests.support.guards import guarded
from tests.support.scale import examples

if TYPE_CHECKING:
    from proxy.wire.types import Codec
    from tests.support.dialect_case import DialectCase

EXAMPLES = examples(100)
SEEDS = st.integers(0, 2**48)

each_case = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


def stream_codec(case: DialectCase, data: bytes) -> Codec:
    """A codec for the stream, in the form that its first byte shows where there is a choice."""
    dialect = case.spoken
    is_array = data.lstrip()[:1] == b"[" and Form.ARRAY in dialect.stream_forms
    return dialect.stream_codec(form=Form.ARRAY if is_array else None)


@each_case
@given(SEEDS)
@settings(max_examples=EXAMPLES)
def test_the_outcome_does_not_depend_on_the_cut(case: DialectCase, seed: int) -> None:
    """A1, A5: any cut of the bytes: same bytes written, same events, same state, nothing before its judgement."""
    chance = random.Random(seed)
    data = case.answer(Prose(chance, clean=False)).stream
    cut = guarded(stream_codec(case, data), generated.cut(chance, data))
    assert cut == guarded(stream_codec(case, data), [data])


@each_case
@given(SEEDS)
@settings(max_examples=EXAMPLES)
def test_stream_and_whole_are_one(case: DialectCase, seed: int) -> None:
    """A4: the same answer streamed and whole: same text in every field, same incidents, same state."""
    answer = case.answer(Prose(random.Random(seed), clean=False))
    streamed, events, state = guarded(stream_codec(case, answer.stream), [answer.stream])
    whole, whole_events, whole_state = guarded(case.spoken.body_codec(), [answer.whole])
    assert state is whole_state
    assert case.shown(streamed) == case.shown_whole(whole)
    assert events == whole_events


@each_case
@given(SEEDS)
@settings(max_examples=EXAMPLES)
def test_nothing_planted_is_written(case: DialectCase, seed: int) -> None:
    """A7 and A8: no planted value in any text that a client is shown; arguments stay JSON objects."""
    chance = random.Random(seed)
    answer = case.answer(Prose(chance, clean=False))
    streamed, _, _ = guarded(stream_codec(case, answer.stream), generated.cut(chance, answer.stream))
    whole, _, _ = guarded(case.spoken.body_codec(), [answer.whole])
    for texts in (case.shown(streamed), case.shown_whole(whole)):
        for value in answer.planted:
            assert not any(value in text for text in texts.values())
        for name, text in texts.items():
            assert not name.startswith("args") or isinstance(json.loads(text), dict)


@each_case
@given(SEEDS)
@settings(max_examples=EXAMPLES)
def test_identity_on_answers_without_findings(case: DialectCase, seed: int) -> None:
    """Without a finding exactly the bytes that came are written, streamed and whole."""
    chance = random.Random(seed)
    answer = case.answer(Prose(chance, clean=True))
    written = guarded(stream_codec(case, answer.stream), generated.cut(chance, answer.stream))
    assert written == (answer.stream, [], GuardState.STATE_DONE)
    written = guarded(case.spoken.body_codec(), [answer.whole])
    assert written == (answer.whole, [], GuardState.STATE_DONE)
