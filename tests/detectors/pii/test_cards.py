"""Payment cards of every issuer, in any grouping, and what looks like one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.pii.cards import PREFIXES, CardRecognizer
from detectors.pii.checksums import is_luhn
from tests.support.detectors import Feed, built, check_cuts, fed, found_texts, spans
from tests.support.scale import examples

REFINED = built("presidio", {"entities": ["CREDIT_CARD"], "refined": True})
PLAIN = built("presidio", {"entities": ["CREDIT_CARD"]})

ISSUERS = {
    "Visa": "4111111111111111",
    "Visa of 13": "4222222222222",
    "Visa of 19": "4000000000000000006",
    "Mastercard": "5555555555554444",
    "Mastercard 2": "2223003122003222",
    "Mastercard 2, last": "2720999999999996",
    "American Express": "378282246310005",
    "Diners": "30569309025904",
    "Diners 36": "36227206271667",
    "Discover": "6011111111111117",
    "JCB": "3530111333300000",
    "UnionPay": "6200000000000005",
    "UnionPay of 19": "6205500000000000004",
    "UnionPay 81": "8171999927660000",
    "Maestro": "6759649826438453",
    "Maestro 50": "5018000000000009",
    "Maestro 56": "5612345678901235",
    "Mir": "2200000000000004",
    "Troy": "9792030000000000",
    "RuPay": "6521111111111117",
    "Hipercard": "6062826786276634",
    "Uzcard": "8600123412341238",
    "UATP": "135410014004955",
    "Dankort": "5019717010103742",
}


def _numbers() -> dict[str, str]:
    """The numbers with their last digit made right."""
    found = {}
    for name, digits in ISSUERS.items():
        ends = (f"{digits[:-1]}{last}" for last in range(10))
        found[name] = next(number for number in ends if is_luhn(number))
    return found


NUMBERS = _numbers()


def _grouped(digits: str, sizes: tuple[int, ...], separator: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(digits[at : at + size])
        at += size
    return separator.join(part for part in (*parts, digits[at:]) if part)


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
@pytest.mark.parametrize("separator", ["", " ", "-", ".", "\u00a0", "\u2011"])
@pytest.mark.parametrize("sizes", [(4, 4, 4, 4), (4, 6), (6,), (4, 3, 3), (2,) * 8])
def test_every_issuer_is_found_in_any_grouping(number: str, separator: str, sizes: tuple[int, ...]) -> None:
    """And with another last digit it is not."""
    written = _grouped(number, sizes, separator)
    assert found_texts(REFINED, f"card {written}, thanks") == [("CREDIT_CARD", written)]
    wrong = written[:-1] + str((int(written[-1]) + 1) % 10)
    assert ("CREDIT_CARD", wrong) not in found_texts(REFINED, f"card {wrong}, thanks")


@pytest.mark.parametrize(
    "text",
    [
        "353011133330000",  # a digit is missing
        "490154203237518",  # an IMEI
        "9780306406157999",  # no issuer begins so
        "3.4111111111111111",  # a decimal
        "4111111111111111.50",
        "x4111111111111111",
        "4111111111111111a",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",  # a list of numbers
        "4111.1111 1111-1111",  # decimals beside one another
        "0000000000000000",
        "4444444444444444448",
    ],
)
def test_near_misses(text: str) -> None:
    """Part of something else, or grouped as numbers in a table are."""
    assert found_texts(REFINED, f"see {text} there") == []


def test_what_follows_a_card_or_stands_before_it_does_not_hide_it() -> None:
    """An expiry date, a code, a year."""
    card = "4111 1111 1111 1111"
    for text in (f"{card} 12/26 123", f"{card} 123", f"2024 {card}", f"{card} {card}", f"({card})", f"{card}."):
        assert set(found_texts(REFINED, text)) == {("CREDIT_CARD", card)}


PIECES = (
    "4",
    "41",
    "4111",
    "1111",
    "5555",
    "2223",
    "0",
    "00",
    "6",
    "3782",
    " ",
    "-",
    ".",
    "\u00a0",
    "a",
    ",",
    *NUMBERS.values(),
)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.integers(0, 2**32))
def test_findings_are_the_same_for_every_cut(text: str, seed: int) -> None:
    """Whole, in single characters and cut at random."""
    check_cuts(REFINED, text, seed)


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
def test_no_digit_of_a_card_is_released_before_it_is_found(number: str) -> None:
    """In deltas of one character."""
    feed = Feed(REFINED)
    text = f"pay with {number}, yes"
    start = text.index(number)
    for char in text:
        feed.feed(char)
        assert feed.watermark <= start or any(found.start == start for found in feed.findings)


def test_what_presidio_finds_of_an_issuer_is_found() -> None:
    """Of random numbers with a right check digit."""
    rng = random.Random(5)
    seen = 0
    for number in NUMBERS.values():
        for _ in range(60):
            digits = number[:6] + "".join(rng.choices("0123456789", k=len(number) - 6))
            text = _grouped(digits, rng.choice(((4, 4, 4, 4), (4, 6), (16,))), rng.choice("- "))
            theirs = {found[:2] for found in spans(fed(PLAIN, text).findings)}
            seen += len(theirs)
            assert theirs <= {found[:2] for found in spans(fed(REFINED, text).findings)}, text
    assert seen > 50


def test_the_check_digit() -> None:
    """In digits of any script; one digit again and again is no number, whatever its check digit."""
    judged = CardRecognizer().validate_result
    assert judged("4111 1111 1111 1111")
    assert judged("\uff14\uff11\uff11\uff11" + "\uff11" * 12)
    assert not judged("4111 1111 1111 1112")
    assert is_luhn("0000000000000000")
    assert not judged("0000000000000000")
    assert min(PREFIXES) == 13
    assert max(PREFIXES) == 19
