r"""What a text without any phone number looks like: necessary conditions, derived from phonenumbers' own metadata.

Bare years and counts are candidates for a region whose numbers can be as short as they are (Germany's have 4 digits
and more). Whether phonenumbers could call such a candidate valid depends on its digits alone: after its own
stripping of prefixes, the number is the end of the candidate's digits, and must match one of the descriptions of
the region, or of a region with the same calling code. Nothing here finds a number; that is the work of
`detectors.pii.phone`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from detectors.regex_parser import parse_pattern
from detectors.regex_tree import Atom, Choice, PatternSource, Repeat, Sequence, UnsupportedPatternError, measure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.regex_tree import Node

MIN_DIGITS = 4
"""No region in the world has a shorter valid number."""

MIN_DIGITS_ABROAD = 7
"""Shortest number written with an international prefix: `00`, a country code, a number."""

KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan",
    "voicemail",
)  # fmt: skip
"""The descriptions of a region of which a valid number matches one."""

# Letters of an extension that could not be stripped are read as digits (`int` is 468), so such a candidate may be a
# number whatever its digits are.
_LETTERS = (
    r"(?i:e?xt|anexo|\x{434}\x{43E}\x{431}|\x{FF45}?\x{FF58}\x{FF54}|;ext="
    r"|(?:int|\x{FF49}\x{FF4E}\x{FF54})[:.\x{FF0E}]?[ \x{A0}\t,-]*[0-9])"
)

_PUNCTUATION = r"[-x ().\[\]/~\x{80}-\x{BF}\x{2000}-\x{3FFF}\x{F000}-\x{FFFF}]{0,4}"
"""What may stand between two digits of a number, and for the sake of a small automaton more beyond ASCII."""
_LEAD = rf"(?:[(\[+\x{{FF08}}\x{{FF3B}}\x{{FF0B}}]{_PUNCTUATION})?"


@cache
def least_digits(region: str) -> int:
    """Return a number of digits below which nothing written without `+` is valid in `region`."""
    plans = _plans(region)
    if not plans:
        return MIN_DIGITS
    least = min(MIN_DIGITS_ABROAD, *(length for plan in plans for length in _lengths(plan)))
    transformed = (_least_transformed(plan.national_prefix_for_parsing or "") for plan in _transforming(plans))
    return max(MIN_DIGITS, min(least, *transformed, MIN_DIGITS_ABROAD))


def _plans(region: str) -> list[PhoneMetadata]:
    """Return the plan of a region, then those of all regions with its calling code; none when one is not known.

    Digits dialled in a region are a number if they are one of any region with the same calling code: what is short
    in Vatican City is valid in Italy, too.
    """
    own = PhoneMetadata.metadata_for_region(region)
    regions = COUNTRY_CODE_TO_REGION_CODE.get((own and own.country_code) or 0, ())
    plans = [own, *map(PhoneMetadata.metadata_for_region, regions)]
    known = [plan for plan in plans if plan is not None and _lengths(plan)]
    return known if len(known) == len(plans) else []


def _lengths(plan: PhoneMetadata) -> tuple[int, ...]:
    return () if plan.general_desc is None else plan.general_desc.possible_length


def _transforming(plans: list[PhoneMetadata]) -> list[PhoneMetadata]:
    """Return those that may put digits before a number, which a region's own plan strips, or the code's first."""
    return [plan for plan in plans[:2] if plan.national_prefix_transform_rule]


def _least_transformed(prefix: str) -> int:
    """Return how many digits there are at least where the prefix is replaced: where its last group matches."""
    start = max((m.start() for m in re.finditer(r"\((?!\?)", prefix)), default=0)
    depth = 0
    for place, char in enumerate(prefix[start:], start):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            try:
                return measure(parse_pattern(PatternSource(prefix[start : place + 1]))).least
            except UnsupportedPatternError:
                return 0
    return 0


@cache
def short_shapes(region: str) -> tuple[str, ...] | None:
    """Return patterns: a valid number of fewer than 7 digits ends with one. None when they are not known."""
    if least_digits(region) >= MIN_DIGITS_ABROAD:
        return ()
    plans = _plans(region)
    if not plans or _transforming(plans):
        return None
    described = ((_lengths(plan), getattr(plan, kind)) for plan in plans for kind in KINDS)
    shapes = (
        one.national_number_pattern
        for lengths, one in described
        if one is not None
        and one.national_number_pattern
        and min(one.possible_length or lengths) < MIN_DIGITS_ABROAD
    )
    return tuple(dict.fromkeys(shapes))


def finds(regions: Iterable[str]) -> list[str]:
    """Return RE2 patterns of which one is found in every text in which a number of these regions can be.

    In every text without digits of other scripts, for which `Prefilter` lets everything through.
    """
    more = f"(?:{_PUNCTUATION}[0-9])"
    found = {
        rf"[+\x{{FF0B}}]{_PUNCTUATION}{_LEAD}[0-9]{more}{{{MIN_DIGITS - 1}}}",
        f"[0-9]{more}{{{MIN_DIGITS_ABROAD - 1}}}",
        rf"[0-9][ \x{{A0}}\t,]*{_LETTERS}",
    }
    for region in regions:
        shapes = short_shapes(region)
        if shapes is None:
            found.add(f"[0-9]{more}{{{least_digits(region) - 1}}}")
        else:
            found.update(_with_punctuation(shape) for parsed in map(_parsed, shapes) for shape in _short(parsed))
    return sorted(found)


def _parsed(shape: str) -> Node:
    return parse_pattern(PatternSource(shape))


def _short(shape: Node) -> Iterable[Node]:
    """Return the alternatives of a shape that fewer than 7 digits can match."""
    options = shape.options if isinstance(shape, Choice) else (shape,)
    return (option for option in options if measure(option).least < MIN_DIGITS_ABROAD)


def _with_punctuation(node: Node) -> str:
    """Return an RE2 pattern for a pattern of ASCII digits, with punctuation allowed between them."""
    match node:
        case Atom(source):
            return f"{source}{_PUNCTUATION}"
        case Sequence(items):
            return "".join(map(_with_punctuation, items))
        case Choice(options):
            return f"(?:{'|'.join(map(_with_punctuation, options))})"
        case Repeat(item, least):
            return f"(?:{_with_punctuation(item)}){{{least},}}"
    raise UnsupportedPatternError("a phone number is described by digits alone", 0)
