"""Every sentence's slots are slots, and none is written twice."""

from __future__ import annotations

import re

from detectors.toxicity.training import sentences

TABLES = {name: table for name, table in vars(sentences).items() if isinstance(table, tuple)}
SLOTS = {
    "name",
    "relation",
    "job",
    "place",
    "topic",
    "thing",
    "insult",
    "scorn",
    "vile",
    "harm",
    "people",
    "identity",
}


def test_every_slot_is_known() -> None:
    for table in TABLES.values():
        for sentence in table:
            names = set(re.findall(r"\{(\w+)", sentence))
            assert names <= SLOTS | {"one", "profane"}, sentence
            assert sentence.count("{") == sentence.count("}")


def test_no_sentence_is_there_twice() -> None:
    every = [sentence.lower() for table in TABLES.values() for sentence in table]
    assert len(TABLES) == 11
    assert len(set(every)) == len(every)


def test_harmful_and_harmless_ones_are_in_different_tables() -> None:
    harmful = {*sentences.HATE, *sentences.THREAT, *sentences.INSULT, *sentences.SEXUAL}
    civil = {*sentences.COUNTER, *sentences.THREAT_CIVIL, *sentences.INSULT_CIVIL, *sentences.SEXUAL_CIVIL}
    assert harmful & civil == set()
