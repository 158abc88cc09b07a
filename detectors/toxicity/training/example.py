"""One training text with what is known about it: a label that nobody judged is unknown, not zero."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from detectors.toxicity.card import LABELS

Known = tuple[float | None, ...]
"""A degree from 0 to 1 for each of `LABELS`; None where the source does not say."""

DEVELOPMENT_SHARE = 0.12
"""Share of each source's texts that is measured on and never trained on."""

CIVIL: Known = (0.0,) * len(LABELS)


@dataclass(frozen=True, slots=True)
class Example:
    """A text, where it is from, and its labels."""

    text: str
    source: str
    known: Known
    weight: float = 1.0
    spans: tuple[tuple[int, int], ...] | None = None
    """Where the toxic words are. None: the source marks none; empty: it marks them, and there are none."""
    group: str = ""
    """Slice it is counted in by the report: an identity group, or a register."""


def known(**degrees: float) -> Known:
    """Return labels by name; the others stay unknown."""
    unknown = set(degrees) - set(LABELS)
    if unknown:
        raise KeyError(f"no label of that name: {sorted(unknown)}")
    return tuple(degrees.get(label) for label in LABELS)


def civil_but(**degrees: float) -> Known:
    """Return labels by name; the others are zero."""
    return tuple(degree if degree is not None else 0.0 for degree in known(**degrees))


def share(text: str, salt: str) -> float:
    """Return a number from 0 to 1 that depends on the words alone: a text always falls on one side."""
    plain = " ".join(text.lower().split())
    digest = hashlib.blake2b(f"{salt}\0{plain}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def is_made(example: Example) -> bool:
    """Whether the text was made here: such texts are easier than those of people."""
    return example.source.startswith("made-")


def is_development(text: str) -> bool:
    """Whether a text is kept for measuring."""
    return share(text, "development") < DEVELOPMENT_SHARE


def once(examples: list[Example]) -> list[Example]:
    """Return the examples without texts that were there before (white space and case apart)."""
    seen: set[str] = set()
    kept = []
    for example in examples:
        plain = " ".join(example.text.lower().split())
        if plain and plain not in seen:
            seen.add(plain)
            kept.append(example)
    return kept


def retold(example: Example, text: str, *, known: Known | None = None) -> Example:
    """Return the example with another text, whose spans are no longer known."""
    return replace(example, text=text, spans=None, known=example.known if known is None else known)
