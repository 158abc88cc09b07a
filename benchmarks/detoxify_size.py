"""A stand-in for Detoxify's `original`: the same BERT with the same number of weights, drawn at random from a seed.

It says nothing of a text; it costs what the published model costs, which cannot be had where nothing may be
downloaded. The checkpoint has Detoxify's own format, so that the library loads it and the project's own command
exports it. Needs the extra `[detoxify]`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from detectors.toxicity.export import export_detoxify
from detectors.toxicity.sources import BUNDLED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CLASSES = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
"""As the first of Detoxify's models called them; the library gives them today's names."""
LABELS = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack")
_SEED = 7
_TOKENS = 512


class StandIn(NamedTuple):
    """Where the two forms lie."""

    checkpoint: Path
    config: Path
    """Folder of the configuration and the tokenizer: `huggingface_config_path`."""
    onnx: Path


class About(NamedTuple):
    """What a checkpoint says of itself."""

    classes: tuple[str, ...] = CLASSES
    base: str = ""
    """Where its configuration is found; else its folder."""
    spread: float = 0.02
    """Of the random weights."""


def write_stand_in(folder: Path, layers: int = 12, size: int = 768) -> StandIn:
    """Write the checkpoint and its int8 export into a folder. Raises `ParityError` where the two differ."""
    found = StandIn(folder / "stand-in.ckpt", folder / "config", folder / "int8")
    shape = {
        "hidden_size": size,
        "num_hidden_layers": layers,
        "num_attention_heads": size // 64,
        "intermediate_size": 4 * size,
        "max_position_embeddings": _TOKENS,
    }
    found.onnx.parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(found.checkpoint, found.config, _words(), shape, About())
    export_detoxify("original", found.onnx, checkpoint=str(found.checkpoint), config_path=str(found.config))
    return found


def write_checkpoint(path: Path, folder: Path, words: Sequence[str], shape: dict[str, int], about: About) -> None:
    """Write a checkpoint as Detoxify does, and the configuration and tokenizer into a folder. Needs torch.

    `shape` are the arguments of `BertConfig` that are not its usual ones.
    """
    import torch  # noqa: PLC0415 - only where it is asked for
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    tokens = shape["max_position_embeddings"]
    BertTokenizer(str(folder / "vocab.txt"), model_max_length=tokens).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(words), num_labels=len(about.classes), initializer_range=about.spread, **shape
    )
    config.save_pretrained(folder)
    torch.manual_seed(_SEED)
    arch = {
        "model_type": about.base or str(folder),
        "model_name": "BertForSequenceClassification",
        "tokenizer_name": "BertTokenizer",
        "num_classes": len(about.classes),
    }
    said = {"dataset": {"args": {"classes": list(about.classes)}}, "arch": {"args": arch}}
    torch.save({"config": said, "state_dict": BertForSequenceClassification(config).state_dict()}, path)


def _words() -> list[str]:
    """Return the words of the bundled model's tokenizer: those of bert-base-uncased, so that windows cut alike."""
    tokenizer = json.loads((BUNDLED / "tokenizer.json").read_text(encoding="utf-8"))
    numbers: dict[str, int] = tokenizer["model"]["vocab"]
    return sorted(numbers, key=numbers.__getitem__)
