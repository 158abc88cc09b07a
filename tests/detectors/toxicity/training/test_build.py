"""What is trained on and what is measured on have no text in common, and the same seed builds the same again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import detectors.toxicity.training.build as building
from detectors.toxicity.training import registers, templates
from detectors.toxicity.training.build import Corpus, build
from detectors.toxicity.training.example import CIVIL, Example, is_development
from detectors.toxicity.training.registers import code
from detectors.toxicity.training.templates import make

HATE = templates.BATCHES[0]
(NEWS,) = (batch for batch in registers.BATCHES if batch.source == "made-news")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    sentence = "This is comment number {} about the article on tides, and it is longer than nine words."
    read = [Example(sentence.format(number), "surge-toxicity", CIVIL) for number in range(300)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "read_all", lambda _root: [*read])
        patch.setattr(building, "profane_words", lambda _train: ["drat"])
        patch.setattr(building, "made", lambda random, profane: make(replace(HATE, count=60), random, profane))
        patch.setattr(building, "civil", lambda random: make(replace(NEWS, count=60), random) + code(random, 30))
        built = build(Path("unused"))
        assert build(Path("unused")) == built
        assert len(build(Path("unused"), limit=50).train) == 50
    return built


def test_no_text_is_on_both_sides(corpus: Corpus) -> None:
    train, development = ({example.text for example in side} for side in (corpus.train, corpus.development))
    assert train
    assert development
    assert train & development == set()


def test_published_texts_are_split_by_their_words(corpus: Corpus) -> None:
    kept = [example for example in corpus.development if example.source == "surge-toxicity"]
    assert kept
    assert all(is_development(example.text) for example in kept)


def test_counts_name_each_source_and_its_licence(corpus: Corpus) -> None:
    counts = {count.source: count for count in corpus.counts()}
    assert counts["surge-toxicity"].licence == "MIT"
    assert counts["python-library"].licence == "PSF-2.0"
    assert counts["made-news"].licence.startswith("made here")
    assert sum(count.train for count in counts.values()) == len(corpus.train)
