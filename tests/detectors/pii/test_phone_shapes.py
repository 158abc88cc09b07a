"""A text without any of the shapes holds no phone number."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectors.pii.phone_shapes import MIN_DIGITS, finds, least_digits
from detectors.pii.presidio import DEFAULT_PHONE_REGIONS
from detectors.prefilter import PatternSet
from tests.detectors.pii.test_phone import PIECES
from tests.support.pii import presidio_spans
from tests.support.scale import examples

SHAPES = PatternSet(finds(DEFAULT_PHONE_REGIONS))
SHORT_REGIONS = ("DE", "AT", "NF", "SM", "FI", "AX", "AU", "CX", "IT", "VA", "SH", "TA", "SJ", "JE")
"""Some have a plan of their own, some share a calling code with others whose numbers are shorter."""


@given(st.lists(st.sampled_from((*PIECES, "16", "49", "40", "1", "164", "089")), max_size=8).map("".join))
@settings(max_examples=examples(600), deadline=None)
def test_every_number_is_found_by_a_shape(text: str) -> None:
    """Short ones too, with extensions, letters and digits of other scripts."""
    assert SHAPES.found_in(text) or not presidio_spans(text, "PHONE_NUMBER")


def is_valid(digits: str, region: str) -> bool:
    """What phonenumbers says."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, region))
    except phonenumbers.NumberParseException:
        return False


@pytest.mark.parametrize("region", SHORT_REGIONS)
@given(st.text("0123456789", min_size=MIN_DIGITS, max_size=6))
@example("16300")
@example("066980")
@example("010000")
@example("8000")
@example("20000")
@example("019100")
@settings(max_examples=examples(100), deadline=None)
def test_short_numbers_have_a_shape(region: str, digits: str) -> None:
    """What phonenumbers calls valid in a region with short numbers ends with one of the region's shapes."""
    if is_valid(digits, region):
        assert len(digits) >= least_digits(region)
        assert PatternSet(finds([region])).found_in(digits)


@pytest.mark.parametrize(
    "text", ["in 1984", "of 2,048", "12 of 30", "pages 12-14", "[3]", "10:30", "1. x 2. y", "3.5"]
)
def test_ordinary_numbers_have_none(text: str) -> None:
    """Years, counts, pages and times."""
    assert SHAPES.found_in(text) == []
