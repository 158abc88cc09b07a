"""Phone numbers: the spans of phonenumbers' own matcher, from pieces, and cheaply."""

from __future__ import annotations

import random
from typing import Any

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.pii import phone
from detectors.pii.phone import MAX_CANDIDATE_CHARS, MAX_GAP_CHARS, MAX_SPAN, MIN_DIGITS
from tests.support.detectors import Feed, built, fed, fed_in_deltas, found_texts, spans
from tests.support.pii import presidio_spans
from tests.support.scale import examples

PHONE = built("presidio", {"entities": ["PHONE_NUMBER"]})
PIECES = (
    *"0123456789", *"0123456789", "-", " ", "  ", ".", "/", "(", ")", "+", "+1 ", "+49", "00", "x", " x", "ext",
    " ext. ", "extension ", "#", ";ext=", "int", "~", "212", "555-0123", "(212) ", "030 123456", "020 7946 0958",
    "/x", ":30", "2012-01-02 08", "3/10/2011", "a", "é", "\u0301", "%", "€", ",", "\t", "\n", "\u00a0", "٣", "＋",
    "доб", "\u2060",
)  # fmt: skip


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.data())
def test_spans_are_those_of_presidio_for_every_cut(text: str, data: st.DataObject) -> None:
    """Digits, punctuation, extensions and letters in any order, whole and cut."""
    expected = presidio_spans(text, "PHONE_NUMBER")
    assert spans(fed(PHONE, text).findings) == expected
    assert spans(fed_in_deltas(PHONE, text, 1, end_apart=True).findings) == expected
    cut = data.draw(st.integers(0, len(text)))
    assert spans(fed(PHONE, text, [cut]).findings) == expected


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("we met", ""),
        ("in 2024", "2024"),
        ("in 2024 ", "2024 "),
        ("in 2024 and", ""),
        ("in 2024.", "2024."),
        ("in 2024 e", "2024 e"),
        ("in 2024 ex", "2024 ex"),
        ("in 2024 exa", ""),
        ("at 2012-01-02 08:", "2012-01-02 08:"),
        ("a (", "("),
        ("a (b", ""),
        ("a ((+", "((+"),
        ("212-555-0123 extension", "212-555-0123 extension"),
        ("212-555-0123, 4", "4"),
    ],
)
def test_the_hold_is_the_candidate_that_may_go_on(text: str, held: str) -> None:
    """Text is held from the first candidate that is not complete, and nothing else is."""
    feed = Feed(PHONE)
    feed.feed(text)
    assert text[feed.watermark :] == held


def test_a_number_is_released_as_soon_as_it_is_decided() -> None:
    """The letter after it decides; the finding comes with it."""
    feed = Feed(PHONE)
    feed.feed("212-555-0123 o")
    assert [(f.start, f.end) for f in feed.findings] == [(0, 12)]
    assert feed.watermark == len("212-555-0123 o")


def test_white_space_before_an_extension_has_a_limit() -> None:
    """Up to the limit the extension belongs to the number; past it the number stands alone, for every cut."""
    near = "212-555-0123" + " " * MAX_GAP_CHARS + "ext 12."
    far = "212-555-0123" + " " * (MAX_GAP_CHARS + 1) + "ext 12."
    assert found_texts(PHONE, near) == [("PHONE_NUMBER", near[:-1])]
    assert found_texts(PHONE, far) == [("PHONE_NUMBER", "212-555-0123")]
    for text in (near, far):
        assert spans(fed_in_deltas(PHONE, text, 1).findings) == spans(fed(PHONE, text).findings)


def test_long_lists_of_bare_numbers_are_judged_alike_for_every_cut() -> None:
    """Regions disagree about where a number ends; what is held stays bounded and the findings stay the same."""
    rng = random.Random(3)
    for _ in range(6):
        text = "".join(rng.choice("0123456789012345678901234567890123456789 -./") for _ in range(900))
        whole = spans(fed(PHONE, text).findings)
        feed = fed_in_deltas(PHONE, text, 5)
        assert spans(feed.findings) == whole
        assert max(feed.held_chars) <= MAX_SPAN


def test_no_region_has_a_number_shorter_than_the_screen() -> None:
    """The fewest digits that are looked at are the fewest that any region in the world allows."""
    for region in phonenumbers.SUPPORTED_REGIONS:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
        assert metadata is not None
        assert metadata.general_desc is not None
        assert min(metadata.general_desc.possible_length) >= MIN_DIGITS
    for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS:
        metadata = phonenumbers.PhoneMetadata.metadata_for_nongeo_region(code)
        assert metadata is not None
        assert metadata.general_desc is not None
        assert min(metadata.general_desc.possible_length) >= MIN_DIGITS


def test_no_candidate_is_longer_than_its_limit() -> None:
    """The longest text that the candidate pattern can take, gaps at their limit."""
    gap = " " * MAX_GAP_CHARS
    longest = "(----(----" + "1" * 20 + ("----" + "1" * 20) * 20 + gap + "extensión:" + gap + "1" * 20 + "#"
    found = phone._CANDIDATE.fullmatch(longest)
    assert found is not None
    assert len(longest) <= MAX_CANDIDATE_CHARS


def test_text_without_digits_never_reaches_the_matcher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words cost nothing: phonenumbers is not asked."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the matcher was asked")

    monkeypatch.setattr(phone, "_Matcher", refuse)
    assert fed_in_deltas(PHONE, "call me (not now) + tell them, 12 of 100 know").findings == []
