"""An exported model that is opened again says what it said, and can be trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.toxicity.card import LABELS
from tests.support.tiny_encoder import write_classifier

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch", reason="make test-models installs torch and Detoxify")
pytestmark = [
    pytest.mark.models,
    pytest.mark.filterwarnings("ignore"),  # the libraries' own deprecations, different in each release
]

TEXTS = ["you are a wretch", "you are a kind person", "the tide comes in"]


def test_it_says_what_the_export_says(tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification  # noqa: PLC0415

    from detectors.toxicity.training.export import export  # noqa: PLC0415
    from detectors.toxicity.training.exported import Exported  # noqa: PLC0415
    from detectors.toxicity.training.reading import encoded, tokenizer_of  # noqa: PLC0415
    from detectors.toxicity.training.reopened import ReopenError, reopen  # noqa: PLC0415

    base, out = tmp_path / "base", tmp_path / "exported"
    base.mkdir()
    write_classifier(base, len(LABELS))
    export(base, base, out, TEXTS)
    opened = reopen(out, base, tmp_path / "opened", layers=2)
    model = AutoModelForSequenceClassification.from_pretrained(opened).eval()
    said = Exported(out).logits(TEXTS, 64)
    for row, wanted in zip(encoded(TEXTS, tokenizer_of(opened, 64)), said, strict=True):
        with torch.no_grad():
            got = model(input_ids=torch.tensor([row])).logits.numpy()[0]
        assert np.abs(got - wanted).max() < 0.05
    with pytest.raises(ReopenError, match="no export of this encoder"):
        reopen(out, base, tmp_path / "other", layers=1)
