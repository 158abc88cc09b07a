"""The exported model, run as simply as can be: for measuring, not for the proxy."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from detectors.toxicity.card import LABELS
from detectors.toxicity.training.reading import Block, encoded, tokenizer_of

Floats = NDArray[np.float32]


class Exported:
    """A model in a folder. Each text is judged by itself, as in the proxy: int8 answers depend on the batch."""

    def __init__(self, folder: Path, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._folder = folder
        self._known: dict[str, Floats] = {}

    def run(self, numbers: Block, mask: Block) -> Floats:
        """Return the logits of one block of token numbers."""
        (logits,) = self._session.run(["logits"], {"input_ids": numbers, "attention_mask": mask})
        return np.asarray(logits, dtype=np.float32)

    def logits(self, texts: Sequence[str], max_tokens: int) -> NDArray[np.float64]:
        """Return the logits of texts, one row each; a text that was asked before is not judged again."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for text, row in zip(new, encoded(new, tokenizer_of(self._folder, max_tokens, side="left")), strict=True):
            numbers = np.array([row], np.int64)
            self._known[text] = self.run(numbers, np.ones_like(numbers))[0]
        return np.array([self._known[text] for text in texts], np.float64).reshape(len(texts), len(LABELS))


def digest(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
