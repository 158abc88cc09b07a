"""Threats and scorn without the plain words: slots that are slots, and none that another table has."""

from __future__ import annotations

from detectors.toxicity.training import group_sentences, menace_sentences, sentences
from tests.support.templated import broken, repeated, tables


def test_every_slot_is_known() -> None:
    assert broken(menace_sentences) == []


def test_no_sentence_is_there_twice() -> None:
    assert len(tables(menace_sentences)) == 4
    assert repeated(menace_sentences, group_sentences, sentences) == []
