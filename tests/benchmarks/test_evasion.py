"""A10, A11 and A12: disguised values are caught, and ordinary text is left alone."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from benchmarks.disguises import DISGUISES, ENCODINGS, WORD_DISGUISES
from benchmarks.evasion import (
    POLICY,
    POLICY_WITHOUT_VIEWS,
    benign,
    cases,
    encoded_cases,
    is_caught,
    streamed,
    touched,
    whole,
)
from policies.loader import load_policy_text

STREAMED_EVERY = 12
"""Streams of single characters take a hundred times as long; `python -m benchmarks.evasion` has them all."""

ORDINARY_EVERY = 10


def test_a10_every_disguise_is_caught() -> None:
    """All of the corpus as whole texts, a share of it as streams; nothing of a value is left."""
    policy = load_policy_text(POLICY)
    corpus = list(cases())
    assert len(corpus) >= 1500
    assert {case.family for case in corpus} == {*DISGUISES, *WORD_DISGUISES}
    missed = Counter(case.family for case in corpus if not is_caught(case, whole(policy, case.text)))
    assert missed == {}
    for case in islice(corpus, 0, None, STREAMED_EVERY):
        assert is_caught(case, streamed(policy, case.text)), case.family


def test_a11_text_in_other_letters_is_caught() -> None:
    """At least 95 of 100: what is too short to tell from an id is not."""
    policy = load_policy_text(POLICY)
    corpus = list(encoded_cases())
    assert len(corpus) >= 1000
    assert {case.family for case in corpus} == set(ENCODINGS)
    some = list(islice(corpus, 0, None, 3))
    caught = sum(is_caught(case, whole(policy, case.text)) for case in some)
    assert caught >= 0.95 * len(some)
    for case in islice(corpus, 0, None, 60):
        assert streamed(policy, case.text) == whole(policy, case.text)


def test_without_views_the_corpus_is_not_caught() -> None:
    """The corpus measures the views and nothing else."""
    policy = load_policy_text(POLICY_WITHOUT_VIEWS)
    corpus = list(islice(cases(), 0, None, 10))
    caught = sum(is_caught(case, whole(policy, case.text)) for case in corpus)
    assert caught <= 0.02 * len(corpus)


def test_what_only_a_view_changes_is_counted() -> None:
    """Beside what is changed anyway."""
    texts = ["nothing here", "about the falcon", "about the fal\u200bcon"]
    assert touched(load_policy_text(POLICY), texts) == (3, 2, 1)


def test_a12_ordinary_text_is_left_alone() -> None:
    """At most one text in a hundred is changed: documents hold real addresses. Views add next to nothing."""
    texts = list(benign())
    assert len(texts) >= 5000
    count, changed, by_views = touched(load_policy_text(POLICY), islice(texts, 0, None, ORDINARY_EVERY))
    assert changed <= 0.01 * count
    assert by_views <= 1
