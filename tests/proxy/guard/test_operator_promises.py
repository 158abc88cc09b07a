"""The guard's promises where values become masks with ends, fingerprints, tokens and fakes: in every dialect."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.encryption import Encryption
from policies.loader import load_policy_text
from proxy.guard.stream import StreamGuard
from tests.proxy.guard.test_dialect_promises import stream_codec
from tests.support import generated
from tests.support.dialect_case import Prose
from tests.support.dialects import CASES
from tests.support.guards import Outcome, outcome
from tests.support.scale import examples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from proxy.wire.types import Codec
    from tests.support.dialect_case import DialectCase

EXAMPLES = examples(60)
SEEDS = st.integers(0, 2**48)

POLICY = load_policy_text(
    generated.POLICY.replace(
        "  - {id: pii, detector: pii, min_score: 0.4, action: redact}\n",
        """
  - {id: cards, detector: pii, categories: [CREDIT_CARD], action: redact, mask: "#", keep_last: 4}
  - {id: iban, detector: pii, categories: [IBAN_CODE], action: redact, encrypt: true}
  - {id: ssn, detector: pii, categories: [US_SSN], action: redact, hash: true}
  - {id: pii, detector: pii, min_score: 0.4, action: redact, fake: true}
""",
    )
    .replace('replacement: "[name]"', "encrypt: true")
    .replace('mask: "*"', 'mask: "*", keep_first: 4, keep_last: 1'),
    hash_key=b"h" * 32,
    encryption=Encryption([b"e" * 32]),
)

each_case = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


def judged(codec: Codec, reads: Iterable[bytes]) -> Outcome:
    """All that comes out, but for what was read of the text after a block."""
    return outcome(StreamGuard(codec, POLICY), reads)._replace(text_chars=0)


def plain(texts: dict[str, str]) -> dict[str, str]:
    """Texts with arguments in one spelling."""
    return {k: json.dumps(json.loads(v)) if k.startswith("args") else v for k, v in texts.items()}


@each_case
@given(SEEDS)
@settings(max_examples=EXAMPLES)
def test_the_outcome_does_not_depend_on_the_cut(case: DialectCase, seed: int) -> None:
    """Any cut of the bytes: the same bytes written, the same events."""
    chance = random.Random(seed)
    data = case.answer(Prose(chance, clean=False)).stream
    cut = judged(stream_codec(case, data), generated.cut(chance, data))
    assert cut == judged(stream_codec(case, data), [data])


@each_case
@given(SEEDS)
@settings(max_examples=EXAMPLES)
def test_stream_and_whole_are_one(case: DialectCase, seed: int) -> None:
    """The same answer streamed and whole."""
    answer = case.answer(Prose(random.Random(seed), clean=False))
    streamed = judged(stream_codec(case, answer.stream), [answer.stream])
    whole = judged(case.spoken.body_codec(), [answer.whole])
    assert plain(case.shown(streamed.written)) == plain(case.shown_whole(whole.written))
    assert (streamed.events, streamed.state) == (whole.events, whole.state)


@each_case
@given(SEEDS)
@settings(max_examples=EXAMPLES)
def test_no_address_is_left(case: DialectCase, seed: int) -> None:
    """Fakes and tokens say nothing of what they stand for."""
    data = case.answer(Prose(random.Random(seed), clean=False)).stream
    written = judged(stream_codec(case, data), [data]).written
    assert not any(
        part in written for part in (b"jane.roe", b"neil+tag", b"4111 1111 1111", b"536-90", b"GB82 WEST")
    )
