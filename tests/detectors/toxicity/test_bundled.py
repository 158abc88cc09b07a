"""The model that ships is whole, small enough to ship, and tells abuse from what resembles it."""

from __future__ import annotations

import hashlib

import pytest

from detectors.toxicity.card import LABELS, Card, load_card
from detectors.toxicity.layout import read_layout
from detectors.toxicity.normalise import NORMALISER
from detectors.toxicity.onnx_engine import OnnxEngine, load_onnx
from detectors.toxicity.sources import BUNDLED

MAX_BYTES = 25_000_000

HARMFUL = {
    "You are a complete idiot and nobody likes you.": "insult",
    "Honestly, your plan is stupid and so are you.": "insult",
    "I will find you and hurt you.": "threat",
    "You are a complete 1d1ot and nobody likes you.": "insult",
    "You stupid idiot " + ",;" * 71: "insult",
}
HARMLESS = (
    "Thank you, that was very helpful.",
    "My neighbour is a gay Muslim doctor.",
    "Jews and Arabs live in this street.",
    "You are not an idiot, this is hard for everybody.",
    "The process was killed by the kernel.",
    "The patient complained of pain in her left breast.",
    "It is wrong to say that women are stupid.",
    "for item in items:\n    print(item)",
)


@pytest.fixture(scope="module")
def card() -> Card:
    return load_card(BUNDLED / "card.json")


@pytest.fixture(scope="module")
def engine() -> OnnxEngine:
    return load_onnx(read_layout(BUNDLED))


def fired(card: Card, engine: OnnxEngine, text: str) -> set[str]:
    (scores,) = engine.scores([text])
    return {
        label.name for label, score in zip(card.labels, scores, strict=True) if score >= label.thresholds.rewrite
    }


def test_the_files_are_those_that_the_card_describes(card: Card) -> None:
    assert [label.name for label in card.labels] == list(LABELS)
    assert card.normaliser == NORMALISER
    for name, digest in card.files.items():
        assert hashlib.sha256((BUNDLED / name).read_bytes()).hexdigest() == digest
    assert sum(path.stat().st_size for path in BUNDLED.glob("*.*")) <= MAX_BYTES


def test_every_label_says_what_its_thresholds_cost(card: Card) -> None:
    for label in card.labels:
        assert label.positives > 0
        assert label.thresholds.rewrite <= label.thresholds.block
        recalls = [point.recall for point in label.operating_points]
        assert recalls == sorted(recalls, reverse=True)


@pytest.mark.parametrize("text", HARMFUL)
def test_abuse_reaches_its_threshold(card: Card, engine: OnnxEngine, text: str) -> None:
    assert HARMFUL[text] in fired(card, engine, text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_resembles_abuse_does_not(card: Card, engine: OnnxEngine, text: str) -> None:
    assert fired(card, engine, text) == set()
