"""Civil text of every register is civil, and its code is code."""

from __future__ import annotations

from random import Random

from detectors.toxicity.training.example import CIVIL
from detectors.toxicity.training.registers import BATCHES, civil, code


def test_every_register_is_there_and_without_labels() -> None:
    examples = civil(Random(1))
    assert {example.source for example in examples} == {*(batch.source for batch in BATCHES), "python-library"}
    assert all(example.known == CIVIL and example.text.strip() for example in examples)


def test_code_is_read_from_the_library_and_is_the_same_for_the_same_seed() -> None:
    texts = [example.text for example in code(Random(2), 300)]
    assert len(texts) > 200
    assert any("def " in text for text in texts)
    assert texts == [example.text for example in code(Random(2), 300)]
