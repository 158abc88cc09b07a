"""The card that lies beside a toxicity model: what its logits mean, how sure it is, and where it was measured.

It is what the runtime needs to read a model's answer (labels in order, calibration, thresholds) and what a person
needs to choose a threshold (precision and recall by threshold). It is not the report: that is written for reading.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

LABELS = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack", "sexual_explicit")
"""Detoxify's names, in the order of the bundled model's logits."""

MAX_CARD_BYTES = 1_000_000
"""A card is a few kilobytes; a file that is larger is something else."""

_MAX_EXPONENT = 60.0
"""Beyond it a logistic function is 0 or 1 to the last bit, and `exp` may overflow."""


class CardError(ValueError):
    """A card that cannot be used. The message names the file and the fields, never their values."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Calibration(_Part):
    """Turns a logit into a probability: `1 / (1 + exp(-(scale * logit + bias)))`."""

    scale: float = Field(gt=0)
    bias: float

    def probability(self, logit: float) -> float:
        """Return the probability of a label, from 0 to 1; rising with the logit."""
        exponent = max(-_MAX_EXPONENT, min(_MAX_EXPONENT, self.scale * logit + self.bias))
        return 1.0 / (1.0 + math.exp(-exponent))


class Tiers(_Part):
    """The two thresholds a label is shipped with: from `rewrite` on a sentence goes, from `block` on all stops."""

    rewrite: float = Field(gt=0, le=1)
    block: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.rewrite > self.block:
            raise ValueError("rewrite lies above block")
        return self


class OperatingPoint(_Part):
    """What a threshold costs and catches on the development set."""

    threshold: float = Field(ge=0, le=1)
    precision: float | None = Field(ge=0, le=1)
    """None where nothing reached the threshold."""
    recall: float = Field(ge=0, le=1)
    false_positive_rate: float = Field(ge=0, le=1)


class LabelCard(_Part):
    """One label: its calibration, its shipped thresholds and what was measured for it."""

    name: str
    calibration: Calibration
    thresholds: Tiers
    positives: int = Field(ge=0)
    negatives: int = Field(ge=0)
    operating_points: tuple[OperatingPoint, ...]


class DataCount(_Part):
    """How many texts of a source trained the model and how many measured it."""

    source: str
    licence: str
    train: int = Field(ge=0)
    development: int = Field(ge=0)


class Card(_Part):
    """A model's card."""

    format: int = Field(ge=1, le=1)
    name: str
    version: str
    base: str
    base_licence: str
    licence: str
    seed: int
    max_tokens: int = Field(ge=8, le=4096)
    normaliser: str
    """Name of the text's preparation before the tokenizer: see `normalise.NORMALISER`."""
    labels: tuple[LabelCard, ...] = Field(min_length=1)
    """In the order of the model's logits."""
    data: tuple[DataCount, ...]
    files: dict[str, str]
    """SHA-256 of each file beside the card, in hexadecimal, so that a truncated model is not a silent one."""

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        names = [label.name for label in self.labels]
        if len(set(names)) != len(names):
            raise ValueError("a label is there twice")
        return self

    def label(self, name: str) -> LabelCard:
        """Return a label by its name; `KeyError` where the model has none of that name."""
        for label in self.labels:
            if label.name == name:
                return label
        raise KeyError(name)

    def to_json(self) -> str:
        """Return the card as the file holds it."""
        return self.model_dump_json(indent=1) + "\n"


def parse_card(text: str, *, source: str = "card.json") -> Card:
    """Read a card; `CardError` says every field that is wrong."""
    try:
        return Card.model_validate_json(text)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in e['loc']) or 'card'}: {e['msg']}" for e in error.errors()
        )
        raise CardError(f"{source} is no model card: {wrong}") from None


def load_card(path: Path) -> Card:
    """Read a card from its file."""
    try:
        if path.stat().st_size > MAX_CARD_BYTES:
            raise CardError(f"{path} is no model card: it is larger than {MAX_CARD_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CardError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CardError(f"{path} is no model card: it is not UTF-8") from None
    return parse_card(text, source=str(path))
