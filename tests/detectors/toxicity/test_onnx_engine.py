"""A model that is loaded: its scores, each text by itself, and models that are not what they should be."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from detectors.toxicity.layout import read_layout
from detectors.toxicity.onnx_engine import load_onnx
from detectors.types import DetectorConfigError
from tests.support.models import CALM, LABELS, WORDS, model_folder, score


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_folder(), tmp_path / "model"))


def test_scores_are_those_of_the_words_whatever_is_asked_beside_them() -> None:
    """The highest word of a text decides; neighbours, length and order do not."""
    engine = load_onnx(read_layout(model_folder()))
    texts = ["a calm day", "You NITWIT", "nitwit and scoundrel " * 30, ".", "\ud800 lone", "x " * 5000]
    scores = engine.scores(texts)
    assert engine.labels == LABELS
    assert scores[0] == pytest.approx([score(CALM)] * 3)
    assert scores[1] == pytest.approx([score(WORDS["nitwit"].get(label, CALM)) for label in LABELS])
    assert scores[2] == pytest.approx([score(WORDS["scoundrel"][label]) for label in LABELS])
    assert scores == [engine.scores([text])[0] for text in texts]
    assert scores == engine.scores(texts[::-1])[::-1]


def test_calibration_softmax_and_preparation() -> None:
    """What lies beside the model says what its numbers mean."""
    layout = read_layout(model_folder())
    calibrated = dataclasses.replace(layout, scales=(2.0, 1.0, 1.0), biases=(0.5, 0.0, 0.0))
    assert load_onnx(calibrated).scores(["nitwit"])[0][0] == pytest.approx(score(2 * 1.5 + 0.5))
    exclusive = load_onnx(dataclasses.replace(layout, is_exclusive=True)).scores(["nitwit"])[0]
    logits = np.array([WORDS["nitwit"].get(label, CALM) for label in LABELS])
    assert exclusive == pytest.approx(np.exp(logits) / np.exp(logits).sum())
    disguised = ["n\u0456tw\u0456t", "n1tw1t"]  # with Cyrillic letters, with digits
    plain = load_onnx(layout).scores(disguised)
    folded = load_onnx(dataclasses.replace(layout, normalises=True)).scores(disguised)
    assert [one[0] > 0.5 for one in plain] == [False, False]
    assert [one[0] > 0.5 for one in folded] == [True, True]


@pytest.mark.parametrize("before", [0, 1, 5, 6, 7, 11, 12, 13, 20])
def test_a_text_of_too_many_tokens_is_read_in_parts(before: int) -> None:
    """Wherever it stands a word is read: signs are a token each, so that a short window may have too many."""
    engine = load_onnx(dataclasses.replace(read_layout(model_folder()), max_tokens=8))
    assert engine.scores(["calm " * before + "nitwit" + " calm" * (20 - before)])[0][0] > 0.5
    assert engine.scores(["calm " * 20])[0][0] < 0.5


def _other_model(folder: Path, inputs: list[str], logits: float) -> None:
    """A model that takes other inputs, or answers with the same number always."""
    infos = [helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "t"]) for name in inputs]
    nodes = [
        helper.make_node("Cast", [inputs[0]], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Slice", ["floats", "zero", "three", "one"], ["three_of_them"]),
        helper.make_node("Mul", ["three_of_them", "factor"], ["logits"]),
    ]
    constants = [
        helper.make_tensor("zero", TensorProto.INT64, [1], [0]),
        helper.make_tensor("three", TensorProto.INT64, [1], [3]),
        helper.make_tensor("one", TensorProto.INT64, [1], [1]),
        helper.make_tensor("factor", TensorProto.FLOAT, [], [logits]),
    ]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", 3])]
    graph = helper.make_graph(nodes, "other", infos, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, folder / "model.onnx")


def test_models_that_are_not_what_they_should_be(folder: Path) -> None:
    """Cut short, another kind of input, numbers that are none, other labels, no tokenizer: each is said."""

    def told() -> str:
        with pytest.raises(DetectorConfigError) as caught:
            load_onnx(read_layout(folder))
        assert str(folder) in str(caught.value)
        return str(caught.value)

    data = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(data[: len(data) // 2])
    assert "ONNX Runtime cannot load it" in told()
    assert "It may be cut short." in told()
    _other_model(folder, ["pixels"], 1.0)
    assert "it has the unknown input 'pixels'" in told()
    _other_model(folder, ["attention_mask"], 1.0)
    assert "no input 'input_ids'" in told()
    _other_model(folder, ["input_ids"], float("inf"))
    assert "it fails on a sentence" in told()
    (folder / "model.onnx").write_bytes(data)
    (folder / "config.json").write_text(json.dumps({"id2label": {"0": "toxicity"}}))
    assert "it gives (3,) numbers for a text, and there are 1 labels" in told()
    (folder / "tokenizer.json").write_text('{"version": "1.0"}')
    assert "it is no tokenizer" in told()
