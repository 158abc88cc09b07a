"""What lies beside an ONNX model and says what its numbers mean: our card, or Hugging Face's `config.json`.

It reads descriptions, not models. A folder has one `.onnx` file, `tokenizer.json`, and `card.json` (the bundled
model, and what was trained here) or `config.json` (what `sluicegate models export` and Optimum write).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors.toxicity.card import CardError, Tiers, load_card
from detectors.toxicity.errors import damaged, missing
from detectors.toxicity.normalise import NORMALISER

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
CARD_FILE = "card.json"
CONFIG_FILE = "config.json"

DEFAULT_MAX_TOKENS = 512
"""What a BERT reads. Windows are far shorter."""

_EXPORT = "Export it again: `sluicegate models export CHECKPOINT --out DIR`."


@dataclass(frozen=True, slots=True)
class Layout:
    """A model's files and what its numbers mean."""

    model: Path
    tokenizer: Path
    labels: tuple[str, ...]
    scales: tuple[float, ...]
    biases: tuple[float, ...]
    """A label's score is the logistic function of `scale * logit + bias`."""
    is_exclusive: bool
    """Whether exactly one label is true of a text: then the scores are a softmax and add up to one."""
    max_tokens: int
    normalises: bool
    """Whether texts are prepared by `normalise` first."""
    description: Path
    """The file that says all this."""
    tiers: tuple[Tiers, ...] = ()
    """The thresholds that each label is shipped with, where there is a card."""

    def digest(self) -> str:
        """Return what is another one when any of the files is."""
        parts = (file_digest(path) for path in (self.model, self.tokenizer, self.description))
        return hashlib.sha256("".join(parts).encode()).hexdigest()


def read_layout(path: Path) -> Layout:
    """Read what lies in a folder, or beside a model file. Raises `DetectorConfigError`."""
    model = _model_in(path)
    folder = model.parent
    tokenizer = folder / TOKENIZER_FILE
    if not tokenizer.is_file():
        raise missing("The tokenizer", tokenizer, f"A model needs its {TOKENIZER_FILE} beside it. {_EXPORT}")
    if (card := folder / CARD_FILE).is_file():
        return _by_card(card, model, tokenizer)
    config = folder / CONFIG_FILE
    if not config.is_file():
        raise missing("The description", config, f"It names the labels of the model. {_EXPORT}")
    return _by_config(config, model, tokenizer)


def _model_in(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise missing("The model", path, "Give a folder with an ONNX model, or the model's file.")
    if (usual := path / MODEL_FILE).is_file():
        return usual
    found = sorted(path.glob("*.onnx"))
    if len(found) != 1:
        said = "holds no .onnx file" if not found else f"holds {len(found)} .onnx files"
        raise damaged(path, said, f"Name the file itself, or call it {MODEL_FILE}.")
    return found[0]


def _by_card(path: Path, model: Path, tokenizer: Path) -> Layout:
    try:
        card = load_card(path)
    except CardError as error:
        raise damaged(path, str(error), "Install Sluicegate again, or train the model again.") from None
    for file in (model, tokenizer):
        if (expected := card.files.get(file.name)) is not None and file_digest(file) != expected:
            raise damaged(file, "it is not the file that card.json describes", "It is cut short or was replaced.")
    if card.normaliser not in {NORMALISER, "none"}:
        raise damaged(path, f"it asks for the unknown normaliser {card.normaliser!r}", "Use a newer Sluicegate.")
    return Layout(
        model,
        tokenizer,
        tuple(label.name for label in card.labels),
        tuple(label.calibration.scale for label in card.labels),
        tuple(label.calibration.bias for label in card.labels),
        is_exclusive=False,
        max_tokens=card.max_tokens,
        normalises=card.normaliser == NORMALISER,
        description=path,
        tiers=tuple(label.thresholds for label in card.labels),
    )


def _by_config(path: Path, model: Path, tokenizer: Path) -> Layout:
    try:
        config: Any = json.loads(path.read_text(encoding="utf-8"))
        by_id = {int(at): str(label) for at, label in config["id2label"].items()}
        labels = tuple(by_id[at] for at in range(len(by_id)))
        max_tokens = min(int(config.get("max_position_embeddings", DEFAULT_MAX_TOKENS)), DEFAULT_MAX_TOKENS)
        is_exclusive = config.get("problem_type") == "single_label_classification"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise damaged(path, "it has no readable id2label", _EXPORT) from None
    if not labels or len(set(labels)) != len(labels):
        raise damaged(path, "its id2label is empty or names a label twice", _EXPORT)
    ones, zeros = (1.0,) * len(labels), (0.0,) * len(labels)
    return Layout(
        model,
        tokenizer,
        labels,
        ones,
        zeros,
        is_exclusive=is_exclusive,
        max_tokens=max_tokens,
        normalises=False,
        description=path,
    )


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
