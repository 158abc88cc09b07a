"""Numbered placeholders and the ways in which models write them."""

import pytest
import re2

from policies.placeholders import (
    FIRST_NUMBERS,
    MAX_DIGITS,
    canonical,
    first_number,
    label_of,
    pattern_of,
    placeholder,
)
from policies.substitutes import MAX_SUBSTITUTES

WAYS = (
    "<EMAIL_ADDRESS_1>",
    "<email_address_1>",
    "<Email Address 1>",
    "<EMAIL-ADDRESS-1>",
    r"<EMAIL\_ADDRESS\_1>",
    r"\<EMAIL_ADDRESS_1\>",
    "< EMAIL_ADDRESS_1 >",
    "&lt;EMAIL_ADDRESS_1&gt;",
    "EMAIL_ADDRESS_1",
    r"EMAIL\_ADDRESS\_1",
)
OTHERS = ("email address 1", "email_address_1", "MY_EMAIL_ADDRESS_1", "EMAIL_ADDRESS_", "<EMAIL_ADDRESS>", "<p>")


@pytest.mark.parametrize("text", WAYS)
def test_ways_of_writing(text: str) -> None:
    """Each way is found whole, and leads to the one placeholder."""
    found = re2.search(pattern_of("EMAIL_ADDRESS"), f"to {text}, please")
    assert found is not None
    assert found[0] == text
    assert canonical(text) == "<EMAIL_ADDRESS_1>"


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_none(text: str) -> None:
    """Ordinary words, longer names and other tags are not placeholders."""
    assert re2.search(pattern_of("EMAIL_ADDRESS"), f"to {text}, please") is None


def test_first_numbers_leave_room() -> None:
    """Each request has its own, always the same, and its last value still has a number that is found."""
    numbers = {first_number(f"req_{number}") for number in range(100)}
    assert len(numbers) > 95
    assert first_number("req_1") in numbers
    assert len(str(FIRST_NUMBERS + MAX_SUBSTITUTES)) <= MAX_DIGITS


def test_labels() -> None:
    """Any category has a label of plain characters."""
    assert [label_of(c) for c in ("EMAIL_ADDRESS", "api-key.v2", "--")] == ["EMAIL_ADDRESS", "API_KEY_V2", "VALUE"]
    assert placeholder("A", 7) == "<A_7>"
