r"""Which of many patterns can be in a text at all, found in one pass over it.

The patterns, written for the `regex` module, are loosened until RE2 can look for all of them at once: assertions
are dropped, long repeats become endless, and what the two engines see differently outside ASCII is let through.
So a pattern that is not reported is not there; one that is reported may be, and its own engine has the word.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import re2
import regex

from detectors.regex_parser import parse_pattern
from detectors.regex_tree import Atom, Choice, Repeat, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.regex_tree import Node, PatternSource

MEMORY_BYTES = 64 << 20
"""For all patterns of a detector together; RE2 builds states as it needs them, so little of it is used."""

_LONG_REPEAT = 8
"""Repeats above this have no upper bound in the loosened pattern: each one unrolled would cost RE2 states."""

_MAX_LEAST = 64
"""Nor is a lower bound above this kept: the loosened pattern then matches more, with fewer states."""

_ANY = r"(?s:.)"
_BEYOND_ASCII = r"\x{80}-\x{10FFFF}"
_MORE_SPACE = r"\x0b\x1c-\x1f"
"""White space of Unicode that RE2's `\\s` leaves out."""
_OTHER_CASES = r"\x{130}\x{131}\x{17f}\x{212a}"
"""Letters that `regex` folds to i, s and k; RE2 does not know the first two."""
_SHORTHAND = regex.compile(r"\\[wds]")
_PROBE = "\x02prefilter\x03"
"""Text that must be found. RE2's Set reports nothing at all when its memory does not suffice."""


class Prefilter:
    """Looks for loosened patterns. Immutable."""

    __slots__ = ("_all", "_set")

    def __init__(self, sources: Iterable[PatternSource], more: Iterable[str] = ()) -> None:
        """`more` are RE2 patterns that are taken as they are, numbered after `sources`.

        Raises UnsupportedPatternError for a pattern that cannot be parsed, ValueError when RE2 has no room.
        """
        options = re2.Options()
        options.max_mem = MEMORY_BYTES
        options.log_errors = False
        self._set = re2.Set.SearchSet(options)
        patterns = [*(loosened(parse_pattern(source)) for source in sources), *more]
        for pattern in patterns:
            self._set.Add(pattern)
        self._set.Add(regex.escape(_PROBE))
        self._set.Compile()
        self._all = list(range(len(patterns)))
        if len(patterns) not in (self._set.Match(_PROBE.encode()) or ()):
            raise ValueError("the patterns are too large to be looked for together")

    def candidates(self, text: str) -> list[int]:
        """Return the numbers of the patterns that may be in `text`, in order."""
        try:
            data = text.encode()
        except UnicodeEncodeError:  # a lone surrogate, which RE2 cannot be shown
            return self._all
        found: list[int] | None = self._set.Match(data)
        return sorted(found) if found else []


def loosened(node: Node) -> str:
    """Return an RE2 pattern that is found wherever `node` is, and elsewhere."""
    match node:
        case Atom():
            return _loosened_atom(node)
        case Sequence(items):
            return "".join(loosened(item) for item in items)
        case Choice(options):
            return f"(?:{'|'.join(loosened(option) for option in options)})"
        case Repeat(item, least, most):
            return _loosened_repeat(loosened(item), min(least, _MAX_LEAST), most)
    return ""  # an assertion


def _loosened_repeat(inner: str, least: int, most: int | None) -> str:
    if not inner:
        return ""
    upper = "" if most is None or most > _LONG_REPEAT else str(most)
    return f"(?:{inner}){{{least},{upper}}}"


@cache
def _loosened_atom(atom: Atom) -> str:
    if atom.literal is not None:
        pattern = regex.escape(atom.literal, special_only=True)
        if atom.ignore_case and atom.literal.casefold() in {"i", "s", "k"}:
            pattern = f"[{pattern}{_OTHER_CASES}]"
    elif atom.source.startswith("[^") or "&&" in atom.source or "[:" in atom.source:
        pattern = _ANY
    elif atom.source.startswith("["):
        # In front, where a dash at the end of the class stays a dash.
        more = _BEYOND_ASCII + _MORE_SPACE if _SHORTHAND.search(atom.source) else ""
        more += _OTHER_CASES if atom.ignore_case else ""
        pattern = f"[{more}{atom.source[1:]}"
    elif _SHORTHAND.fullmatch(atom.source):
        pattern = f"[{atom.source}{_BEYOND_ASCII}{_MORE_SPACE}]"
    else:
        pattern = _ANY
    pattern = f"(?i:{pattern})" if atom.ignore_case else pattern
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options=options)
    except re2.error:
        return _ANY
    return pattern
