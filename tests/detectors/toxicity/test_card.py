"""A card says what a model's logits mean, and a wrong one says what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.toxicity.card import (
    LABELS,
    MAX_CARD_BYTES,
    Calibration,
    Card,
    CardError,
    DataCount,
    LabelCard,
    OperatingPoint,
    Tiers,
    load_card,
    parse_card,
)

FLOATS = st.floats(-1e6, 1e6)


def a_card() -> Card:
    labels = tuple(
        LabelCard(
            name=name,
            calibration=Calibration(scale=1.5, bias=-0.25),
            thresholds=Tiers(rewrite=0.5, block=0.9),
            positives=10,
            negatives=90,
            operating_points=(
                OperatingPoint(threshold=0.5, precision=0.9, recall=0.8, false_positive_rate=0.01),
                OperatingPoint(threshold=0.99, precision=None, recall=0.0, false_positive_rate=0.0),
            ),
        )
        for name in LABELS
    )
    return Card(
        format=1,
        name="bundled",
        version="1",
        base="a base",
        base_licence="Apache-2.0",
        licence="Apache-2.0",
        seed=7,
        max_tokens=96,
        normaliser="letters-1",
        labels=labels,
        data=(DataCount(source="made", licence="CC0-1.0", train=100, development=10),),
        files={"model.onnx": "0" * 64},
    )


def changed(path: tuple[str | int, ...], value: object) -> str:
    card = json.loads(a_card().to_json())
    place = card
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(card)


def test_a_card_survives_its_file(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text(a_card().to_json())
    assert load_card(file) == a_card()
    assert [label.name for label in load_card(file).labels] == list(LABELS)
    assert load_card(file).label("threat").thresholds == Tiers(rewrite=0.5, block=0.9)


def test_an_unknown_label_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        a_card().label("rudeness")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("labels", 0, "calibration", "scale"), 0, "labels.0.calibration.scale"),
        (("labels", 1, "thresholds", "rewrite"), 0.95, "rewrite lies above block"),
        (("labels", 1, "name"), LABELS[0], "a label is there twice"),
        (("format",), 2, "format"),
        (("max_tokens",), 0, "max_tokens"),
        (("surprise",), 1, "surprise"),
    ],
)
def test_a_wrong_card_names_its_field(path: tuple[str | int, ...], value: object, said: str) -> None:
    with pytest.raises(CardError, match=said):
        parse_card(changed(path, value))


def test_what_is_no_card_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    with pytest.raises(CardError, match="cannot be read"):
        load_card(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(CardError, match="not UTF-8"):
        load_card(file)
    file.write_bytes(b" " * (MAX_CARD_BYTES + 1))
    with pytest.raises(CardError, match="larger than"):
        load_card(file)


@given(FLOATS, FLOATS, st.floats(0.01, 100), FLOATS)
def test_a_probability_is_one_and_rises_with_the_logit(a: float, b: float, scale: float, bias: float) -> None:
    calibration = Calibration(scale=scale, bias=bias)
    low, high = sorted((a, b))
    assert 0.0 <= calibration.probability(low) <= calibration.probability(high) <= 1.0
