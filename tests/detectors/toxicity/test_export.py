"""A Detoxify checkpoint as int8 ONNX: it says the same, or it is not written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from detectors.toxicity.detoxify_engine import load_detoxify
from tests.support.checkpoints import LABELS, write_checkpoint
from tests.support.detectors import built, fed

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("detoxify", reason="make test-models installs torch and Detoxify")

from detectors.toxicity.export import SAMPLE, ParityError, export_detoxify

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("tiny"))


def test_the_exported_model_says_what_the_original_says(checkpoint: Path, tmp_path: Path) -> None:
    """On every length of text; and a policy can use the folder as it is."""
    out = tmp_path / "exported"
    parity = export_detoxify("original", out, checkpoint=str(checkpoint), config_path=str(checkpoint.parent))
    assert (parity.texts, set(parity.differences)) == (len(SAMPLE), set(LABELS))
    assert parity.largest == max(parity.differences.values()) <= 0.05
    assert sorted(path.name for path in out.iterdir()) == ["config.json", "model.onnx", "tokenizer.json"]
    original = load_detoxify("original", str(checkpoint), str(checkpoint.parent), LABELS)
    detector = built("toxicity", {"model": f"onnx:{out}", "thresholds": dict.fromkeys(LABELS, 0.0)})
    for text in ("you are a nitwit", "no", "the tide comes in, twice a day, twice a day"):
        (expected,) = original.scores([text])
        found = {one.category: one.score for one in fed(detector, text).findings}
        assert [found[label] for label in LABELS] == pytest.approx(expected, abs=0.05)


def test_a_model_that_does_not_agree_is_not_written(checkpoint: Path, tmp_path: Path) -> None:
    """The bound is there to be kept; the folder stays as it was."""
    with pytest.raises(ParityError, match="at most 1e-07 is allowed") as caught:
        export_detoxify(
            "original",
            tmp_path / "exported",
            checkpoint=str(checkpoint),
            config_path=str(checkpoint.parent),
            bound=1e-7,
        )
    assert set(caught.value.parity.differences) == set(LABELS)
    assert list(tmp_path.iterdir()) == []
