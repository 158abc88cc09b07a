"""Phone numbers: the spans of phonenumbers' own matcher, from pieces, and cheaply."""

from __future__ import annotations

import random
from typing import Any

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from detectors.pii import phone
from detectors.pii.phone import MAX_CANDIDATE_CHARS, MAX_GAP_CHARS, MAX_SPAN, PhoneScanner
from detectors.pii.phone_shapes import MIN_DIGITS
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


ELSEWHERE = (("IT",), ("VA", "SM"), ("AX", "SH"), ("AU", "CX"), ("AR", "MX"), ("AT", "NF"), ("JE", "TA"))
SHORT = ("066980", "010000", "019100", "8000", "20000", "16300", "016300", "0549", "15", "9 11", "1 100")


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(st.sampled_from((*PIECES, *SHORT)), max_size=12).map("".join), st.sampled_from(ELSEWHERE))
@example("at 066980 now", ("IT",))
def test_spans_are_those_of_presidio_in_other_regions(text: str, regions: tuple[str, ...]) -> None:
    """Where numbers are short, are changed before they are judged, or are those of a region with the same code."""
    detector = built("presidio", {"entities": ["PHONE_NUMBER"], "phone_regions": list(regions)})
    found = PhoneRecognizer(supported_regions=regions).analyze(text, ["PHONE_NUMBER"])
    expected = sorted((one.start, one.end, one.entity_type, one.score) for one in found)
    assert spans(fed(detector, text).findings) == expected
    assert spans(fed_in_deltas(detector, text, 1, end_apart=True).findings) == expected


@settings(max_examples=examples(400), deadline=None)
@given(
    st.lists(
        st.sampled_from(("-", "--", "212", "555", "0142", "030", "49", "1", "2", "5 ", "-x", "a", " ", "2024")),
        max_size=12,
    ).map("".join),
    st.sampled_from((("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR"), ("DE",), ("AR", "MX", "IT"))),
)
def test_what_has_no_parts_is_judged_as_what_has_some(text: str, regions: tuple[str, ...]) -> None:
    """Digits with dashes between them are asked whether any region knows them; it is found where parts would be."""
    scanner = PhoneScanner("PHONE_NUMBER", PhoneRecognizer(supported_regions=regions))
    for start, final in ((0, True), (0, False), (min(1, len(text)), True)):
        short = scanner.scan(text, start, final=final)
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(phone, "is_one", lambda *_: False)
            assert short == scanner.scan(text, start, final=final)


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


def test_text_without_digits_is_read_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words cost nothing, nor do numbers that are too short in every region."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something was read")

    monkeypatch.setattr(phone, "read", refuse)
    assert fed_in_deltas(PHONE, "call me (not now) + tell them, 12 of 100 know").findings == []


@pytest.mark.parametrize(
    ("region", "number"), [("IT", "066980"), ("VA", "010000"), ("AX", "019100"), ("SH", "8000")]
)
def test_a_short_number_of_a_neighbour_is_found(region: str, number: str) -> None:
    """Regions with the same calling code dial each other's numbers: found whole and in pieces alike."""
    detector = built("presidio", {"entities": ["PHONE_NUMBER"], "phone_regions": [region]})
    text = f"at {number} now"
    found = [(match.start, match.end) for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=1)]
    assert found == [(3, 3 + len(number))]
    for feed in (fed(detector, text), fed_in_deltas(detector, text, 1)):
        assert [(one.start, one.end) for one in feed.findings] == found


def test_a_leniency_of_another_kind_is_refused() -> None:
    """What is judged here is what phonenumbers calls VALID, as Presidio does."""
    with pytest.raises(ValueError, match="leniency VALID only"):
        PhoneScanner("PHONE_NUMBER", PhoneRecognizer(leniency=2))


@pytest.mark.parametrize(
    "text",
    [
        "+0044 20 7946 0958", "+0044 20 7946 0958 x5", "212-555-0142 x12", "212-555-0142 xx12", "0 xx 11 2345 6789",
        "21x2 555 0142", "212 555 0142 x 12#", "212 555 0142,,12", "1 800 int 5550142", "212-555-0142;ext=3",
        "+1 212 555 0142 ~3", "0 15 xx 11 2345-6789", "(212) 555-0142 [x3]", "030 123456 \u0434\u043e\u0431 12",
        "\uff08212\uff09555\uff0d0142", "\u0662\u0661\u0662 \u0665\u0665\u0665 \u0660\u0661\u0664\u0662",
    ],
)  # fmt: skip
def test_unusual_ways_to_write_a_number_are_read_as_phonenumbers_does(text: str) -> None:
    """Extensions, carriers, letters, digits and signs of other scripts."""
    everywhere = built(
        "presidio", {"entities": ["PHONE_NUMBER"], "phone_regions": ["US", "GB", "DE", "BR", "AR", "IT"]}
    )
    regions = ("US", "GB", "DE", "BR", "AR", "IT")
    for around in (text, f"call {text}, please", f"{text} {text}"):
        found = {
            (match.start, match.end)
            for region in regions
            for match in phonenumbers.PhoneNumberMatcher(around, region, leniency=1)
        }
        scanned = PhoneScanner("PHONE_NUMBER", PhoneRecognizer(supported_regions=regions)).scan(
            around, 0, final=True
        )
        assert {(one.start, one.end) for group in scanned.groups for one in group.found} == found
        assert {(f.start, f.end) for f in fed(everywhere, around).findings} <= found
