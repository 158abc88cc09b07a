r"""Cheap tests that a text must pass before a pattern can match in it, derived from the pattern itself.

Every match of `\d{3}-\d{4}` holds a digit; so a text without digits need not be searched, and another
one only where its digits are. A screen is a necessary condition: it finds no match.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import regex

from detectors.regex_tree import Atom, Choice, Look, Repeat, Sequence, measure

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


class Required(NamedTuple):
    """What every match holds, or sees ahead of it: at least one of `atoms`, not far from its start."""

    atoms: frozenset[Atom]
    lead: int | None
    """How many characters can stand before the first of them; None when there is no bound."""
    before: frozenset[Atom]
    """All that can stand there."""
    rest: Node
    """What the match, or what it sees ahead, is from there on."""


def required(node: Node) -> Required | None:
    """Return characters that every match of `node` holds one of, the rarest that can be had, or None."""
    match node:
        case Atom():
            return Required(frozenset((node,)), 0, frozenset(), node)
        case Sequence(items):
            return _required_in_sequence(items)
        case Choice(options):
            each = [required(option) for option in options]
            known = [r for r in each if r is not None]
            if len(known) < len(each):
                return None
            leads = [r.lead for r in known]
            return Required(
                frozenset().union(*(r.atoms for r in known)),
                None if None in leads else max(lead for lead in leads if lead is not None),
                frozenset().union(*(r.before for r in known)),
                Choice(tuple(r.rest for r in known)),
            )
        case Repeat(item, least, most):
            return _required_in_repeat(item, least, most)
    return None


def _required_in_repeat(item: Node, least: int, most: int | None) -> Required | None:
    found = required(item) if least else None
    if found is None:
        return None
    more = Repeat(item, least - 1, None if most is None else most - 1)
    return found._replace(rest=Sequence((found.rest, more)))


def _required_in_sequence(items: tuple[Node, ...]) -> Required | None:
    best: Required | None = None
    passed: int | None = 0
    before: frozenset[Atom] = frozenset()
    for place, item in enumerate(items, 1):
        seen = item.item if isinstance(item, Look) and item.ahead and not item.negated else None
        found = required(seen or item)
        if found is not None and (best is None or _commonness(found.atoms) < _commonness(best.atoms)):
            rest = found.rest if seen else Sequence((found.rest, *items[place:]))
            best = Required(found.atoms, _plus(passed, found.lead), before | found.before, rest)
        before |= _atoms(item)
        passed = _plus(passed, measure(item).most)
    return best


def _atoms(node: Node) -> frozenset[Atom]:
    """Return all that a match of `node` can consist of."""
    match node:
        case Atom():
            return frozenset((node,))
        case Sequence(nodes) | Choice(nodes):
            return frozenset().union(*map(_atoms, nodes))
        case Repeat(item):
            return _atoms(item)
    return frozenset()


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


def _plus(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b
