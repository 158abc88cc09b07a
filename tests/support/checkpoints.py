"""A checkpoint in Detoxify's own file format: a real BERT class, tiny, with random weights from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.detoxify_size import CLASSES, LABELS, About
from benchmarks.detoxify_size import write_checkpoint as _write

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CLASSES", "LABELS", "write_checkpoint"]

_WORDS = ("you", "are", "a", "nit", "##wit", "the", "tide", "comes", "in", "twice", "day", ".", "stop", "it", "no")
_SHAPE = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}


def write_checkpoint(folder: Path, classes: tuple[str, ...] = CLASSES, base: str = "") -> Path:
    """Write `tiny.ckpt`, and the configuration and tokenizer beside it. Returns the checkpoint's path.

    `base` is what the checkpoint says its configuration is found under; else the folder.
    """
    words = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_WORDS)
    _write(folder / "tiny.ckpt", folder, words, _SHAPE, About(classes, base, spread=0.2))
    return folder / "tiny.ckpt"
