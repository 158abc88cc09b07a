"""Phone numbers of every country after a word that announces one."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from tests.support.detectors import Feed, built, check_cuts, fed, found_texts, spans
from tests.support.scale import examples

REFINED = built("presidio", {"entities": ["PHONE_NUMBER"], "refined": True})
PLAIN = built("presidio", {"entities": ["PHONE_NUMBER"]})


def test_numbers_of_every_country_are_found_after_a_word_for_one() -> None:
    """In national form, as it is written there and bare, and with the country code; with `+` without the word."""
    missed: list[str] = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        number = phonenumbers.example_number(region)
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        bare = phonenumbers.national_significant_number(number)
        abroad = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        for text in (f"call {national} now", f"Tel.: {bare}.", f"my mobile is {number.country_code}{bare}."):
            missed += [region] * (len(bare) >= 7 and not fed(REFINED, text).findings)
        assert fed(REFINED, f"it is {abroad} now").findings, region
    assert missed == ["SM"]  # which has no prefix of its own, and Italy's written before


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Can someone call me on 99 702542?", "99 702542"),
        ("call me at 0477 99 13 51, please", "0477 99 13 51"),
        ("WhatsApp: 491701234567", "491701234567"),
        ("Rufen Sie mich an, Handy 0151 23456789!", "0151 23456789"),
        ("mon téléphone : 01 23 45 67 89", "01 23 45 67 89"),
    ],
)
def test_words_of_several_languages(text: str, number: str) -> None:
    """What stands between the word and the number is no part of it."""
    assert ("PHONE_NUMBER", number) in found_texts(REFINED, text)


@pytest.mark.parametrize(
    "text",
    [
        "order 99 702542 has left",
        "call 12/10/2024",
        "call on 2024-03-09",
        "call 911",
        "I had to call. 99 702542 parts were missing.",
        "call\n99702542",
        "call me when more than twenty-four letters have gone by 99 702542",
        "they called 99702542x",
        "a recall of 99702542",
    ],
)
def test_near_misses(text: str) -> None:
    """No word before it, a date, too short, another sentence, too far away."""
    assert found_texts(REFINED, text) == []


PIECES = (
    "call ",
    "tel",
    ".",
    ": ",
    "me ",
    "phone",
    " ",
    "99",
    "702542",
    "0477",
    "-",
    "12/10/2024",
    "+",
    "\n",
    "x",
    "!",
    "1",
    "on ",
)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.integers(0, 2**32))
def test_findings_are_the_same_for_every_cut(text: str, seed: int) -> None:
    """The word may be long released when the number comes."""
    whole = check_cuts(REFINED, text, seed)
    found = [(start, end) for start, end, *_ in whole]
    for start, end, *_ in spans(fed(PLAIN, text).findings):
        assert any(low <= start and end <= high for low, high in found)


def test_words_are_not_held() -> None:
    """A word for a phone holds nothing; the number after it is held from its first digit."""
    feed = Feed(REFINED)
    feed.feed("call me on")
    assert feed.watermark == len("call me on")
    feed.feed(" 99 70")
    assert feed.watermark == len("call me on ")
