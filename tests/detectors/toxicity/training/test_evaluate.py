"""The evaluation counts what a judge says: here a judge that goes by one word, so that every figure is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from detectors.toxicity.card import LABELS
from detectors.toxicity.training import evaluate, sets
from detectors.toxicity.training.example import CIVIL, Example, civil_but
from detectors.toxicity.training.metrics import Estimate

SENTENCE = "This is comment number {} about the tides, and it goes on for more than twelve words in all."


def by_word(texts: Sequence[str]) -> np.ndarray:
    """Logits of 4 for all labels where the text says `wretch`, of -4 elsewhere."""
    column = np.array([4.0 if "wretch" in text.lower() else -4.0 for text in texts])
    return np.repeat(column[:, None], len(LABELS), axis=1)


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    harm = civil_but(**dict.fromkeys(LABELS, 1.0))
    made = [Example("You wretch! " + SENTENCE.format(number), "surge-toxicity", harm) for number in range(200)]
    made += [
        Example(SENTENCE.format(number), "wikipedia-context-toxicity", CIVIL, group="x")
        for number in range(400, 700)
    ]
    made += [Example(f"wretch {number}", "toxigen-seeds", harm, group="deaf") for number in range(40)]
    return made + [Example(f"poet {number}", "toxigen-seeds", CIVIL, group="deaf") for number in range(40)]


@pytest.fixture(scope="module")
def judge(examples: list[Example]) -> evaluate.Judge:
    return evaluate.Judge(by_word, evaluate.fit_labels(by_word, examples))


def value(row: evaluate.Row, column: str) -> float:
    found = row.values[column]
    return found.value if isinstance(found, Estimate) else found


def test_a_perfect_judge_is_perfect_by_label(judge: evaluate.Judge, examples: list[Example]) -> None:
    rows = evaluate.by_label(judge, examples)
    assert [row.name for row in rows] == list(LABELS)
    for row in rows:
        assert value(row, "ROC-AUC") == value(row, "PR-AUC") == value(row, "recall, rewrite") == 1.0
        assert value(row, "ECE") < 0.05


def test_a_rival_is_measured_on_the_same_texts(judge: evaluate.Judge, examples: list[Example]) -> None:
    rows = evaluate.by_set(judge, examples, {"guess": lambda _label, texts: np.zeros(len(texts))})
    assert [value(row, "guess") for row in rows] == [0.5] * len(rows)
    assert [value(row, "bundled") for row in rows] == [1.0] * len(rows)
    assert [row.name for row in rows] == ["toxigen-seeds, hate or neutral"]


def test_civil_text_is_counted_by_source(judge: evaluate.Judge, examples: list[Example]) -> None:
    rows = {row.name: row for row in evaluate.false_positives(judge, examples, ["a prompt", "a wretch"])}
    assert value(rows["wikipedia-context-toxicity"], "rewrite") == 0.0
    assert value(rows["harmless prompts with trigger words"], "rewrite") == 0.5
    assert "surge-toxicity" not in rows


def test_slices_cover_all_texts(judge: evaluate.Judge, examples: list[Example]) -> None:
    lengths = evaluate.by_length(judge, examples)
    assert sum(row.n for row in lengths) == len(examples)
    (group,) = evaluate.by_group(judge, examples)
    assert (group.name, group.n, value(group, "ROC-AUC")) == ("deaf", 80, 1.0)


def test_neutral_sentences_and_behaviours_are_all_judged(judge: evaluate.Judge) -> None:
    rows = evaluate.neutral_mentions(judge)
    assert rows[0].n == sum(row.n for row in rows[1:])
    assert value(rows[0], "rewrite") == 0.0
    for row in evaluate.functions(judge):
        assert value(row, "right") == (0.0 if "should fire" in row.name else 1.0)


def test_a_disguised_word_is_lost_where_nothing_undoes_it(judge: evaluate.Judge, examples: list[Example]) -> None:
    rows = evaluate.robustness(judge, examples, seed=1)
    assert value(rows[0], "fall") == 0.0
    assert value(rows[0], "ROC-AUC") == 1.0
    assert any(value(row, "fall") > 0.01 for row in rows[1:])


def test_windows_of_a_text_fire_for_it(judge: evaluate.Judge, examples: list[Example]) -> None:
    rows = evaluate.windowed(judge, examples)
    assert len(rows) == 4
    assert {value(row, "recall") for row in rows} == {1.0}
    assert (
        {value(row, "false positives") for row in rows} == {value(row, "whole ones lost") for row in rows} == {0.0}
    )


def test_thresholds_leave_civil_windows_alone(examples: list[Example]) -> None:
    """A model that is only surprised by a part of a civil text gets thresholds above that surprise."""

    def by_length(texts: Sequence[str]) -> np.ndarray:
        column = np.array([2.0 if len(text) < 60 else -4.0 for text in texts])
        return np.repeat(column[:, None], len(LABELS), axis=1)

    surprised = evaluate.Judge(by_length, evaluate.fit_labels(by_length, examples))
    civil = [example.text for example in examples if evaluate.is_civil(example)]
    assert not surprised.fires_within(civil).any()
    assert any(sum(len(part) < 60 for part in sets.shown(text)) for text in civil)
    assert not surprised.fires_within([]).any()


def test_one_half_fits_and_the_other_is_reported(examples: list[Example]) -> None:
    half = [example for example in examples if sets.is_for_fitting(example)]
    assert 0.4 < len(half) / len(examples) < 0.6
