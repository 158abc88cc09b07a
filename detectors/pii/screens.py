r"""Cheap tests that a text must pass before a pattern can match in it, derived from the pattern itself.

Every match of `\d{3}-\d{4}` holds a digit; so a text without digits need not be searched. It is a necessary
condition only, and says nothing about where a match is.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import regex

from detectors.regex_tree import Atom, Choice, Repeat, Sequence

if TYPE_CHECKING:
    from collections.abc import Collection

    from detectors.regex_tree import Node

ORDINARY_TEXT = (
    'The river rose again in April, and nobody was surprised; "It\'s the melt," said the old well-keeper '
    "(who had seen worse). Half-built walls stood where the mill / bakery had been. Would they go on? "
    "Of course! They had promised it: every stone, by hand - at last, on the 7th, they began."
)
"""Where characters are counted, to choose the rarest of those that a match cannot do without."""

_MERGES = regex.compile(r"(?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9@]|\\[dw]|\\[^\w\s])+")
"""What means the same inside any class, next to anything else."""


def required_atoms(node: Node) -> frozenset[Atom] | None:
    """Return characters of which every match of `node` holds at least one, the rarest that can be had, or None."""
    match node:
        case Atom():
            return frozenset((node,))
        case Sequence(items):
            found = [atoms for item in items if (atoms := required_atoms(item)) is not None]
            return min(found, key=_commonness, default=None)
        case Choice(options):
            each = [required_atoms(option) for option in options]
            return None if None in each else frozenset().union(*(atoms for atoms in each if atoms is not None))
        case Repeat(item, least):
            return required_atoms(item) if least else None
    return None


@cache
def _commonness(atoms: frozenset[Atom]) -> int:
    return len(screen(atoms).findall(ORDINARY_TEXT))


def screen(atoms: Collection[Atom]) -> regex.Pattern[str]:
    """Return a pattern of one character that finds any of `atoms`, or now and then one more."""
    inside: set[str] = set()
    apart: set[str] = set()
    for atom in atoms:
        written = atom.source.removeprefix("[").removesuffix("]")
        if _MERGES.fullmatch(written) and not atom.ascii:
            inside.add(written)
        else:
            apart.add(f"(?{'a' * atom.ascii}{'s' * atom.dot_all}:{atom.source})")
    # One class is searched four times as fast as alternatives are.
    one = [f"[{''.join(sorted(inside))}]"] if inside else []
    return regex.compile("|".join(one + sorted(apart)), regex.VERSION0 | _case(atoms))


def _case(atoms: Collection[Atom]) -> int:
    """Ignore case when any atom does and it matters: that finds more, and takes longer."""
    return regex.IGNORECASE if any(atom.ignore_case and _has_letters(atom.source) for atom in atoms) else 0


def _has_letters(source: str) -> bool:
    return any(map(str.isalpha, source.replace(r"\d", "").replace(r"\s", "").replace(r"\w", "")))
