r"""Whether digits are a phone number that a region knows: what phonenumbers says, from its metadata, in a few us.

`phonenumbers.parse` and `_verify` walk over a number character by character, several times, and look each pattern
up where it is used: 70 us for a region that has no such number. Where a candidate is digits and punctuation alone,
what they say depends on its digits and on a leading `+`, and the patterns of a plan can be put together beforehand,
by the length of what they match. The steps and their order are phonenumbers'; the plans are its metadata.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import regex
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, phonenumberutil

from detectors.pii.phone_screen import RegionScreen
from detectors.pii.phone_shapes import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_LEAST: Final = 2
_MOST: Final = 17
"""Digits of a number without prefix and country code: `_MIN_LENGTH_FOR_NSN` and `_MAX_LENGTH_FOR_NSN`."""

_CODE_DIGITS: Final = 3
_DIGITS: Final = "0123456789"
_FIRST_GROUP_ONLY: re.Pattern[str] = phonenumberutil._FIRST_GROUP_ONLY_PREFIX_PATTERN  # noqa: SLF001 - its own rule


class Stripped(NamedTuple):
    """Digits without a region's prefix."""

    digits: str
    has_prefix: bool


class Plan:
    """The numbering plan of one region, or of one calling code without a country. Immutable."""

    def __init__(self, metadata: Any) -> None:  # noqa: ANN401 - phonenumbers has types for few of its parts
        self.code = str(metadata.country_code)
        self.abroad = re.compile(metadata.international_prefix or "(?!)")
        self.leading = metadata.leading_digits
        general = metadata.general_desc
        self._general = re.compile(general.national_number_pattern or "(?!)")
        self._prefix = re.compile(metadata.national_prefix_for_parsing or "(?!)")
        self._transform = metadata.national_prefix_transform_rule
        self._lengths = general.possible_length
        self._local = general.possible_length_local_only
        kinds = [kind for kind in KINDS if kind != "mobile" or not metadata.same_mobile_and_fixed_line_pattern]
        described = [one for kind in kinds if (one := getattr(metadata, kind)) is not None]
        self._by_length = {count: _kinds_of(count, described, general) for count in self._lengths}
        self._choice = _choice(_Format(one) for one in metadata.number_format)
        dialled = (metadata.international_prefix, metadata.national_prefix_for_parsing, self.code)
        self.dialled = "".join(sign for sign in _DIGITS if any(_may_begin(each, sign) for each in dialled))
        """First digits of numbers that may have something to be stripped."""

    def is_too_long(self, count: int) -> bool:
        """Whether so many digits are more than any number has, and not dialled locally."""
        return count > self._lengths[-1] and count not in self._local

    def may_stand_alone(self, count: int) -> bool:
        """Whether so many digits, left when a prefix is stripped, are taken for the number."""
        return count not in self._local and (count in self._lengths or count > self._lengths[-1])

    def strip(self, digits: str) -> Stripped:
        """Strip the prefix that is dialled within the country, and a carrier's code."""
        found = self._prefix.match(digits)
        if found is None:
            return Stripped(digits, has_prefix=False)
        if self._transform and found.groups()[-1] is not None:
            rest = self._prefix.sub(self._transform, digits, count=1)
        else:
            rest = digits[found.end() :]
        if self._general.fullmatch(digits) and not self._general.fullmatch(rest):
            return Stripped(digits, has_prefix=False)
        return Stripped(rest, has_prefix=True)

    def is_general(self, digits: str) -> bool:
        """Whether the digits match the plan's general description."""
        return self._general.fullmatch(digits) is not None

    def knows(self, digits: str) -> bool:
        """Whether the digits, without prefix, are a number of any kind."""
        pattern = self._by_length.get(len(digits))
        return pattern is not None and pattern.fullmatch(digits) is not None

    def needs_prefix(self, digits: str) -> bool:
        """Whether the digits, a number, are not written without the prefix that is dialled within the country."""
        found = self._choice.match(digits)
        return found is not None and found.lastgroup is not None


