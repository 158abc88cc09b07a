"""The joined model says what its parts say, in the graph and in batches, and what it mixes is fitted on raters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.toxicity.card import LABELS
from detectors.toxicity.training import joined
from detectors.toxicity.training.counted import PAIR_BUCKETS, Table
from detectors.toxicity.training.example import Example, known
from detectors.toxicity.training.exported import Exported
from detectors.toxicity.training.joined import JoinError, Mix, columns_of, fit_mix, join
from detectors.toxicity.training.reading import encoded, padded, tokenizer_of
from tests.support.tiny_encoder import write_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = ["you are a wretch", "the tide comes in", "moon", "a kind person, and the moon comes in"]
COLUMNS = 14


@pytest.fixture
def encoder(tmp_path: Path) -> tuple[Path, int]:
    """A model that says the mean of its token numbers for every label, and its tokenizer."""
    import onnx  # noqa: PLC0415
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    folder = tmp_path / "encoder"
    folder.mkdir()
    tokens = write_tokenizer(folder)
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["input_ids", "attention_mask"], ["known"]),
            helper.make_node("ReduceSum", ["known", "axis"], ["sum"], keepdims=1),
            helper.make_node("Cast", ["sum"], ["float"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["float", "share"], ["logits"]),
        ],
        "sums",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(LABELS)])],
        [
            numpy_helper.from_array(np.array([1], np.int64), "axis"),
            numpy_helper.from_array(np.full((1, len(LABELS)), 0.01, np.float32), "share"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "model.onnx")
    return folder, tokens


def parts(tokens: int) -> tuple[Table, Mix]:
    chance = np.random.default_rng(3)
    table = Table(chance.normal(size=(tokens + PAIR_BUCKETS, COLUMNS)) * 0.1, chance.normal(size=COLUMNS), tokens)
    shape = (len(LABELS), COLUMNS)
    return table, Mix(chance.random(len(LABELS)) + 0.5, chance.normal(size=shape) * 0.3, chance.normal(size=7))


def test_the_graph_adds_up_what_the_parts_say(encoder: tuple[Path, int], tmp_path: Path) -> None:
    folder, tokens = encoder
    table, mix = parts(tokens)
    assert join(folder, tmp_path / "out", table, mix, TEXTS, 64) < 0.05
    rows = encoded(TEXTS, tokenizer_of(folder, 64))
    wanted = mix.scale * Exported(folder).logits(TEXTS, 64) + table.logits(rows) @ mix.shares.T + mix.bias
    assert Exported(tmp_path / "out").run(*padded(rows)) == pytest.approx(wanted, abs=0.05), "padding says nothing"


def test_a_graph_that_says_something_else_is_refused(
    encoder: tuple[Path, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, tokens = encoder
    monkeypatch.setattr(joined, "FACTORS", (3, 5, 7))
    with pytest.raises(JoinError, match="differ by"):
        join(folder, tmp_path / "out", *parts(tokens), TEXTS, 64)


def test_each_label_listens_to_its_own_columns() -> None:
    assert columns_of(LABELS.index("threat"), COLUMNS) == [3, 10, 13]
    assert columns_of(LABELS.index("sexual_explicit"), COLUMNS) == [6, 13]


def test_a_column_that_knows_more_weighs_more() -> None:
    """Only what raters said counts, and a label that they never gave keeps the encoder's word."""
    pytest.importorskip("sklearn")
    chance = np.random.default_rng(1)
    examples, by_encoder, by_count = [], {}, {}
    for number in range(400):
        is_so = bool(chance.random() < 0.3)
        source = "made-insults" if number % 2 else "toxic-spans"
        text = f"text {number}"
        said = float(is_so) if source == "toxic-spans" else float(not is_so)
        examples.append(Example(text, source, known(toxicity=said)))
        by_encoder[text] = chance.normal(size=len(LABELS))
        by_count[text] = chance.normal(size=COLUMNS) * 0.1
        by_count[text][0] = 2.0 if is_so else -2.0
    mix = fit_mix(by_encoder, by_count, examples)
    assert mix.shares[0, 0] > 1.0
    assert abs(mix.scale[0]) < 0.5
    assert (mix.scale[1:] == 1.0).all()
    assert not mix.shares[1:].any()
