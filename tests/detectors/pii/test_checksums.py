"""Checks of digits: right values of documentation, and every single wrong digit."""

from __future__ import annotations

import pytest

from detectors.pii.checksums import CHECKSUMS

RIGHT = [
    ("luhn", "4111 1111 1111 1111"),
    ("luhn", "79927398713"),
    ("iban", "GB82 WEST 1234 5698 7654 32"),
    ("mod-97", "5493001KJTIIGC8Y1R12"),
    ("mod-11", "0-306-40615-2"),
    ("mod-11", "0-8044-2957-X"),
    ("verhoeff", "2363"),
    ("verhoeff", "123451"),
]


@pytest.mark.parametrize(("name", "value"), RIGHT)
def test_a_right_value_passes_and_no_wrong_digit_does(name: str, value: str) -> None:
    """One digit that is another one is always seen."""
    check = CHECKSUMS[name]
    assert check(value)
    wrong = [
        value[:place] + other + value[place + 1 :]
        for place, char in enumerate(value)
        if char.isdigit()
        for other in "0123456789"
        if other != char
    ]
    assert not any(map(check, wrong))


@pytest.mark.parametrize("name", CHECKSUMS)
@pytest.mark.parametrize("value", ["", "-", "1", "X", "x1!", "\u0663\u0663", "12345678901234567 a?"])
def test_what_is_no_number_does_not_pass(name: str, value: str) -> None:
    """Nothing, a sign, too little, and digits of other scripts."""
    assert not CHECKSUMS[name](value)
