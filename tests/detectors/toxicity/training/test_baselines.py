"""Counted words learn what a word says, from texts whose label is clear."""

from __future__ import annotations

import pytest

from detectors.toxicity.training.example import CIVIL, Example, civil_but, known

pytestmark = pytest.mark.filterwarnings("ignore")  # the library's own deprecations, different in each release


def test_a_word_that_only_harmful_texts_have_is_learnt() -> None:
    from detectors.toxicity.training.baselines import CountedWords  # noqa: PLC0415

    harmful = [Example(f"you wretch {number}", "made", civil_but(insult=1.0)) for number in range(20)]
    civil = [Example(f"you poet {number}", "made", CIVIL) for number in range(20)]
    unclear = [Example("you wretch", "made", known(insult=0.35))] * 20
    counted = CountedWords([*harmful, *civil, *unclear], "insult", positive=0.5, negative=0.2)
    bad, good = counted.scores(["what a wretch", "what a poet"])
    assert bad > 0.5 > good
