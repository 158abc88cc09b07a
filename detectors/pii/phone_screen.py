r"""In which regions digits without `+` could be a valid number: a necessary condition, from metadata.

What is left of the digits, when prefixes are stripped from their front, must match one of the descriptions of the
region, or of a region with the same calling code. So RE2 is asked, of all regions at once. It finds no number.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from unicodedata import digit

import re2
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from detectors.pii.phone_shapes import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DIGITS: Final = 40
"""Longest part that is looked at: 17 digits of a number, and far more than any prefix has."""

_MEMORY_BYTES: Final = 64 << 20
_REFERENCE = re.compile(r"\\\d")
_ANYTHING: Final = "[0-9]*"


class RegionScreen:
    """The digits that numbers of some regions can have. Immutable."""

    def __init__(self, regions: Iterable[str]) -> None:
        self.regions = frozenset(regions)
        shapes = {region: _shape(region) for region in sorted(self.regions)}
        self._always = frozenset(region for region, shape in shapes.items() if shape is None)
        self._order = [region for region, shape in shapes.items() if shape is not None]
        self._set = re2.Set.FullMatchSet(_options())
        for region in self._order:
            self._set.Add(shapes[region])
        self._probe = self._set.Add("[0-9]+")
        self._set.Compile()

    def possible(self, digits: str) -> frozenset[str]:
        """Return the regions in which these digits, of ASCII and all of them, may be a valid number."""
        if len(digits) > MAX_DIGITS:
            return frozenset()
        matched = self._set.Match(digits.encode())
        if not matched or self._probe not in matched:  # RE2 has no room: its Set then reports nothing
            return self.regions
        if len(matched) == 1:
            return self._always
        return self._always.union([self._order[number] for number in matched if number != self._probe])

    def is_number(self, digits: str) -> bool:
        """Whether these digits, all of them, may be a number of one of the regions."""
        matched = self._set.Match("".join(str(digit(char)) for char in digits))
        return not matched or len(matched) > 1 or self._probe not in matched


@lru_cache(maxsize=256)
def _shape(region: str) -> str | None:
    """Return an RE2 pattern for all digits of a part that a number of `region` can have; None when not known."""
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.general_desc is None:
        return None
    code = metadata.country_code or 0
    plans = [PhoneMetadata.metadata_for_region(each) for each in COUNTRY_CODE_TO_REGION_CODE.get(code, ())]
    described = (getattr(plan, kind) for plan in plans if plan is not None for kind in KINDS)
    numbers = {one.national_number_pattern for one in described if one is not None and one.national_number_pattern}
    prefixes = [_prefix(plan) for plan in (metadata, *plans[:1])]
    if not plans or None in prefixes or not numbers:
        return None
    national = f"(?:{'|'.join(prefix for prefix in prefixes if prefix)}){{0,2}}" if any(prefixes) else ""
    abroad = f"|(?:{metadata.international_prefix}){_ANYTHING}" if metadata.international_prefix else ""
    shape = f"(?:{code})?{national}(?:{'|'.join(sorted(numbers))}){abroad}"
    try:
        re2.compile(shape, _options())
    except re2.error:
        return None
    return shape


def _prefix(plan: Any) -> str | None:  # noqa: ANN401 - phonenumbers has types for few of its parts
    """Return a pattern for what is stripped from a number's front; None when digits may be put there."""
    if plan is None:
        return None
    rule, prefix = plan.national_prefix_transform_rule, plan.national_prefix_for_parsing
    if not rule:
        return prefix or ""
    return _ANYTHING if _REFERENCE.fullmatch(rule) and prefix.endswith((")", ")?")) else None


def _options() -> Any:  # noqa: ANN401 - re2 has no types
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    options.log_errors = False
    return options
