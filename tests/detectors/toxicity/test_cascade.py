"""A quick model for everything and a larger one where it is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.toxicity import sources
from detectors.toxicity.cascade import CascadeEngine, LargerModelError, is_doubtful
from detectors.types import DetectorConfigError, ModelUnavailableError
from tests.support.detectors import built, found_texts
from tests.support.models import LABELS, model_folder, write_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from detectors.types import Scores


class Numbers:
    """Reads a text as its score, and remembers what it was asked."""

    def __init__(self, labels: tuple[str, ...], factor: float = 1.0) -> None:
        self.labels = labels
        self.asked: list[str] = []
        self.version = ""
        self._factor = factor

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        self.asked += texts
        if "away" in texts:
            raise ModelUnavailableError("gone")
        return [(float(text) * self._factor,) * len(self.labels) for text in texts]


@given(st.lists(st.sampled_from(["0.0", "0.1", "0.2", "0.5", "0.7", "0.9"]), max_size=12))
def test_only_what_is_in_doubt_is_asked_again(texts: list[str]) -> None:
    """Both ends belong to the band; each text keeps its place, and a label that only one has its score."""
    quick, larger = Numbers(("toxicity", "threat", "insult")), Numbers(("insult", "toxicity", "other"), 0.5)
    scores = CascadeEngine(quick, larger, 0.2, 0.7).scores(texts)
    assert quick.asked == texts
    assert larger.asked == [text for text in texts if text in {"0.2", "0.5", "0.7"}]
    for text, one in zip(texts, scores, strict=True):
        value = float(text)
        decided = value / 2 if 0.2 <= value <= 0.7 else value
        assert one == (decided, value, decided)


def test_doubt_is_about_the_highest_score() -> None:
    """One label is enough."""
    assert is_doubtful((0.0, 0.3), 0.2, 0.5)
    assert not is_doubtful((0.3, 0.9), 0.2, 0.5)


def test_without_the_larger_model_what_is_in_doubt_has_failed() -> None:
    """It is not taken for harmless, and texts that need no second look are scored alone."""

    class Gone(Numbers):
        def scores(self, texts: Sequence[str]) -> list[Scores]:
            raise ModelUnavailableError("gone")

    engine = CascadeEngine(Numbers(("toxicity",)), Gone(("toxicity",)), 0.2, 0.7)
    with pytest.raises(LargerModelError):
        engine.scores(["0.1", "0.5"])
    assert engine.scores(["0.1"]) == [(0.1,)]
    with pytest.raises(ModelUnavailableError):  # all have failed: nothing is left to score alone
        engine.scores(["0.5", "0.7"])


def test_it_is_another_model_when_the_larger_one_is() -> None:
    """What it said of texts in doubt then holds no longer."""
    larger = Numbers(("toxicity",))
    engine = CascadeEngine(Numbers(("toxicity",)), larger, 0.2, 0.7)
    assert engine.version == ""
    larger.version = "2"
    assert engine.version == "2"


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BUNDLED", model_folder())


@pytest.mark.usefixtures("bundled")
def test_a_policy_names_the_larger_one(tmp_path: Path) -> None:
    """As `model` is named; the labels are the bundled model's."""
    larger = write_model(tmp_path / "larger", labels=("insult",))
    params = {"model": "cascade", "larger": f"onnx:{larger}", "band": [0.2, 0.9]}
    detector = built("toxicity", params)
    assert detector.categories == LABELS
    assert ("insult", "you nitwit") in found_texts(detector, "you nitwit")


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize(
    ("params", "loc", "told"),
    [
        ({}, ("model",), "needs 'larger'"),
        ({"larger": "bundled"}, ("larger",), "needs 'larger'"),
        ({"larger": "onnx:/nowhere"}, ("larger",), "/nowhere is not there"),
        ({"larger": "remote"}, ("larger",), "needs 'remote'"),
        ({"larger": "onnx:/nowhere", "band": [0.7, 0.2]}, ("band",), "must lie below"),
        ({"larger": "detoxify:original", "checkpoint": "/nowhere"}, None, ""),
    ],
)
def test_mistakes_are_told_at_their_place(params: dict[str, Any], loc: tuple[str, ...] | None, told: str) -> None:
    """What is wrong with the larger model is wrong with `larger`."""
    with pytest.raises(DetectorConfigError) as caught:
        built("toxicity", {"model": "cascade", **params})
    assert loc in {None, caught.value.loc}
    assert told in str(caught.value)


@pytest.mark.usefixtures("bundled")
def test_models_without_a_common_label(tmp_path: Path) -> None:
    """The second look would change nothing."""
    larger = write_model(tmp_path / "larger", labels=("spite",))
    with pytest.raises(DetectorConfigError, match="no label of the bundled one's"):
        built("toxicity", {"model": "cascade", "larger": f"onnx:{larger}"})
