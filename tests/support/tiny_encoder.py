"""A tiny encoder in the format of the real base: a word list of a few words, random weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

if TYPE_CHECKING:
    from pathlib import Path

WORDS: Final = ("a", "and", "the", "tide", "moon", "comes", "in", "you", "wretch", "kind", "person", "are")


def write_tokenizer(folder: Path) -> int:
    """Write `tokenizer.json`; return the number of its words."""
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return len(vocabulary)


def write_encoder(folder: Path) -> None:
    """Write a BERT with random weights beside its tokenizer."""
    from transformers import BertConfig, BertModel, set_seed  # noqa: PLC0415 - seconds to import, and few need it

    set_seed(1)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    size = write_tokenizer(folder)
    config = BertConfig(vocab_size=size, max_position_embeddings=64, initializer_range=0.1, **shape)
    BertModel(config).save_pretrained(folder)


def write_classifier(folder: Path, labels: int) -> None:
    """Write a classifier with random weights over that encoder, beside its tokenizer."""
    from transformers import AutoModelForSequenceClassification  # noqa: PLC0415 - as above

    write_encoder(folder)
    AutoModelForSequenceClassification.from_pretrained(folder, num_labels=labels).save_pretrained(folder)
