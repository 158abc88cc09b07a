r"""The screen of a short list of words: patterns found wherever a text, folded as the detector folds it, has one.

Only for words that fold to ASCII: then few characters beyond ASCII can take part in an occurrence, since one that
begins or ends inside of what a character folds to does not count. It matches no word; `detectors.keywords` does.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from detectors.folding import Fold
from detectors.regex_tree import PatternSource
from detectors.screening import Hold, Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SCREENED_CHARS = 2000
"""Of all words together. Longer lists are looked for by an automaton of their own, which any number of words costs
the same."""

FOLD_TO_ASCII = (
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
    "\xdf\u017f\u037e\u1e9e\u1fef\u212a\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"
)
"""Every character beyond ASCII that may fold to ASCII alone: white space, long s, the Kelvin sign, ligatures ..."""


@cache
def _spellings(*, ignore_case: bool) -> dict[str, str]:
    """Return, for each text of ASCII that a character folds to, the characters that do."""
    found: dict[str, str] = {}
    fold = Fold(ignore_case=ignore_case)
    for char in (*map(chr, range(0x80)), *FOLD_TO_ASCII):
        folded = fold[ord(char)]
        if folded.isascii():
            found[folded] = found.get(folded, "") + char
    return found


def word_screen(
    words: Sequence[str], *, ignore_case: bool, whole_word: bool, max_span: int, reach: int
) -> Screen | None:
    """Return the screen of folded words, None when they are many or not ASCII.

    `reach`: how many characters after an occurrence it can cut another.
    """
    if sum(map(len, words)) > MAX_SCREENED_CHARS or not all(map(str.isascii, words)):
        return None
    patterns = [_pattern(word, _spellings(ignore_case=ignore_case)) for word in words]
    edges = [_edges(word) if whole_word else ("", "") for word in words]
    holds = [
        Hold(PatternSource(f"{before}{pattern}{after}"), max_span)
        for pattern, (before, after) in zip(patterns, edges, strict=True)
    ]
    return Screen((), tuple(holds), lasting=tuple((pattern, reach) for pattern in patterns))


def _edges(word: str) -> tuple[str, str]:
    """Return what must not stand beside a whole word; the detector itself asks for more, so it holds less."""
    joins = "[A-Za-z0-9_]"
    before = f"(?<!{joins})" if word[0].isalnum() or word[0] == "_" else ""
    return before, f"(?!{joins})" if word[-1].isalnum() or word[-1] == "_" else ""


def _pattern(word: str, spellings: dict[str, str]) -> str:
    """Return a pattern for both engines. Where one character may stand for several, each of those is optional."""
    ligatures = [folded for folded in spellings if len(folded) > 1]
    parts = []
    for place, char in enumerate(word):
        over = [
            (text, place - start)
            for text in ligatures
            for start in range(max(0, place - len(text) + 1), place + 1)
            if word.startswith(text, start)
        ]
        chars = spellings[char] + "".join(spellings[text] for text, _ in over)
        parts.append(_class(chars) + "?" * any(after for _, after in over))
    return "".join(parts)


def _class(chars: str) -> str:
    return "[" + "".join(rf"\x{ord(c):02x}" if ord(c) < 0x80 else c for c in dict.fromkeys(chars)) + "]"  # noqa: PLR2004 - ASCII
