"""The stand-in costs what Detoxify's model costs: the same weights, and the library loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.detoxify_size import LABELS, write_stand_in
from benchmarks.toxicity import stand_in
from detectors.toxicity.layout import read_layout
from detectors.toxicity.onnx_engine import load_onnx
from detectors.toxicity.sources import DetoxifySource

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("torch")
pytest.importorskip("detoxify")
pytestmark = pytest.mark.models


def test_the_library_and_the_export_score_alike(tmp_path: Path) -> None:
    """A smaller one: how many layers it has is a matter of cost alone."""
    made = write_stand_in(tmp_path, layers=1, size=64)
    library = DetoxifySource("original", str(made.checkpoint), str(made.config), LABELS).load()
    exported = load_onnx(read_layout(made.onnx))
    text = ["The tide comes in twice a day, and nobody minds."]
    assert exported.labels == library.labels == LABELS
    assert exported.scores(text)[0] == pytest.approx(library.scores(text)[0], abs=0.05)
    assert len({round(score, 6) for score in exported.scores(text)[0]}) > 1


def test_nothing_is_made_unless_it_is_asked_for() -> None:
    """It takes a minute and half a gigabyte."""
    with stand_in(is_wanted=False) as made:
        assert made == (None, None)
