"""What to tell somebody whose pattern cannot run in linear time: what stands in the way, what to write instead.

It judges no text: how long a pattern takes depends on that. What it says of a pattern is an upper bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.linear import MAX_REPEATED, linear
from detectors.linear_shape import NotLinearError
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import Choice, Repeat, Sequence, measure

if TYPE_CHECKING:
    from detectors.regex_tree import Node, PatternSource

HARMLESS_WAYS = 1_000
"""Ways to read a text, from one place on, that an engine may try in turn: so many from each place of a look take a
few milliseconds."""

ENDLESS_WAYS = 10**12
"""So many are never tried to the end."""

_LONG = 300
"""Characters of a text that a repeat without bound is thought to meet."""

_INSTEAD = {
    "back-reference": "write the repeated part out, or one alternative for each",
    "atomic group": "write '(?:' for '(?>'; in linear time nothing is tried twice",
    "possessive repeat": "leave the '+' behind the repeat out; in linear time nothing is tried twice",
    "look-ahead": "put it at the beginning or the end of the pattern, or match what it sees",
    "look-behind": "put it at the beginning of the pattern, or match what it sees",
    "negative look-ahead": "put it at the beginning of the pattern, or let it see single characters at the end",
    "negative look-behind": "put it at the beginning of the pattern",
    "second look-ahead at the end": "keep one of them, or put both into one",
    "changing width of a look-behind": "give it one width, or name its words under 'context'",
    "end of the text in the middle": "put '$' at the end of the pattern, or add MULTILINE (8) to the flags",
    "size of the repeats": f"let the repeats together stand for {MAX_REPEATED:,} characters at most",
    "size of the pattern": "split it over several patterns",
    "number of different characters": r"leave '\b' out, or split it over several patterns",
}


def advice_on(source: PatternSource, limit_s: float) -> str | None:
    """Return what to say of a pattern that can take long; None when it cannot. Raises UnsupportedPatternError.

    `limit_s` is after how many seconds it is stopped.
    """
    try:
        linear(source)
    except NotLinearError as error:
        ways = ways_of(parse_pattern(source))
        if ways <= HARMLESS_WAYS:
            return None
        place = f" (character {error.position + 1})" if error.position or error.what in _PLACED else ""
        pace = "can double with each character" if ways >= ENDLESS_WAYS else "grows faster than the text"
        return (
            f"backtracks, because of its {error.what}{place}: on a text made for that, the time it takes {pace}. "
            f"It is stopped after {1e3 * limit_s:.0f} ms, and the rule's on_error decides. To run it in linear "
            f"time, {_INSTEAD[error.what]}."
        )
    return None


_PLACED = frozenset(what for what in _INSTEAD if what.split()[0] not in {"size", "number"})


def ways_of(node: Node) -> float:
    """Return how many ways there are, at most, to read a text from one place on; an estimate without bound."""
    match node:
        case Sequence(items):
            ways = 1.0
            for item in items:
                ways = min(ways * ways_of(item), ENDLESS_WAYS)
            return ways
        case Choice(options):
            return min(sum(map(ways_of, options)), ENDLESS_WAYS)
        case Repeat(item, least, most):
            return _ways_of_repeat(ways_of(item), least, _LONG // max(1, measure(item).least), most)
    return 1.0


def _ways_of_repeat(each: float, least: int, longest: int, most: int | None) -> float:
    highest = max(least, longest if most is None else min(most, longest))
    ways = 0.0
    power = min(each**least, ENDLESS_WAYS) if each > 1 and least < _LONG else 1.0
    for _ in range(least, highest + 1):
        ways += power
        if ways >= ENDLESS_WAYS:
            return ENDLESS_WAYS
        power = min(power * each, ENDLESS_WAYS)
    return ways