def _may_begin(pattern: str | None, sign: str) -> bool:
    return pattern is not None and regex.match(pattern, sign, partial=True) is not None


def _kinds_of(count: int, described: Iterable[Any], general: Any) -> re.Pattern[str]:  # noqa: ANN401 - see above
    """Return a pattern of the numbers of any kind that have so many digits."""
    kinds = dict.fromkeys(
        f"(?:{each.national_number_pattern})"
        for each in described
        if each.national_number_pattern and (not each.possible_length or count in each.possible_length)
    )
    return re.compile(f"(?=(?:{general.national_number_pattern})\\Z)(?:{'|'.join(kinds)})" if kinds else "(?!)")


class _Format:
    """How numbers are written that begin in one way."""

    def __init__(self, one: Any) -> None:  # noqa: ANN401 - phonenumbers has types for few of its parts
        leading = one.leading_digits_pattern[-1] if one.leading_digits_pattern else ""
        self.pattern = f"(?={leading})(?:{one.pattern})\\Z"
        rule = one.national_prefix_formatting_rule
        self.needs_prefix = bool(
            rule and not one.national_prefix_optional_when_formatting and not _FIRST_GROUP_ONLY.fullmatch(rule)
        )


def _choice(formats: Iterable[_Format]) -> re.Pattern[str]:
    """Return a pattern that the first fitting format matches, in a named group when it needs the prefix."""
    written = [
        f"(?P<needs{number}>{each.pattern})" if each.needs_prefix else f"(?:{each.pattern})"
        for number, each in enumerate(formats)
    ]
    return re.compile("|".join(written) or "(?!)")


class _Calling:
    """The plans of all regions with one calling code."""

    def __init__(self, code: int, regions: Iterable[str]) -> None:
        plans = [_plan_of(region, code) for region in regions]
        self.main = plans[0]
        """The plan by which a number with this code is read."""
        self._only = plans[0] if len(plans) == 1 else None
        # Where several share a code, the first counts that knows the number or whose leading digits it has.
        self._steps = list(_steps(plan for plan in plans if plan is not None))

    def knows(self, digits: str) -> bool:
        """Whether the digits are a number of the region, of all with this code, to which they belong."""
        if self._only is not None:
            return self._only.knows(digits)
        for leading, plans in self._steps:
            if leading is None:
                if plans[0].knows(digits):
                    return True
            elif (found := leading.match(digits)) is not None:
                return plans[(found.lastindex or 1) - 1].knows(digits)
        return False


def _steps(plans: Iterable[Plan]) -> Iterator[tuple[re.Pattern[str] | None, list[Plan]]]:
    for has_leading, group in groupby(plans, key=lambda plan: plan.leading is not None):
        together = list(group)
        if has_leading:
            yield re.compile("|".join(f"({plan.leading})" for plan in together)), together
        else:
            yield from ((None, [plan]) for plan in together)


def _plan_of(region: str, code: int) -> Plan | None:
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    return None if metadata is None or metadata.general_desc is None else Plan(metadata)


@cache
def _calling(code: int) -> _Calling | None:
    """Return the plans of one calling code; None for a number that is none."""
    regions = COUNTRY_CODE_TO_REGION_CODE.get(code)
    return None if regions is None else _Calling(code, regions)


@cache
def _callings() -> dict[str, _Calling]:
    """Return all of the world, which takes half a second: not while a text waits.

    They are made at the first number that begins with a `+`, as there is one in what a server is warmed with: a
    command that only reads a policy asks for none.
    """
    return {str(code): made for code in COUNTRY_CODE_TO_REGION_CODE if (made := _calling(code)) is not None}


def _split_code(digits: str) -> tuple[_Calling, str] | None:
    """Return the calling code with which digits begin, and those after it."""
    if digits.startswith("0"):
        return None
    for count in range(1, _CODE_DIGITS + 1):
        calling = _callings().get(digits[:count])
        if calling is not None:
            return calling, digits[count:]
    return None


