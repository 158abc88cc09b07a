"""The lists hold what the report promises: many identity terms, and no word twice."""

from __future__ import annotations

from detectors.toxicity.training import vocabulary as words


def test_there_are_forty_identity_terms_and_more() -> None:
    assert len({identity.adjective for identity in words.IDENTITIES}) == len(words.IDENTITIES) >= 40
    assert {identity.family for identity in words.IDENTITIES} >= {"religion", "origin", "gender", "disability"}


def test_no_list_says_a_word_twice() -> None:
    lists = [value for value in vars(words).values() if isinstance(value, tuple) and value is not words.IDENTITIES]
    assert len(lists) > 8
    for one in lists:
        assert len(set(one)) == len(one)
        assert all(word and word == word.strip() for word in one)
