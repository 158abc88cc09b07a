"""What a model cannot read at once: a text in parts that it can, and one answer out of theirs. Pure.

Windows are short, but a sign may be several tokens, so that a window of signs has more of them than a model reads.
A model cuts off what is too much without a word, and what it did not read would pass.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from detectors.types import Scores

MIN_CHARS: Final = 8
"""A part this short is asked about as it is: no tokenizer makes hundreds of tokens of so few characters."""

_OVERLAP: Final = 8
"""An eighth of a part is in the next one too, so that a word at the cut is whole in one of them."""


def parts_of(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Return a text that fits as it is, and of another one overlapping parts that fit, in order."""
    if len(text) <= MIN_CHARS or fits(text):
        return [text]
    middle, overlap = len(text) // 2, len(text) // _OVERLAP
    return parts_of(text[: middle + overlap], fits) + parts_of(text[middle - overlap :], fits)


def highest(parts: Sequence[Scores]) -> Scores:
    """Return the highest score of each label."""
    return tuple(map(max, *parts)) if len(parts) > 1 else parts[0]


def most_tokens(text: str) -> int:
    """Return how many tokens a text can have at most, whatever the tokenizer: each byte may be one.

    Some tokenizers take characters apart first (one becomes up to eighteen).
    """
    if text.isascii():
        return len(text)
    apart = unicodedata.normalize("NFKD", text)
    return max(len(one.encode("utf-8", "surrogatepass")) for one in (text, apart))
