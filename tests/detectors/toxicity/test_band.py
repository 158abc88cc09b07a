"""Choosing the band of a cascade: never dearer than needed, never worse than allowed."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from detectors.toxicity.band import Judged, choose, frontier

SCORES = st.sampled_from([0.0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.85, 0.97, 1.0])
TEXTS = st.lists(st.builds(Judged, st.booleans(), SCORES, SCORES), min_size=2, max_size=40)


@given(TEXTS, st.sampled_from([0.5, 0.7, 0.9]), st.sampled_from([0.0, 0.01, 0.1]))
def test_the_choice_is_good_enough_and_no_cheaper_one_is(
    judged: list[Judged], threshold: float, tolerance: float
) -> None:
    """Compared with the larger model alone."""
    assume(len({one.is_toxic for one in judged}) == 2)
    choice = choose(judged, threshold, tolerance)

    def is_good(recall: float, false_positive_rate: float) -> bool:
        return (
            recall >= choice.larger.recall - tolerance
            and false_positive_rate <= choice.larger.false_positive_rate + tolerance
        )

    assert is_good(choice.best.recall, choice.best.false_positive_rate)
    assert not any(
        is_good(row.recall, row.false_positive_rate) for row in choice.rows if row.asked < choice.best.asked
    )
    assert (choice.quick.asked, choice.larger.asked) == (0.0, 1.0)


def test_a_quick_model_that_is_right_when_it_is_sure() -> None:
    """It is wrong in the middle only: the band is the middle."""
    sure = [Judged(False, 0.01, 0.0)] * 80 + [Judged(True, 0.97, 1.0)] * 10
    unsure = [Judged(True, 0.3, 0.9)] * 6 + [Judged(False, 0.6, 0.1)] * 4
    choice = choose(sure + unsure, 0.5, 0.0)
    assert (choice.best.asked, choice.best.recall, choice.best.false_positive_rate) == (0.1, 1.0, 0.0)
    assert choice.best.low <= 0.3
    assert choice.best.high >= 0.6
    assert choice.quick.recall == 10 / 16
    recalls = [row.recall for row in frontier(choice.rows)]
    assert recalls == sorted(set(recalls))
