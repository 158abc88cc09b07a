"""Texts as the model reads them: prepared, cut into tokens, and put into blocks of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from detectors.toxicity.normalise import normalise

Block = NDArray[np.int64]


def tokenizer_of(folder: Path, max_tokens: int, *, side: str = "right") -> Tokenizer:
    """Return the encoder's own tokenizer, padding nothing and cutting off what is too much on one side."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens, direction=side)
    return tokenizer


def encoded(texts: Sequence[str], tokenizer: Tokenizer) -> list[list[int]]:
    """Return each text's token numbers, prepared as the runtime prepares it."""
    return [encoding.ids for encoding in tokenizer.encode_batch([normalise(text) for text in texts])]


def padded(rows: Sequence[list[int]]) -> tuple[Block, Block]:
    """Return token numbers and mask as one block."""
    width = max(len(row) for row in rows)
    numbers = np.zeros((len(rows), width), np.int64)
    mask = np.zeros((len(rows), width), np.int64)
    for place, row in enumerate(rows):
        numbers[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return numbers, mask
