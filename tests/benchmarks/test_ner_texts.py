"""Texts to find names in: what is said of them is true of them."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

from benchmarks.ner_texts import (
    ANSWERS,
    SENTENCES,
    made_answers,
    made_sentences,
    published_answers,
    published_sentences,
)
from detectors.names.params import ENTITIES

if TYPE_CHECKING:
    from pathlib import Path


def test_made_sentences_have_their_names_where_the_labels_say() -> None:
    """The same for the same seed, with every entity."""
    made = made_sentences(60)
    assert made == made_sentences(60)
    assert made != made_sentences(60, seed=1)
    assert {entity for one in made for entity, *_ in one.names} == {*ENTITIES}
    for one in made:
        assert "{" not in one.text
        assert all(one.text[start:end].strip() == one.text[start:end] != "" for _, start, end in one.names)


def test_made_answers_are_prose() -> None:
    """As many as there are, none twice."""
    made = made_answers(1000)
    assert len(set(made)) == len(made) > 30
    assert made_answers(3) == made[:3]


def test_collections_of_others_are_read(tmp_path: Path) -> None:
    """Sentences with their spans, and the longer answers of conversations."""
    span = {"entity_type": "PERSON", "start_position": 0, "end_position": 4}
    for name in (SENTENCES, ANSWERS):
        (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / SENTENCES).write_text(json.dumps([{"full_text": "Jane!", "spans": [span]}]))
    (one,) = published_sentences(tmp_path)
    assert (one.text, one.names) == ("Jane!", (("PERSON", 0, 4),))
    said = "\n\nHuman: hi\n\nAssistant: short\n\nHuman: and\n\nAssistant: " + "long " * 20
    with gzip.open(tmp_path / ANSWERS, "wt") as file:
        file.write(json.dumps({"chosen": said}) + "\n")
    assert published_answers(tmp_path, 5) == ["long " * 20]
