"""What lies beside an ONNX model: where its files are, and what is wrong with them."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from detectors.toxicity.card import Card, Tiers
from detectors.toxicity.layout import read_layout
from detectors.toxicity.normalise import NORMALISER
from detectors.types import DetectorConfigError
from tests.support.models import LABELS, card_of, model_folder

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_folder(), tmp_path / "model"))


def card(folder: Path, **more: object) -> Card:
    files = {"model.onnx": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()}
    calibrated = {"normaliser": NORMALISER, "files": files, **more}
    return card_of(LABELS, Tiers(rewrite=0.5, block=0.9), **calibrated)


def test_a_folder_a_file_and_a_file_of_another_name(folder: Path) -> None:
    """All three lead to the same model."""
    whole = read_layout(folder)
    assert whole.labels == LABELS
    assert (whole.is_exclusive, whole.normalises, whole.max_tokens) == (False, False, 512)
    assert read_layout(folder / "model.onnx") == whole
    (folder / "model.onnx").rename(folder / "other.onnx")
    assert read_layout(folder).model == folder / "other.onnx"


def test_a_card_says_more_than_a_description(folder: Path) -> None:
    """Calibration, length and preparation come from it."""
    (folder / "card.json").write_text(card(folder).to_json())
    layout = read_layout(folder)
    assert (layout.scales, layout.biases) == ((1.0,) * 3, (0.0,) * 3)
    assert layout.tiers == (Tiers(rewrite=0.5, block=0.9),) * 3
    assert (layout.max_tokens, layout.normalises) == (64, True)


def test_one_of_many_classes(folder: Path) -> None:
    """Hugging Face's word for scores that add up to one."""
    config = json.loads((folder / "config.json").read_text())
    config |= {"problem_type": "single_label_classification", "max_position_embeddings": 40}
    (folder / "config.json").write_text(json.dumps(config))
    layout = read_layout(folder)
    assert (layout.is_exclusive, layout.max_tokens) == (True, 40)


def _without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _writing(name: str, text: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / name).write_text(text)

    return spoil


def _cut_short(folder: Path) -> None:
    (folder / "card.json").write_text(card(folder).to_json())
    data = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(data[:-9])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (shutil.rmtree, "is not there. Give a folder"),
        (_without("model.onnx"), "holds no .onnx file"),
        (_writing("other.onnx", "x"), ""),
        (_without("tokenizer.json"), "A model needs its tokenizer.json beside it"),
        (_without("config.json"), "It names the labels of the model"),
        (_writing("config.json", "{"), "it has no readable id2label"),
        (_writing("config.json", '{"id2label": {"0": "a", "2": "b"}}'), "it has no readable id2label"),
        (_writing("config.json", '{"id2label": {"0": "a", "1": "a"}}'), "names a label twice"),
        (_writing("config.json", '{"id2label": {}}'), "is empty"),
        (_writing("card.json", "{}"), "is no model card"),
        (_cut_short, "it is not the file that card.json describes"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(folder: Path, spoil: Callable[[Path], None], told: str) -> None:
    """Each mistake names its file."""
    spoil(folder)
    if not told:
        assert read_layout(folder).model.name == "model.onnx", "of several, the one of the usual name"
        (folder / "model.onnx").rename(folder / "another.onnx")
        told = "holds 2 .onnx files"
    with pytest.raises(DetectorConfigError, match=str(folder)) as caught:
        read_layout(folder)
    assert told in str(caught.value)
    assert caught.value.loc == ("model",)


def test_a_preparation_that_is_not_known(folder: Path) -> None:
    """A card of a newer version is not read as if it were an old one."""
    (folder / "card.json").write_text(card(folder, normaliser="letters-99").to_json())
    with pytest.raises(DetectorConfigError, match="unknown normaliser 'letters-99'"):
        read_layout(folder)
