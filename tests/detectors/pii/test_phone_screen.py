"""No region in which phonenumbers finds a number is left out."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberMatcher, PhoneNumberType

from detectors.automaton import HoldAutomaton
from detectors.pii import phone
from detectors.pii.phone_parts import parts, read
from detectors.pii.phone_screen import RegionScreen
from detectors.pii.presidio import DEFAULT_PHONE_REGIONS
from tests.support.scale import examples

EVERYWHERE = RegionScreen(sorted(phonenumbers.SUPPORTED_REGIONS))
TAIL = HoldAutomaton([phone._TAIL], 200)
USUAL = RegionScreen(DEFAULT_PHONE_REGIONS)
TYPES = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE, PhoneNumberType.UAN)


def _examples(region: str) -> list[str]:
    numbers = (phonenumbers.example_number_for_type(region, kind) for kind in TYPES)
    return [
        written
        for number in numbers
        if number is not None
        for written in (
            phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
            phonenumbers.national_significant_number(number),
            f"{number.country_code} {phonenumbers.national_significant_number(number)}",
            phonenumbers.format_out_of_country_calling_number(number, "GB"),
        )
    ]


def possible_in(text: str, screen: RegionScreen) -> frozenset[str]:
    """Return the regions in which some part of a candidate may be a number."""
    candidates = phone._Candidates(text, TAIL, final=True)
    found: set[str] = set()
    start = 0
    while (candidate := candidates.after(start)) is not None:
        start = candidate.end
        for part in parts(text, candidate.start, candidate.end):
            dialled = read(text, *part)
            found |= screen.possible(dialled.digits) if dialled else frozenset()
    return frozenset(found)


def _finds(text: str, region: str) -> bool:
    return any(PhoneNumberMatcher(text, region, leniency=1))


def test_numbers_of_every_region_are_possible_there() -> None:
    """In national form, bare, with the country code, and as they are dialled from abroad."""
    seen = 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for text in _examples(region):
            if _finds(text, region):
                seen += 1
                assert region in possible_in(text, EVERYWHERE), (region, text)
    assert seen > 1_500


@settings(max_examples=examples(500), deadline=None)
@given(
    st.lists(st.sampled_from((*"0123456789", " ", "-", ".", "/", " (", ") ", "00", "011", "1 212", "٣", "x"))).map(
        "".join
    )
)
def test_where_a_number_is_found_it_was_possible(text: str) -> None:
    """Digits in blocks of any length: the usual regions, each for itself."""
    possible = possible_in(text, USUAL)
    assert [region for region in DEFAULT_PHONE_REGIONS if region not in possible and _finds(text, region)] == []


@pytest.mark.parametrize(
    ("digits", "regions"),
    [
        ("4111111111111111", set()),
        ("2024", set()),
        ("2125550142", {"BR", "CA", "DE", "IN", "US"}),
        ("1" * 41, set()),
    ],
)
def test_most_regions_are_ruled_out(digits: str, regions: set[str]) -> None:
    """Which saves asking for each of them."""
    assert USUAL.possible(digits) == regions
