"""Turns a Detoxify model into an int8 ONNX model that scores the same, or refuses.

Needs torch, onnx and Detoxify. The weights are quantised to eight bits (QInt8); the activations are measured when
it runs. What is written is what `onnx:DIR` reads.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from detectors.toxicity.detoxify_engine import DetoxifyEngine, max_tokens, open_detoxify
from detectors.toxicity.layout import CONFIG_FILE, MODEL_FILE, TOKENIZER_FILE, read_layout
from detectors.toxicity.onnx_engine import load_onnx

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DIFFERENCE: Final = 0.05
"""Largest difference between two scores of one text that is taken for the same."""

_OPSET: Final = 17

SAMPLE: Final = (
    "Good morning.",
    "What a silly idea, and you call yourself an engineer.",
    "You are a nitwit and everybody knows it.",
    "I will find you and you will be sorry.",
    "The tide comes in twice a day; the moon and the sun pull at the sea, and the coast does the rest.",
    "def add(first, second):\n    return first + second",
    "- flour\n- two eggs\n- a pinch of salt",
    "https://www.example.com/docs/index.html?page=2#top",
    "Das ist ein dummer Vorschlag.",
    "\u4eca\u5929\u5929\u6c14\u5f88\u597d\u3002",
    "no",
    "Stop it. " * 12,
    "He said that nobody here can read, write or count, that the town is a disgrace, and that he will not stay.",
)
"""Sentences of every length that windows have, mild ones: what is compared is how a score is computed."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far two models agree on a sample."""

    texts: int
    differences: dict[str, float]
    """The largest one of each label."""

    @property
    def largest(self) -> float:
        """The largest difference of any label."""
        return max(self.differences.values())


class ParityError(Exception):
    """The exported model does not say what the original says; nothing was written."""

    def __init__(self, parity: Parity, bound: float) -> None:
        super().__init__(f"the scores differ by up to {parity.largest:.4f}, and at most {bound:g} is allowed")
        self.parity = parity


def export_detoxify(
    variant: str,
    out: Path,
    *,
    checkpoint: str = "",
    config_path: str = "",
    sample: Sequence[str] = SAMPLE,
    bound: float = MAX_DIFFERENCE,
) -> Parity:
    """Write `out`, a folder, and return how far it agrees. Raises `ParityError` and `DetectorConfigError`."""
    original = open_detoxify(variant, checkpoint, config_path)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        folder = Path(scratch) / "model"
        folder.mkdir()
        _write_model(original, folder / MODEL_FILE)
        _write_tokenizer(original.tokenizer, folder)
        _write_config(original, folder / CONFIG_FILE)
        parity = compare(original, folder, sample)
        if parity.largest > bound:
            raise ParityError(parity, bound)
        out.mkdir(exist_ok=True)
        for file in folder.iterdir():
            shutil.move(file, out / file.name)
    return parity


def compare(original: Any, folder: Path, sample: Sequence[str]) -> Parity:  # noqa: ANN401 - the library has no types
    """Return how far the model in a folder agrees with a Detoxify object."""
    exported = load_onnx(read_layout(folder))
    ours, theirs = exported.scores(sample), DetoxifyEngine(original, exported.labels).scores(sample)
    return Parity(
        len(sample),
        {
            label: max(abs(one[at] - other[at]) for one, other in zip(ours, theirs, strict=True))
            for at, label in enumerate(exported.labels)
        },
    )


def _write_model(original: Any, path: Path) -> None:  # noqa: ANN401 - the library has no types
    import torch  # noqa: PLC0415 - only here
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    whole = path.with_name("float.onnx")
    tokens = original.tokenizer(SAMPLE[4], return_tensors="pt", truncation=True)
    axes = {0: "batch", 1: "tokens"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tracing: what was traced is compared afterwards
        torch.onnx.export(
            _Logits(original.model),
            (tokens["input_ids"], tokens["attention_mask"]),
            str(whole),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "logits": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    root = logging.getLogger()
    level, root.level = root.level, logging.ERROR  # it advises about image models
    try:
        # Seven bits of range: without them, processors that have no VNNI overflow where two products meet.
        quantize_dynamic(str(whole), str(path), per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
    finally:
        root.setLevel(level)
    whole.unlink()


def _Logits(model: Any) -> Any:  # noqa: ANN401, N802 - a class whose base is only there when torch is
    """Return a module that takes ids and mask and gives the logits alone."""
    import torch  # noqa: PLC0415

    class Logits(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:  # noqa: ANN401
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    return Logits().eval()


def _write_tokenizer(tokenizer: Any, folder: Path) -> None:  # noqa: ANN401 - the library has no types
    tokenizer.backend_tokenizer.save(str(folder / TOKENIZER_FILE))


def _write_config(original: Any, path: Path) -> None:  # noqa: ANN401 - the library has no types
    config = {
        "id2label": dict(enumerate(original.class_names)),
        "problem_type": "multi_label_classification",
        "max_position_embeddings": max_tokens(original),
    }
    path.write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
