"""The real library Detoxify on a tiny checkpoint in its own format: loading, scores, and files that are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from detectors.toxicity import detoxify_engine as module
from detectors.toxicity.detoxify_engine import load_detoxify, open_detoxify
from detectors.types import DetectorConfigError
from proxy.server.model_process import ModelProcess
from tests.support.checkpoints import LABELS, write_checkpoint
from tests.support.detectors import built, fed

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("detoxify", reason="make test-models installs torch and Detoxify")
pytestmark = pytest.mark.models

TEXTS = ["you are a nitwit", "no", "The tide comes in twice a day. " * 7, ""]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("tiny"))


def test_scores_are_those_of_the_library_in_the_order_of_the_labels(checkpoint: Path) -> None:
    """Whatever order the checkpoint has, and whatever is asked beside a text."""
    folder = str(checkpoint.parent)
    library = open_detoxify("original", str(checkpoint), folder)
    engine = load_detoxify("original", str(checkpoint), folder, LABELS[::-1])
    assert engine.labels == LABELS[::-1]
    scores = engine.scores(TEXTS)
    for text, given in zip(TEXTS, scores, strict=True):
        assert given == tuple(library.predict(text)[label] for label in LABELS[::-1])
    assert len(set(scores)) == len(TEXTS)
    assert engine.scores(TEXTS[::-1])[::-1] == scores


@pytest.mark.parametrize("before", [0, 30, 61, 62, 63, 90, 140])
def test_a_text_of_too_many_tokens_is_read_in_parts(checkpoint: Path, before: int) -> None:
    """The library cuts off what is too much at the end: no word may stand where none is read."""
    engine = load_detoxify("original", str(checkpoint), str(checkpoint.parent), LABELS)
    text = "no " * before + "nitwit " + "no " * (140 - before)
    parts = engine._parts(text)
    assert len(parts) > 1
    assert any("nitwit" in part for part in parts)
    assert all(len(engine._detoxify.tokenizer(part)["input_ids"]) <= 64 for part in parts)
    alone = [engine.scores([part])[0] for part in parts]
    assert engine.scores([text]) == [tuple(map(max, *alone))]


def test_the_detector_judges_with_it(checkpoint: Path) -> None:
    """As a policy says it, in this process and in the model's own."""
    params = {"checkpoint": str(checkpoint), "huggingface_config_path": str(checkpoint.parent)}
    detector = built("toxicity", {"model": "detoxify:original", **params})
    assert detector.categories == LABELS
    found = fed(detector, "you are a nitwit").findings
    process = ModelProcess(detector.model)  # type: ignore[attr-defined]
    try:
        process.wait_ready(60.0)
        (scores,) = process.scores(["you are a nitwit"], 60.0).scored
    finally:
        process.kill()
    by_label = dict(zip(LABELS, scores, strict=True))
    assert {one.category: one.score for one in found} == {k: v for k, v in by_label.items() if float(v) >= 0.05}


def test_files_that_are_wrong_say_so(checkpoint: Path, tmp_path: Path) -> None:
    """No file, no checkpoint, cut short, other labels, no configuration."""

    def told(path: Path, config: Path, labels: tuple[str, ...] = LABELS) -> str:
        with pytest.raises(DetectorConfigError) as caught:
            load_detoxify("original", str(path), str(config), labels)
        return str(caught.value)

    cut = tmp_path / "cut.ckpt"
    assert "is not there" in told(cut, checkpoint.parent)
    cut.write_bytes(checkpoint.read_bytes()[:-500])
    assert "cannot be loaded" in told(cut, checkpoint.parent)
    cut.write_text("a text")
    assert "Give a checkpoint that Detoxify wrote." in told(cut, checkpoint.parent)
    assert "does not score 'spite'. It scores toxicity, " in told(checkpoint, checkpoint.parent, ("spite",))
    assert "cannot be used" in told(checkpoint, tmp_path)


def test_a_configuration_that_would_have_to_be_downloaded(tmp_path: Path) -> None:
    """A checkpoint names the model that it began with; what is not on this machine is not fetched."""
    checkpoint = write_checkpoint(tmp_path, base="nobody/has-this-model")
    with pytest.raises(DetectorConfigError, match="Give 'huggingface_config_path'"):
        load_detoxify("original", str(checkpoint), "", LABELS)


def test_weights_that_are_not_here_name_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is downloaded behind anybody's back."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(DetectorConfigError, match="`sluicegate models fetch detoxify:unbiased`"):
        open_detoxify("unbiased", "", "")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DetectorConfigError, match="Detoxify has no model 'huge'"):
        module.fetch("huge")
