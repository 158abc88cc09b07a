"""Masks a value so that its ends stay readable: `**** **** **** 1111`.

By hand and not by presidio-anonymizer, whose `mask` counts separators and code points: see adr/0035.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CLUSTER = regex.compile(r"\X")
"""What a reader takes for one character: UAX #29, <https://www.unicode.org/reports/tr29/>."""

_SEPARATORS: Final = frozenset("./()+")
"""Beside white space and dashes."""
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs"})
_SPELLS_JSON: Final = frozenset('"\\')


class Part(NamedTuple):
    """A stretch of a span, and how much of its ends is shown."""

    start: int
    end: int
    keep_first: int = 0
    keep_last: int = 0


def masked(span: str, mask: str, parts: Sequence[Part]) -> str:
    """Return `span` with `mask` in place of each code point but those that every part around them shows.

    What lies in no part is masked. Where something is shown, separators are too, and invisible characters go.
    """
    shown: list[str | None] = [mask] * len(span)
    covered = bytearray(len(span))
    for part in parts:
        for at, text in enumerate(_shown(span[part.start : part.end], mask, part), part.start):
            shown[at] = text if not covered[at] or shown[at] != mask else mask
            covered[at] = 1
    return "".join([text for text in shown if text is not None])


def _shown(value: str, mask: str, part: Part) -> list[str | None]:
    """Return what is written for each code point; None for what is left out."""
    clusters = list(_clusters(value))
    counted = sum(not is_separator for _, is_separator in clusters)
    first, last = part.keep_first, counted - part.keep_last
    if first >= last or not part.keep_first + part.keep_last:
        return [mask] * len(value)
    written: list[str | None] = []
    number = 0
    for cluster, is_separator in clusters:
        is_kept = is_separator or not first <= number < last
        number += not is_separator
        written += [_kept(char, mask) if is_kept else _hidden(char, mask) for char in cluster]
    return written


def _clusters(value: str) -> Iterator[tuple[str, bool]]:
    """Yield the characters of a value, and whether they are not counted: separators and what nobody sees."""
    for match in _CLUSTER.finditer(value):
        cluster = match[0]
        yield cluster, all(_is_separator(char) or _is_hidden(char) for char in cluster)


def _is_separator(char: str) -> bool:
    return char in _SEPARATORS or char.isspace() or unicodedata.category(char) == "Pd"


def _is_hidden(char: str) -> bool:
    """Whether nobody sees it. Such characters can spell a value a second time, as tags and variations do."""
    return (
        unicodedata.category(char) in _HIDDEN
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0000" <= char <= "\U000e0fff"
    )


def _kept(char: str, mask: str) -> str | None:
    if char.isspace():
        return " " if char.isascii() else char
    if char in _SPELLS_JSON:  # it may stand in JSON within a string of JSON
        return mask
    return None if _is_hidden(char) else char


def _hidden(char: str, mask: str) -> str | None:
    return None if _is_hidden(char) else mask