class Region:
    """What is a number in one region, dialled there. Immutable."""

    def __init__(self, name: str) -> None:
        """`name`: one of `phonenumbers.SUPPORTED_REGIONS`. Raises ValueError for another."""
        metadata = PhoneMetadata.metadata_for_region(name)
        code = 0 if metadata is None else metadata.country_code or 0
        plan, calling = _plan_of(name, code), _calling(code)
        if plan is None or calling is None:
            raise ValueError(f"{name} has no numbering plan")
        self._plan, self._calling = plan, calling

    def has_number(self, digits: str, written: str = "", *, has_plus: bool = False) -> bool:
        """Whether ASCII digits, four or more, are a valid number as it is usually written.

        `written` has all digits of the text, those of an extension, too, if there is one. As phonenumbers' matcher
        decides at leniency VALID.
        """
        written = written or digits
        if has_plus and (coded := _split_code(digits)) is not None:
            return _is_number(*coded)
        plan = self._plan
        if not has_plus and digits[0] not in plan.dialled:
            return self._has_bare(digits, written)
        found = plan.abroad.match(digits)
        if found is not None and not digits.startswith("0", found.end()):
            rest = digits[found.end() :]
            coded = _split_code(rest) if len(rest) > _LEAST else None
            return coded is not None and _is_number(*coded)
        if digits.startswith(plan.code):
            rest = plan.strip(digits[len(plan.code) :]).digits
            if plan.is_too_long(len(digits)) or (plan.is_general(rest) and not plan.is_general(digits)):
                return _is_number(self._calling, rest)
        return not has_plus and self._has_national(digits, written)

    def _has_bare(self, digits: str, written: str) -> bool:
        """Whether digits of which nothing is stripped are a number."""
        calling = self._calling
        if len(digits) > _MOST or not calling.knows(digits):
            return False
        main = calling.main
        if main is None or not main.needs_prefix(digits):
            return True
        return written[0] in main.dialled and main.strip(written).has_prefix

    def _has_national(self, digits: str, written: str) -> bool:
        rest = self._plan.strip(digits).digits
        number = rest if self._plan.may_stand_alone(len(rest)) else digits
        calling = self._calling
        if not _LEAST <= len(number) <= _MOST or not calling.knows(number):
            return False
        main = calling.main
        return main is None or not main.needs_prefix(number) or main.strip(written).has_prefix


def _is_number(calling: _Calling, digits: str) -> bool:
    """Whether digits that stand after a calling code are a number of one of its regions."""
    if len(digits) < _LEAST or calling.main is None:
        return False
    rest = calling.main.strip(digits).digits
    number = rest if calling.main.may_stand_alone(len(rest)) else digits
    return _LEAST <= len(number) <= _MOST and calling.knows(number)


class Regions:
    """Some regions, of each of which it is asked whether digits are a number there. Immutable."""

    def __init__(self, names: Iterable[str]) -> None:
        self.screen = RegionScreen(names)
        self._regions = {name: Region(name) for name in self.screen.regions}

    def with_number(self, digits: str, written: str = "", *, has_plus: bool = False) -> frozenset[str]:
        """Return the regions in which ASCII digits, four or more, are a valid number: `Region.has_number`."""
        if has_plus and (coded := _split_code(digits)) is not None:
            return self.screen.regions if _is_number(*coded) else frozenset()
        likely = self.screen.regions if has_plus else self.screen.possible(digits)
        return self.among(likely, digits, written, has_plus=has_plus)

    def likely(self, digits: str) -> frozenset[str]:
        """Return the regions in which ASCII digits without a plus may be a number, nearly always none."""
        return self.screen.possible(digits)

    def among(
        self, likely: frozenset[str], digits: str, written: str = "", *, has_plus: bool = False
    ) -> frozenset[str]:
        """Return those in which they are one."""
        if not likely:
            return likely
        known = self._regions
        return frozenset([name for name in likely if known[name].has_number(digits, written, has_plus=has_plus)])

    def one_with_number(self, digits: str) -> str | None:
        """Return a region in which ASCII digits without a plus, four or more, are a valid number; None for none."""
        known = self._regions
        return next((name for name in self.screen.possible(digits) if known[name].has_number(digits)), None)
