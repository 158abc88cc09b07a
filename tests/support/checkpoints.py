"""A checkpoint in Detoxify's own file format: a real BERT class, tiny, with random weights from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
"""As the first of Detoxify's models called them; the library gives them today's names."""

LABELS = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack")

_WORDS = ("you", "are", "a", "nit", "##wit", "the", "tide", "comes", "in", "twice", "day", ".", "stop", "it", "no")


def write_checkpoint(folder: Path, classes: tuple[str, ...] = CLASSES, base: str = "") -> Path:
    """Write `tiny.ckpt`, and the configuration and tokenizer beside it. Returns the checkpoint's path.

    `base` is what the checkpoint says its configuration is found under; else the folder.
    """
    import torch  # noqa: PLC0415 - only where a checkpoint is built
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizer(str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        num_labels=len(classes),
        initializer_range=0.2,
    )
    config.save_pretrained(folder)
    torch.manual_seed(7)
    model = BertForSequenceClassification(config)
    arch = {
        "model_type": base or str(folder),
        "model_name": "BertForSequenceClassification",
        "tokenizer_name": "BertTokenizer",
        "num_classes": len(classes),
    }
    about = {"dataset": {"args": {"classes": list(classes)}}, "arch": {"args": arch}}
    torch.save({"config": about, "state_dict": model.state_dict()}, folder / "tiny.ckpt")
    return folder / "tiny.ckpt"
