"""What is exported agrees with what was trained, and an export that does not is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.toxicity.card import LABELS
from tests.support.tiny_encoder import write_classifier

pytest.importorskip("torch", reason="make test-models installs torch and Detoxify")
pytestmark = [
    pytest.mark.models,
    pytest.mark.filterwarnings("ignore"),  # the libraries' own deprecations, different in each release
]

TEXTS = ["you are a wretch", "you are a kind person", "the tide comes in"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    write_classifier(path, len(LABELS))
    return path


def test_the_files_are_there_and_agree(model: Path, tmp_path: Path) -> None:
    from detectors.toxicity.training import export  # noqa: PLC0415

    assert export.export(model, model, tmp_path, TEXTS) <= export.MAX_DIFFERENCE
    assert {path.name for path in tmp_path.iterdir()} == {"model.onnx", "tokenizer.json"}


def test_what_differs_or_is_too_large_is_refused(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from detectors.toxicity.training import export  # noqa: PLC0415

    monkeypatch.setattr(export, "MAX_DIFFERENCE", -1.0)
    with pytest.raises(export.ExportError, match="differ by"):
        export.export(model, model, tmp_path, TEXTS)
    monkeypatch.setattr(export, "MAX_BYTES", 1000)
    with pytest.raises(export.ExportError, match="1000 are allowed"):
        export.export(model, model, tmp_path, TEXTS)
