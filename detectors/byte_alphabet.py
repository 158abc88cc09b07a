r"""Characters as bytes: one byte stands for all characters between which a pattern makes no difference.

RE2's `\w`, `\d`, `\b` and ignored cases are those of ASCII or of another version of Unicode than `regex` has.
Here each atom is asked, by `regex`, for every character there is; what the same atoms match becomes one byte, and a
text becomes as many bytes as it has characters. RE2 then sees only these bytes, and an atom is a set of them. What
is a word character becomes one of ASCII's, so that RE2's `\b` stands where that of `regex` does.
"""

from __future__ import annotations

import string
import sys
from bisect import bisect_right
from collections import defaultdict
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from detectors.regex_tree import Atom

MAX_KNOWN = 20_000
"""Characters whose byte is remembered; others are looked up each time."""

NEWLINE = ord("\n")

_WORDS = (string.ascii_letters + string.digits + "_").encode()
_OTHERS = bytes(code for code in range(256) if code not in _WORDS and code != NEWLINE)


class ByteAlphabet:
    """The bytes of some atoms. Immutable but for what it remembers, which can be worked out again."""

    def __init__(self, atoms: Iterable[Atom], word: Atom | None, newline: Atom | None) -> None:
        """`word` and `newline`: tests of these characters, where the pattern looks for their places.

        Raises ValueError when the atoms tell more characters apart than there are bytes for.
        """
        told = list(dict.fromkeys([*atoms, *(atom for atom in (word, newline) if atom is not None)]))
        self._bits = {atom: 1 << index for index, atom in enumerate(told)}
        self._starts, self._masks = _intervals(told)
        self._bytes = self._assigned(word, newline)
        self._members: dict[Atom, frozenset[int]] = {}
        self._table = _Table(self)

    def _assigned(self, word: Atom | None, newline: Atom | None) -> dict[int, int]:
        """Return the byte of each mask."""
        is_word = self._bits[word] if word else 0
        is_newline = self._bits[newline] if newline else 0
        words, others = list(_WORDS), list(_OTHERS)
        found: dict[int, int] = {}
        for mask in dict.fromkeys(self._masks):
            if mask & is_newline:
                found[mask] = NEWLINE
                continue
            pool = words if mask & is_word or (not word and not others) else others
            if not pool:
                raise ValueError("more characters are told apart than there are bytes for")
            found[mask] = pool.pop()
        return found

    @property
    def all(self) -> frozenset[int]:
        """Every byte that stands for something."""
        return frozenset(self._bytes.values())

    def members(self, atom: Atom) -> frozenset[int]:
        """Return the bytes of the characters that `atom` matches."""
        found = self._members.get(atom)
        if found is None:
            bit = self._bits[atom]
            found = self._members[atom] = frozenset(byte for mask, byte in self._bytes.items() if mask & bit)
        return found

    def byte_of(self, code: int) -> int:
        """Return the byte of a code point."""
        return self._bytes[self._masks[bisect_right(self._starts, code) - 1]]

    def encoded(self, text: str) -> bytes:
        """Return a text as bytes, one for each character."""
        return text.translate(self._table).encode("latin-1")


class _Table(dict[int, str]):
    """What `str.translate` is given."""

    def __init__(self, alphabet: ByteAlphabet) -> None:
        super().__init__()
        self._alphabet = alphabet

    def __missing__(self, code: int) -> str:
        found = chr(self._alphabet.byte_of(code))
        if len(self) < MAX_KNOWN:
            self[code] = found
        return found


def _intervals(atoms: Sequence[Atom]) -> tuple[list[int], list[int]]:
    """Return where the atoms that match change, and which match from there on, one bit for each."""
    flips: dict[int, int] = defaultdict(int, {0: 0})
    for index, atom in enumerate(atoms):
        for start, end in _runs(atom):
            flips[start] ^= 1 << index
            flips[end] ^= 1 << index
    flips.pop(sys.maxunicode + 1, None)
    starts = sorted(flips)
    masks, mask = [], 0
    for start in starts:
        mask ^= flips[start]
        masks.append(mask)
    return starts, masks


@lru_cache(maxsize=1_000)
def _runs(atom: Atom) -> tuple[tuple[int, int], ...]:
    """Return the code points that an atom matches, as runs with their ends."""
    if atom.literal is not None and not atom.ignore_case:
        return ((ord(atom.literal), ord(atom.literal) + 1),)
    flags = regex.VERSION0
    flags |= regex.IGNORECASE if atom.ignore_case else 0
    flags |= regex.DOTALL if atom.dot_all else 0
    flags |= regex.ASCII if atom.ascii else 0
    return tuple(found.span() for found in regex.finditer(f"(?:{atom.source})+", _every_character(), flags))


@cache
def _every_character() -> str:
    return "".join(map(chr, range(sys.maxunicode + 1)))
