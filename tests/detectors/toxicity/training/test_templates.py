"""Templates fill every slot, speak of one identity at a time, and come out the same for the same seed."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.toxicity.training.example import CIVIL, Example, known
from detectors.toxicity.training.templates import BATCHES, Batch, dressed, fill, made, make, profane_words
from detectors.toxicity.training.vocabulary import IDENTITIES

PROFANE = ("drat",)


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: batch.source)
def test_no_slot_stays_open(batch: Batch) -> None:
    for example in make(replace(batch, count=2 * len(batch.templates)), Random(1), PROFANE):
        assert not re.search(r"[{}|]", example.text), example.text
        assert example.text
        assert (example.source, example.known) == (batch.source, batch.known)


def test_one_text_speaks_of_one_identity() -> None:
    text, family = fill("{people} and {people}, {identity}", Random(3))
    first, second = text.split(", ")[0].split(" and ")
    (identity,) = [one for one in IDENTITIES if one.people.lower() == second.lower()]
    assert first.lower() == second.lower()
    assert family == identity.family
    assert fill("the {thing}", Random(3))[1] == ""


def test_the_article_fits() -> None:
    assert fill("it is a {one:apple}", Random(1))[0] == "It is an apple"
    assert fill("it is a {one:pear}", Random(1))[0] == "It is a pear"


def test_the_same_seed_makes_the_same_texts() -> None:
    few = [example.text for example in made(Random(5), PROFANE)]
    assert few == [example.text for example in made(Random(5), PROFANE)]
    assert few != [example.text for example in made(Random(6), PROFANE)]


@given(st.integers(0, 10_000))
def test_dress_keeps_the_words(seed: int) -> None:
    assert "the tide comes in" in dressed("The tide comes in.", Random(seed)).lower()


def test_rude_words_are_those_that_raters_marked() -> None:
    text = "drat this printer"
    marked = Example(text, "toxic-spans", known(obscene=1.0), spans=((0, 4),))
    unmarked = Example(text, "toxic-spans", CIVIL, spans=((5, 9),))
    assert profane_words([marked] * 8 + [unmarked] * 8) == ["drat"]
    assert profane_words([marked] * 7) == []
