"""The parts of a candidate: what phonenumbers' matcher parses of it, in its order."""

from __future__ import annotations

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberMatcher, phonenumberutil
from phonenumbers import phonenumbermatcher as upstream

from detectors.pii.phone_parts import _AS_DIGITS, MAX_PART_CHARS, is_one, parts, read
from tests.support.scale import examples

PIECES = (
    *"0123456789", *"0123456789", "-", " ", ".", "/", "(", ")", "[", "]", "+", "+1 ", "00", "212", "555-0123", " (",
    ") ", " - ", "\u2013", "\xa0", "\u2010", "2012-01-02 08", "3/10/2011", "12-34 (2003)",
    "\uff0b", "\u0663", "\uff08", "\uff09", "\u3000", "\u200b",
)  # fmt: skip
AROUND = ("", " ", "a", "%", "$", "\u20ac", "\xe9", "\u0301", "\u4e00", ":30", "(", "\u0416")


def parsed(text: str, start: int, end: int, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, str, bool]]:
    """Return what phonenumbers comes to parse of a candidate, where nothing of it is a number, in its order."""
    seen: list[tuple[int, int, str, bool]] = []
    offsets: list[int] = []

    class Spy(PhoneNumberMatcher):
        def _parse_and_verify(self, candidate: str, offset: int) -> None:
            offsets.append(offset)
            super()._parse_and_verify(candidate, offset)

    def parse(number: str, *_: object, **__: object) -> None:
        possible = phonenumberutil._extract_possible_number(number)
        if phonenumberutil._is_viable_phone_number(possible) and len(number) <= MAX_PART_CHARS:
            digits = phonenumberutil.normalize_digits_only(possible)
            seen.append((offsets[-1], offsets[-1] + len(number), digits, possible.startswith(("+", "\uff0b"))))
        raise NumberParseException(NumberParseException.NOT_A_NUMBER, "not this one")

    monkeypatch.setattr(upstream, "parse", parse)
    Spy(text, "US")._extract_match(text[start:end], start)
    monkeypatch.undo()
    return [each for each in seen if len(each[2]) >= 4]


def heard(text: str, start: int, end: int) -> list[tuple[int, int, str, bool]]:
    """Return the same as it is read here."""
    each = [(part, read(text, *part)) for part in parts(text, start, end)]
    return [(*part, dialled.digits, dialled.has_plus) for part, dialled in each if dialled is not None]


@settings(max_examples=examples(600), deadline=None)
@given(
    st.sampled_from(AROUND), st.lists(st.sampled_from(PIECES), max_size=24).map("".join), st.sampled_from(AROUND)
)
@example("", "2012-01-02 08\uff0b", "")
@example("", "212 555 0123 +", "")
def test_the_parts_are_those_that_phonenumbers_parses(before: str, candidate: str, after: str) -> None:
    """Digits and punctuation in any order, within any text: the same places, digits and order."""
    text, start = before + candidate + after, len(before)
    end = start + len(candidate)
    with pytest.MonkeyPatch.context() as monkeypatch:
        expected = parsed(text, start, end, monkeypatch)
    assert list(dict.fromkeys(heard(text, start, end))) == list(dict.fromkeys(expected))


@settings(max_examples=examples(300), deadline=None)
@given(st.sampled_from(AROUND), st.text("0123456789-", min_size=1, max_size=24), st.sampled_from(AROUND))
def test_what_is_one_has_no_other_parts(before: str, candidate: str, after: str) -> None:
    """It is tried whole, whatever stands around it."""
    text, start = before + candidate + after, len(before)
    end = start + len(candidate)
    if is_one(text, start, end):
        assert list(parts(text, start, end)) == [(start, end)]
    else:
        assert "--" in candidate or not (candidate[0] + candidate[-1]).isdigit()


def test_long_parts_are_not_parsed() -> None:
    """What phonenumbers refuses to read, and its parts that it does read."""
    text = "1" * 20 + " 12345" * 40
    assert len(text) > MAX_PART_CHARS
    assert [stop - start for start, stop, *_ in heard(text, 0, len(text))] == [20, *[5] * 40]


@pytest.mark.parametrize(
    ("text", "digits", "written"),
    [
        ("212 555 0142 x12", "2125550142", "212555014212"),
        ("212x555x0142", None, None),
        ("\u0662\u0661\u0662 555 0142", "2125550142", "2125550142"),
        ("+1 800 int 4", "1800", "18004"),
        ("12 ext 34", None, None),
        ("212 (555 0142", None, None),
    ],
)
def test_digits_are_told_from_those_of_an_extension(text: str, digits: str | None, written: str | None) -> None:
    """Which are no part of the number, and are looked at for its prefix all the same."""
    dialled = read(text, 0, len(text))
    assert (dialled and dialled.digits) == digits
    assert (dialled and dialled.written) == written


def test_the_digits_of_all_scripts_are_digits() -> None:
    decimals = [chr(place) for place in range(sys.maxunicode + 1) if chr(place).isdecimal()]
    assert "".join(decimals).translate(_AS_DIGITS) == "0123456789" * (len(decimals) // 10)
    assert len([place for place, as_digit in _AS_DIGITS.items() if as_digit]) == len(decimals) > 600
