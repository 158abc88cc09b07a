"""From the trained model to the int8 ONNX file that ships, and the proof that the two agree."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModelForSequenceClassification

from detectors.toxicity.training.exported import Exported
from detectors.toxicity.training.reading import encoded, tokenizer_of

OPSET = 17
MAX_BYTES = 25_000_000
"""Of the whole folder: it ships in the wheel."""
MAX_DIFFERENCE = 0.15
"""In probability, on the sample; a rounding error moves scores a little, a broken export moves them anywhere."""

_log = logging.getLogger(__name__)


class ExportError(RuntimeError):
    """An export that does not do what the trained model does, or is too large."""


class _Logits(torch.nn.Module):  # type: ignore[misc,unused-ignore] # torch has types only where it is installed
    def __init__(self, model: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return the logits alone."""
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits  # type: ignore[no-any-return,unused-ignore]


def export(model_folder: Path, base: Path, out: Path, sample: Sequence[str]) -> float:
    """Write `model.onnx` and `tokenizer.json` into `out`; return the largest difference on the sample."""
    out.mkdir(parents=True, exist_ok=True)
    model = AutoModelForSequenceClassification.from_pretrained(model_folder, attn_implementation="eager").eval()
    whole = model_folder / "model-float.onnx"
    numbers, mask = torch.ones((2, 16), dtype=torch.int64), torch.ones((2, 16), dtype=torch.int64)
    free = {0: "batch", 1: "sequence"}
    torch.onnx.export(
        _Logits(model).eval(),
        (numbers, mask),
        str(whole),
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_axes={"input_ids": free, "attention_mask": free, "logits": {0: "batch"}},
        opset_version=OPSET,
        dynamo=False,
    )
    # Seven bits of range: without them, processors that have no VNNI overflow sixteen bits where two products meet.
    quantize_dynamic(whole, out / "model.onnx", weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    shutil.copy(base / "tokenizer.json", out / "tokenizer.json")
    size = sum(path.stat().st_size for path in out.iterdir() if path.is_file())
    if size > MAX_BYTES:
        raise ExportError(f"the folder is {size} bytes; {MAX_BYTES} are allowed")
    difference = parity(model, out, sample)
    if difference > MAX_DIFFERENCE:
        raise ExportError(f"int8 and float differ by {difference:.3f} in probability; {MAX_DIFFERENCE} are allowed")
    _log.info("exported %d bytes, largest difference %.4f on %d texts", size, difference, len(sample))
    return difference


def parity(model: Any, folder: Path, sample: Sequence[str]) -> float:  # noqa: ANN401
    """Return the largest difference in probability between the trained model and the exported one."""
    rows = encoded(sample, tokenizer_of(folder, 128))
    largest = 0.0
    exported = Exported(folder)
    for row in rows:
        numbers = np.array([row], np.int64)
        with torch.no_grad():
            wanted = model(input_ids=torch.from_numpy(numbers)).logits.numpy()
        got = exported.run(numbers, np.ones_like(numbers))
        largest = max(largest, float(np.abs(1 / (1 + np.exp(-wanted)) - 1 / (1 + np.exp(-got))).max()))
    return largest
