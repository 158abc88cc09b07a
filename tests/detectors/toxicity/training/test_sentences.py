"""Every sentence's slots are slots, and none is written twice."""

from __future__ import annotations

from detectors.toxicity.training import sentences
from tests.support.templated import broken, repeated, tables


def test_every_slot_is_known() -> None:
    assert broken(sentences) == []


def test_no_sentence_is_there_twice() -> None:
    assert len(tables(sentences)) == 11
    assert repeated(sentences) == []


def test_harmful_and_harmless_ones_are_in_different_tables() -> None:
    harmful = {*sentences.HATE, *sentences.THREAT, *sentences.INSULT, *sentences.SEXUAL}
    civil = {*sentences.COUNTER, *sentences.THREAT_CIVIL, *sentences.INSULT_CIVIL, *sentences.SEXUAL_CIVIL}
    assert harmful & civil == set()
