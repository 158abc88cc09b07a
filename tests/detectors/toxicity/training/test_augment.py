"""A window keeps only what is known of it, and the label does not hang on which group is named."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from detectors.toxicity.card import LABELS
from detectors.toxicity.training.augment import augmented, embedded, exchanged, misspelt, surrounded, window
from detectors.toxicity.training.example import CIVIL, Example, civil_but, known

LONG = " ".join(f"word{number}" for number in range(60))
TOXICITY = LABELS.index("toxicity")


@given(st.integers(0, 5000))
def test_a_window_of_a_marked_text_is_toxic_only_where_the_mark_is(seed: int) -> None:
    start = LONG.index("word30")
    example = Example(LONG, "toxic-spans", known(toxicity=0.9), spans=((start, start + 6),))
    cut = window(example, Random(seed))
    assert cut is not None
    assert cut.text in LONG
    degree = cut.known[TOXICITY]
    assert degree is not None
    assert (degree > 0.5) == ("word30" in cut.text.split())


@given(st.integers(0, 1000))
def test_a_part_of_a_harmful_text_is_unknown_and_of_a_civil_one_civil(seed: int) -> None:
    assert window(Example(LONG, "made", civil_but(toxicity=0.9)), Random(seed)) is None
    cut = window(Example(LONG, "made", CIVIL), Random(seed))
    assert cut is not None
    assert cut.known == CIVIL


def test_nothing_is_cut_from_what_is_short_or_marked_by_nobody() -> None:
    assert window(Example("four words are here", "made", CIVIL), Random(1)) is None
    assert window(Example(LONG, "toxic-spans", known(toxicity=0.9), spans=()), Random(1)) is None


def test_the_group_is_exchanged_and_the_label_stays() -> None:
    example = Example("Muslims and a Muslim poet", "made", known(identity_attack=0.0))
    others = {other.text for seed in range(40) if (other := exchanged(example, Random(seed))) is not None}
    assert len(others) > 10
    other = exchanged(example, Random(1))
    assert other is not None
    assert other.known == example.known
    assert exchanged(Example("the tide", "made", CIVIL), Random(1)) is None


def test_harm_stays_harm_beside_civil_sentences() -> None:
    harmful = Example("a harmful text", "made-hate", civil_but(toxicity=0.9))
    assert embedded(harmful, "Before.", "").text == "Before. a harmful text"
    civil = [Example(f"A civil sentence, number {number}.", "made-news", CIVIL) for number in range(5)]
    found = surrounded([harmful] * 40 + civil, Random(1))
    assert 2 < len(found) < 25
    assert all(harmful.text in example.text and example.known == harmful.known for example in found)
    assert surrounded([harmful], Random(1)) == []


def test_a_disguise_keeps_the_labels() -> None:
    example = Example("a sentence with several words", "made", CIVIL)
    other = misspelt(example, Random(1))
    assert other.text != example.text
    assert other.known == CIVIL


def test_what_was_there_is_still_there_and_more() -> None:
    examples = [Example(f"{LONG} {number}", "made", CIVIL) for number in range(30)]
    grown = augmented(examples, Random(1))
    assert {example.text for example in examples} <= {example.text for example in grown}
    assert len(grown) > 55
