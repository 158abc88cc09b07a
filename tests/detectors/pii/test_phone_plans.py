"""What digits are: phonenumbers' own answer, in every region."""

from __future__ import annotations

import random
import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumberType
from phonenumbers import phonenumbermatcher as upstream

from detectors.pii.phone_plans import Region, Regions
from detectors.pii.presidio import DEFAULT_PHONE_REGIONS
from tests.support.scale import examples

EVERYWHERE = sorted(phonenumbers.SUPPORTED_REGIONS)
TYPES = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]
PREFIXES = (
    "",
    "",
    "",
    "",
    "0",
    "1",
    "00",
    "011",
    "8",
    "9",
    "90",
    "0011",
    "810",
    "180020",
    "015",
    "44",
    "1",
    "55",
    "7",
)


def is_number(digits: str, region: str, *, has_plus: bool = False) -> bool:
    """Return what phonenumbers' matcher would say of a candidate."""
    try:
        number = phonenumbers.parse("+" * has_plus + digits, region, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return False
    return bool(upstream._verify(upstream.Leniency.VALID, number, digits, None))


def nearly_numbers(rng: random.Random, region: str) -> list[str]:
    """Return digits of numbers of each kind, some changed, after prefixes that are dialled there or elsewhere."""
    metadata = PhoneMetadata.metadata_for_region(region)
    assert metadata is not None
    own = [metadata.national_prefix or "", str(metadata.country_code), f"00{metadata.country_code}"]
    found = []
    for kind in TYPES:
        example = phonenumbers.example_number_for_type(region, kind)
        if example is not None:
            digits = list(phonenumbers.national_significant_number(example))
            for _ in range(rng.choice((0, 0, 0, 1, 2))):
                digits[rng.randrange(len(digits))] = rng.choice("0123456789")
            digits += rng.choice(("", "", "", "", "7"))
            found.append(rng.choice(("", "", *own)) + rng.choice(("", "", *own, *PREFIXES)) + "".join(digits))
    return [digits for digits in found if len(digits) >= 4]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_a_number_is_what_phonenumbers_says_in_every_region(seed: int) -> None:
    """Numbers of every kind and region, changed and prefixed: 0 differences, and most of them are numbers."""
    rng = random.Random(seed)
    said: list[bool] = []
    for name in EVERYWHERE:
        region = Region(name)
        for digits in nearly_numbers(rng, name):
            for has_plus in (False, True):
                expected = is_number(digits, name, has_plus=has_plus)
                assert region.has_number(digits, has_plus=has_plus) is expected, (name, digits, has_plus)
                said.append(expected)
    assert said.count(True) > 400
    assert said.count(False) > 400


@settings(max_examples=examples(500), deadline=None)
@given(
    st.sampled_from(PREFIXES),
    st.text("0123456789", min_size=4, max_size=24),
    st.sampled_from(EVERYWHERE),
    st.booleans(),
)
def test_any_digits_are_judged_as_by_phonenumbers(prefix: str, digits: str, name: str, has_plus: bool) -> None:
    """Digits of any length, in any region."""
    said = Region(name).has_number(prefix + digits, has_plus=has_plus)
    assert said is is_number(prefix + digits, name, has_plus=has_plus)


def test_regions_are_asked_together() -> None:
    """All of them at once give what each gives; a plus and a code that exists make them agree."""
    usual, rng = Regions(DEFAULT_PHONE_REGIONS), random.Random(1)
    for name in DEFAULT_PHONE_REGIONS:
        for digits in nearly_numbers(rng, name):
            for has_plus in (False, True):
                expected = {each for each in DEFAULT_PHONE_REGIONS if is_number(digits, each, has_plus=has_plus)}
                assert usual.with_number(digits, has_plus=has_plus) == expected
                one = usual.one_with_number(digits)
                assert has_plus or usual.among(usual.likely(digits), digits) == expected
                assert has_plus or (one in expected if expected else one is None)
    assert usual.with_number("442079460958", has_plus=True) == set(DEFAULT_PHONE_REGIONS)
    assert usual.with_number("00442079460958", has_plus=True) == {"BR", "DE", "FR", "GB", "IL", "IN"} & {
        each for each in DEFAULT_PHONE_REGIONS if is_number("00442079460958", each, has_plus=True)
    }


def test_a_region_without_plan_is_refused() -> None:
    """As the name of no region."""
    with pytest.raises(ValueError, match="ZZ has no numbering plan"):
        Region("ZZ")


def test_patterns_of_plans_have_no_groups_of_their_own() -> None:
    """Which groups tell apart when they are joined to one."""
    for name in EVERYWHERE:
        metadata = PhoneMetadata.metadata_for_region(name)
        assert metadata is not None
        assert re.compile(metadata.leading_digits or "").groups == 0
        assert re.compile(metadata.national_prefix_for_parsing or "").groups or not (
            metadata.national_prefix_transform_rule
        )
