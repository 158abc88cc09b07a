"""Sentences about groups: slots that are slots, a group in each attack, and none that another table has."""

from __future__ import annotations

import re

import pytest

from detectors.toxicity.training import group_sentences, sentences
from tests.support.templated import broken, repeated, tables

NAMED = {name: table for name, table in tables(group_sentences).items() if name.startswith("GROUP_")}


def test_every_slot_is_known() -> None:
    assert broken(group_sentences) == []


def test_no_sentence_is_there_twice() -> None:
    assert len(tables(group_sentences)) == 8
    assert repeated(group_sentences, sentences) == []


@pytest.mark.parametrize("name", sorted(NAMED.keys() - {"GROUP_CIVIL"}))
def test_every_attack_is_on_a_group(name: str) -> None:
    assert [one for one in NAMED[name] if not re.search(r"\{(people|identity)\}", one)] == []
