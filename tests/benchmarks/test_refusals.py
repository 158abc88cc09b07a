"""The comparison with labels: what is counted, and its intervals."""

from __future__ import annotations

import json

import pytest

from benchmarks.refusals import LABELS, judged, name_of, replies, report, wilson
from detectors.refusals import Refusal


def test_replies_are_the_turns_of_the_assistant() -> None:
    dialogue = "\n\nHuman: a\n\nAssistant: one\n\nHuman: b\n\nAssistant: two"
    assert list(replies([json.dumps({"chosen": dialogue})])) == ["one", "two"]


def test_labels_are_compared_with_classes() -> None:
    labels = {
        name_of("I can't help with that."): "full",
        name_of("Yes."): "partial",
        name_of("Well, I won't help you."): "none",
        "0" * 12: "full",
    }
    pairs = judged(["I can't help with that.", "Yes.", "Well, I won't help you."], labels)
    assert pairs == [("full", "full"), ("partial", "none"), ("none", "full")]
    precision, recall, same = report(pairs)
    assert precision.startswith("precision  1/2 = 0.50")
    assert recall.startswith("recall     1/2 = 0.50")
    assert same.startswith("same class 1/3 = 0.33")


def test_an_interval_holds_the_share() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(30, 35)
    assert (low, high) == pytest.approx((0.706, 0.937), abs=0.001)


def test_every_label_is_a_class() -> None:
    labels = json.loads(LABELS.read_text())
    assert len(labels) == 97
    assert set(labels.values()) == {one.value for one in Refusal}
