"""What verdicts lead to: a rule that is wrong too often, and a proposal, as alarms that anybody can read."""

from __future__ import annotations

import random

from monitor.models.firing import Firing
from monitor.models.review import Review
from monitor.settings import LabelSettings
from monitor.types import Level, Signal
from tests.support.monitor import incident, verdict


def reviewed(share_right: float, count: int = 400) -> tuple[Review, list[Firing]]:
    review, chance, found = Review(LabelSettings()), random.Random(1), []
    for number in range(count):
        score = chance.uniform(0.5, 1.0)
        review.expect(incident(number, score=score))
        is_right = score > 1 - share_right / 2 and chance.random() < 0.97
        found += review.judge(verdict(number, "true_positive" if is_right else "false_positive"))
    return review, found


def test_a_rule_that_is_wrong_too_often_asks_for_a_look_and_gets_a_proposal() -> None:
    review, found = reviewed(0.5)
    wrong = next(firing for firing in found if firing.signal is Signal.PRECISION)
    assert (wrong.level, wrong.about) == (Level.TICKET, {"policy": "acme", "rule": "cards"})
    assert wrong.evidence["high"] < 0.9
    proposed = [firing for firing in found if firing.signal is Signal.THRESHOLD]
    assert proposed
    assert proposed[-1].level is Level.INFO
    assert review.proposals()[0].threshold == proposed[-1].observed
    assert 0 < review.estimates()["acme", "cards"] < 1
    assert review.precisions()[0].wrong > 100


def test_a_rule_that_is_right_says_nothing() -> None:
    _, found = reviewed(2.0)
    assert found == []


def test_too_few_verdicts_say_nothing() -> None:
    _, found = reviewed(0.0, count=19)
    assert found == []


def test_incidents_without_a_rule_are_left_alone() -> None:
    review = Review(LabelSettings())
    review.expect(incident(1, rule=None))
    assert review.judge(verdict(1)) == []
    assert review.recall() is None
    assert review.delays_s() == {}
