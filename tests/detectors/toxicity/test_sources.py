"""Which model a policy asks for: small values that another process can load from."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from detectors.toxicity.params import ToxicityParams
from detectors.toxicity.sources import OnnxSource, source_of
from tests.support.models import LABELS, model_folder

if TYPE_CHECKING:
    import pytest


def test_equal_models_are_equal_values() -> None:
    """However their path was written: detectors that ask one model share its process."""
    described = source_of(ToxicityParams(model=f"onnx:{model_folder()}"))
    assert described.labels == LABELS
    again = source_of(ToxicityParams(model=f"onnx:{model_folder()}/.", labels=["insult"]))
    assert again.source == described.source
    assert hash(again.source) == hash(described.source)
    assert pickle.loads(pickle.dumps(described.source)) == described.source


def test_paths_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that loads the model may stand elsewhere."""
    monkeypatch.chdir(model_folder().parent)
    described = source_of(ToxicityParams(model=f"onnx:{model_folder().name}"))
    assert described.source == OnnxSource(str(model_folder()))
