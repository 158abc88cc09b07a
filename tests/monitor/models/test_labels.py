"""Verdicts join incidents by id; precision, recall and delay come out with their intervals."""

from __future__ import annotations

import random

import pytest

from monitor.models.labels import Labels, is_sampled
from monitor.settings import LabelSettings
from tests.support.monitor import START_S, exchange, incident, verdict


def judged(right: int, wrong: int) -> Labels:
    labels = Labels(LabelSettings())
    for number in range(right + wrong):
        labels.expect(incident(number))
        labels.judge(verdict(number, "true_positive" if number < right else "false_positive", START_S + 60))
    return labels


def test_precision_has_its_beta_interval() -> None:
    (found,) = judged(8, 2).precisions()
    assert (found.policy, found.rule, found.right, found.wrong, found.incidents) == ("acme", "cards", 8, 2, 10)
    assert found.share == 0.8
    assert (found.low, found.high) == pytest.approx((0.5299, 0.9212), abs=1e-3)


def test_the_last_verdict_counts() -> None:
    labels = judged(1, 0)
    assert labels.judge(verdict(0, "true_positive")) is None
    assert labels.judge(verdict(0, "false_positive")) is not None
    assert labels.judge(verdict(0, "unsure")) is None
    (found,) = labels.precisions()
    assert (found.right, found.wrong) == (0, 0)


def test_a_verdict_on_something_unknown_says_nothing() -> None:
    labels = judged(1, 0)
    assert labels.judge(verdict(99)) is None
    labels.expect(incident(100, activity="update"))
    assert labels.judge(verdict(100)) is None


def test_the_delay_is_from_incident_to_verdict() -> None:
    assert Labels(LabelSettings()).delays_s() == {}
    assert judged(5, 0).delays_s() == {0.5: 60.0, 0.95: 60.0}


def test_what_waits_is_bounded() -> None:
    labels = Labels(LabelSettings(max_waiting=10))
    for number in range(100):
        labels.expect(incident(number))
    assert labels.judge(verdict(5)) is None
    assert labels.judge(verdict(95)) is not None


def test_the_sample_is_a_fixed_share() -> None:
    names = [f"req_{number}" for number in range(20_000)]
    sampled = [name for name in names if is_sampled(name, 0.05)]
    assert 850 < len(sampled) < 1150
    assert sampled == [name for name in names if is_sampled(name, 0.05)]


def test_recall_is_estimated_from_the_sample() -> None:
    """Of 20,000 allowed answers 1 % should have been caught, and 300 were: the truth is 0.6."""
    labels, chance = Labels(LabelSettings(sample_share=0.2)), random.Random(1)
    assert labels.recall() is None
    for number in range(300):
        labels.expect(incident(number))
        labels.judge(verdict(number))
    for number in range(20_000):
        name = f"req_{number}"
        labels.sample(exchange(request_id=name), is_caught=False)
        label = "true_positive" if chance.random() < 0.01 else "false_positive"
        if is_sampled(name, 0.2):
            labels.judge(verdict(0, label, incident_id=name))
    recall = labels.recall()
    assert recall is not None
    assert recall.low < 0.6 < recall.high
    assert recall.share == pytest.approx(0.6, abs=0.1)
    assert 3500 < recall.judged < 4500


def test_answers_that_were_caught_are_not_of_the_sample() -> None:
    labels = Labels(LabelSettings(sample_share=1.0))
    labels.sample(exchange(request_id="r"), is_caught=True)
    labels.judge(verdict(0, incident_id="r"))
    assert labels.recall() is None
