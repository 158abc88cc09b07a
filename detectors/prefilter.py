r"""Which of many patterns can be in a text at all, found in one pass over it.

The patterns are loosened until RE2 can look for all of them at once: assertions are dropped (but for what is looked
behind at, where it is seen: `sighted`), long repeats become endless, and what the two engines see differently
outside ASCII is let through. A text with digits of other scripts can hold any pattern.
So a pattern that is not reported is not there; one that is reported may be, and its own engine has the word.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import re2
import regex

from detectors.regex_parser import parse_pattern
from detectors.regex_tree import Anchor, Atom, Choice, Look, Repeat
from detectors.regex_tree import Sequence as InSequence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
_OTHER_CASES = "\u0130\u0131\u017f\u212a"
"""Letters that `regex` folds to i, s and k; RE2 does not know the first two."""
_SHORTHAND = regex.compile(r"\\[wds]")
_LAST_DIGIT = 0x1FFFF


def _ranges(chars: list[str]) -> str:
    """Return the characters as the inside of a class of RE2."""
    codes = set(map(ord, chars))
    firsts = sorted(code for code in codes if code - 1 not in codes)
    lasts = sorted(code for code in codes if code + 1 not in codes)
    return "".join(rf"\x{{{first:X}}}-\x{{{last:X}}}" for first, last in zip(firsts, lasts, strict=True))


_FOUND_DIGITS = regex.findall(r"\d", "".join(map(chr, range(0x80, _LAST_DIGIT + 1))))
OTHER_DIGITS = f"[{_ranges(_FOUND_DIGITS)}]"
"""Digits beyond ASCII as `regex` sees them, of 60 scripts. Patterns are loosened to ASCII digits, and this one says
when that is not all there is."""
_PROBE = b"\x02\x1b\x03\x1b\x02"


class PatternSet:
    """RE2 patterns that are looked for together. Immutable.

    What it does not report is not there. RE2's Set reports nothing at all when its memory does not suffice, so
    every text is shown with a probe behind it that must be reported too.
    """

    __slots__ = ("_other_digits", "_probe", "_set", "all")

    def __init__(self, patterns: Sequence[str]) -> None:
        """Raises ValueError when RE2 cannot read a pattern or has no room for all."""
        options = re2.Options()
        options.max_mem = MEMORY_BYTES
        options.log_errors = False
        self._set = re2.Set.SearchSet(options)
        self.all = list(range(len(patterns)))
        self._other_digits = len(patterns)
        self._probe = len(patterns) + 1
        try:
            for pattern in (*patterns, OTHER_DIGITS, _PROBE.decode()):
                self._set.Add(pattern)
            self._set.Compile()
        except re2.error as error:
            raise ValueError("RE2 cannot look for the patterns together") from error
        if self._probe not in (self._set.Match(_PROBE) or ()):
            raise ValueError("the patterns are too large to be looked for together")

    def found_in(self, text: str) -> list[int]:
        """Return the numbers of the patterns that are in `text`, in any order; all when that cannot be told."""
        try:
            data = text.encode()
        except UnicodeEncodeError:  # a lone surrogate, which RE2 cannot be shown
            return self.all
        found: list[int] | None = self._set.Match(data + _PROBE)
        if found == [self._probe]:
            return []
        if not found or self._probe not in found or self._other_digits in found:
            return self.all
        found.remove(self._probe)
        return found


class Prefilter:
    """Looks for loosened patterns. Immutable."""

    __slots__ = ("_set",)

    def __init__(self, sources: Iterable[PatternSource], more: Iterable[str] = ()) -> None:
        """`more` are RE2 patterns that are taken as they are, numbered after `sources`.

        Raises UnsupportedPatternError for a pattern that cannot be parsed, ValueError when RE2 has no room.
        """
        self._set = PatternSet([*(loosened(parse_pattern(source)) for source in sources), *more])

    def candidates(self, text: str) -> list[int]:
        """Return the numbers of the patterns that may be in `text`, in order."""
        found = self._set.found_in(text)
        return sorted(found) if found else found


def loosened(node: Node) -> str:
    """Return an RE2 pattern that is found wherever `node` is, and elsewhere."""
    match node:
        case Atom():
            return _loosened_atom(node)
        case InSequence(items):
            return "".join(loosened(item) for item in items)
        case Choice(options):
            return f"(?:{'|'.join(loosened(option) for option in options)})"
        case Repeat(item, least, most):
            return _loosened_repeat(loosened(item), min(least, _MAX_LEAST), most)
    return ""  # an assertion


def sighted(node: Node) -> str:
    """Return the same with what `node` looks behind at, where it begins with that.

    For texts of which as much is seen before a match as it looks at.
    """
    items = node.items if isinstance(node, InSequence) else (node,)
    for item in items:
        if isinstance(item, Look) and not item.ahead and not item.negated:
            return loosened(item.item) + loosened(node)
        if not isinstance(item, Look | Anchor):
            break
    return loosened(node)


def _loosened_repeat(inner: str, least: int, most: int | None) -> str:
    if not inner:
        return ""
    upper = "" if most is None or most > _LONG_REPEAT else str(most)
    return f"(?:{inner}){{{least},{upper}}}"


@cache
def _loosened_atom(atom: Atom) -> str:
    if atom.flavour == "re2":
        return _re2_or_any(f"(?i{'s' * atom.dot_all}:{atom.source})" if atom.ignore_case else _dotted(atom))
    if atom.literal is not None:
        pattern = regex.escape(atom.literal, special_only=True)
        if more := _other_cases(atom):
            pattern = f"[{pattern}{more}]"
    elif atom.source.startswith("[^") or "&&" in atom.source or "[:" in atom.source:
        pattern = _ANY
    elif atom.source.startswith("["):
        # In front, where a dash at the end of the class stays a dash.
        shorthands = set(_SHORTHAND.findall(atom.source)) - {r"\d"}
        more = _BEYOND_ASCII + _MORE_SPACE if shorthands else _other_cases(atom)
        inside = atom.source[1:]
        pattern = f"[{more}{chr(92) * inside.startswith('-')}{inside}"
    elif atom.source == r"\d":
        pattern = "[0-9]"
    elif _SHORTHAND.fullmatch(atom.source):
        pattern = f"[{atom.source}{_BEYOND_ASCII}{_MORE_SPACE}]"
    else:
        pattern = _ANY
    if atom.ignore_case and any(map(str.isalpha, pattern)):
        pattern = f"(?i:{pattern})"
    return _re2_or_any(pattern)


def _dotted(atom: Atom) -> str:
    return f"(?s:{atom.source})" if atom.dot_all else atom.source


def _re2_or_any(pattern: str) -> str:
    """Return the pattern of one character if RE2 can read it, else one that matches any."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options=options)
    except re2.error:
        return _ANY
    return pattern


def _other_cases(atom: Atom) -> str:
    """Return the letters that RE2 might not see as other cases of what the atom matches."""
    if not atom.ignore_case:
        return ""
    return "".join(regex.findall(atom.source, _OTHER_CASES, regex.IGNORECASE | regex.VERSION0))
