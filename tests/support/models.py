"""Small models for tests: real ONNX files of a few kilobytes whose answers can be told by reading, and models that
misbehave, each in its own process, when they read a certain word.

The words are mild. A text scores high for a label as soon as one of the label's words is in it.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.toxicity.card import Calibration, Card, LabelCard, OperatingPoint, Tiers
from detectors.types import DetectorConfigError, ModelUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.types import Scores

LABELS = ("toxicity", "severe_toxicity", "insult")
WORDS: dict[str, dict[str, float]] = {
    "nitwit": {"toxicity": 1.5, "insult": 2.0},
    "blockhead": {"toxicity": 4.0, "insult": 4.0},
    "scoundrel": {"toxicity": 5.0, "severe_toxicity": 4.0, "insult": 5.0},
}
"""Word -> logit by label; a word that is not here, or a label that is not there, has `CALM`."""
CALM = -5.0


def write_model(folder: Path, labels: Sequence[str] = LABELS) -> Path:
    """Write a model, its tokenizer and its description into a folder."""
    import onnx  # noqa: PLC0415 - only where a model is built
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {"[UNK]": 0, **{word: at for at, word in enumerate(WORDS, 1)}}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.full((len(vocabulary), len(labels)), CALM, np.float32)
    for word, logits in WORDS.items():
        for label, logit in logits.items():
            if label in labels:
                table[vocabulary[word], labels.index(label)] = logit
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["found"]),
            helper.make_node("ReduceMax", ["found"], ["logits"], axes=[1], keepdims=0),
        ],
        "words",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(labels)])],
        [numpy_helper.from_array(table, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, folder / "model.onnx")
    config = {"id2label": dict(enumerate(labels)), "problem_type": "multi_label_classification"}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@functools.cache
def model_folder() -> Path:
    """The folder of a model that all tests of this process share. It goes when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="sluicegate-model-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return write_model(folder)


def card_of(labels: Sequence[str], tiers: Tiers, **more: Any) -> Card:
    """A card for such a model, with thresholds that are the same for every label."""
    label = LabelCard(
        name="one",
        calibration=Calibration(scale=1.0, bias=0.0),
        thresholds=tiers,
        positives=10,
        negatives=90,
        operating_points=(
            OperatingPoint(threshold=0.5, precision=0.75, recall=0.9, false_positive_rate=0.0125),
            OperatingPoint(threshold=0.99, precision=None, recall=0.0, false_positive_rate=0.0),
        ),
    )
    given: dict[str, Any] = {
        **dict.fromkeys(("name", "version", "base", "base_licence", "licence"), "words"),
        "format": 1,
        "seed": 1,
        "max_tokens": 64,
        "normaliser": "none",
        "labels": [label.model_copy(update={"name": name}) for name in labels],
        "data": (),
        "files": {},
    }
    return Card.model_validate(given | more)


def score(logit: float) -> float:
    """The score for a logit."""
    return float(1.0 / (1.0 + np.exp(-logit)))


class Trouble:
    """An engine that scores the length of texts, and does what it is told when it reads a word."""

    labels = ("length",)

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self.asked: list[int] = []

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        for text in texts:
            self._obey(text)
        with (self._folder / "asked").open("a") as file:
            file.write(f"{len(texts)}\n")
        return [(min(len(text), 100) / 100,) for text in texts]

    def _obey(self, text: str) -> None:
        if "die" in text:
            os._exit(3)
        if "hang" in text:
            time.sleep(60)
        if "wait" in text:
            gate = self._folder / "gate"
            while not gate.exists():
                time.sleep(0.005)
        if "memory" in text:
            import resource  # noqa: PLC0415 - not everywhere

            resource.setrlimit(resource.RLIMIT_AS, (1 << 30, resource.RLIM_INFINITY))
            bytearray(1 << 40)
        if "raise" in text:
            raise RuntimeError("about " + text)
        if "away" in text:
            raise ModelUnavailableError


class Garbage(Trouble):
    """Answers with too few numbers."""

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        return super().scores(texts)[1:]


@dataclass(frozen=True)
class TroubleSource:
    """Where a `Trouble` comes from. `folder` is where it writes what it was asked, and finds what it waits for."""

    folder: str
    how: str = ""
    batch_chars: int = 100

    def load(self) -> Any:
        if self.how == "config":
            raise DetectorConfigError("the model is not there. Get one.")
        if self.how == "once" and not (Path(self.folder) / "second").exists():
            (Path(self.folder) / "second").touch()
            raise MemoryError
        if self.how == "slow":
            time.sleep(60)
        return Garbage(self.folder) if self.how == "garbage" else Trouble(self.folder)

    def batches(self) -> list[int]:
        """How many texts it was asked about at a time, the first one being the one it is warmed with."""
        return [int(line) for line in (Path(self.folder) / "asked").read_text().split()]
