"""The parts of a candidate: what phonenumbers' matcher parses of it, in its order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberMatcher, phonenumberutil
from phonenumbers import phonenumbermatcher as upstream

from detectors.pii.phone_parts import MAX_PART_CHARS, parts, plain_digits
from tests.support.scale import examples

PIECES = (
    *"0123456789", *"0123456789", "-", " ", ".", "/", "(", ")", "[", "]", "+", "+1 ", "00", "212", "555-0123", " (",
    ") ", " - ", "\u2013", "\xa0", "\u2010", "2012-01-02 08", "3/10/2011", "12-34 (2003)",
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
            seen.append((offsets[-1], offsets[-1] + len(number), digits, possible.startswith("+")))
        raise NumberParseException(NumberParseException.NOT_A_NUMBER, "not this one")

    monkeypatch.setattr(upstream, "parse", parse)
    Spy(text, "US")._extract_match(text[start:end], start)
    monkeypatch.undo()
    return [each for each in seen if len(each[2]) >= 4]


@settings(max_examples=examples(600), deadline=None)
@given(
    st.sampled_from(AROUND), st.lists(st.sampled_from(PIECES), max_size=24).map("".join), st.sampled_from(AROUND)
)
def test_the_parts_are_those_that_phonenumbers_parses(before: str, candidate: str, after: str) -> None:
    """Digits and punctuation in any order, within any text: the same places, digits and order."""
    assert plain_digits(candidate + "0") is not None
    text, start = before + candidate + after, len(before)
    end = start + len(candidate)
    with pytest.MonkeyPatch.context() as monkeypatch:
        expected = parsed(text, start, end, monkeypatch)
    assert [tuple(part) for part in parts(text, start, end, 4)] == expected


def test_long_parts_are_not_parsed() -> None:
    """What phonenumbers refuses to read, and its parts that it does read."""
    text = "1" * 20 + " 12345" * 40
    assert len(text) > MAX_PART_CHARS
    assert [part.end - part.start for part in parts(text, 0, len(text), 4)] == [20, *[5] * 40]


@pytest.mark.parametrize("sign", ["x", "#", "~", ",", ";", "\u0663", "e", "\uff0b", "\uff11"])
def test_what_may_be_read_in_another_way_is_not_plain(sign: str) -> None:
    """Extensions, letters and digits of other scripts are left to phonenumbers."""
    assert plain_digits(f"212{sign}5550123") is None
