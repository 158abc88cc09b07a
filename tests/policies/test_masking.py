"""Masks that leave the ends of a value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.masking import Part, masked

KEEPS = st.tuples(st.integers(0, 6), st.integers(0, 6))


def ends(value: str, first: int = 0, last: int = 0) -> str:
    return masked(value, "*", [Part(0, len(value), first, last)])


@pytest.mark.parametrize(
    ("value", "first", "last", "expected"),
    [
        ("4111 1111 1111 1111", 0, 4, "**** **** **** 1111"),
        ("4111-1111-1111-1234", 6, 4, "4111-11**-****-1234"),
        ("4111111111111111", 0, 4, "************1111"),
        ("+1 (212) 555-0100", 0, 4, "+* (***) ***-0100"),
        ("+49 30 1234567", 2, 2, "+49 ** *****67"),
        ("DE89 3704 0044 0532 0130 00", 4, 2, "DE89 **** **** **** **** 00"),
        ("Jane Roe", 1, 0, "J*** ***"),
        ("jane.roe@example.com", 1, 3, "j***.***********.com"),
        ("1111", 0, 4, "****"),
        ("1-1 1", 2, 1, "*****"),
        ("11", 0, 4, "**"),
        ("- -", 0, 1, "***"),
        ("", 2, 2, ""),
    ],
)
def test_ends_stay(value: str, first: int, last: int, expected: str) -> None:
    """Separators are not counted and stay; what would stay whole, or shorter, is masked whole."""
    assert ends(value, first, last) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Zoe\u0301", "**e\u0301"),
        ("ab\U0001f468\u200d\U0001f469\u200d\U0001f467", "**\U0001f468\U0001f469\U0001f467"),
        ("\ud55c\uae00\uc790", "**\uc790"),
        ("4\u200b1\u200b1\u200b2", "***2"),
        ("ab\U000e0041\U000e0042c", "**c"),
        ("ab\ufe00\ufe01c\ufe02", "**c"),
        ('ab"', "***"),
        ("a\nb", "* b"),
    ],
)
def test_a_character_is_what_a_reader_takes_for_one(value: str, expected: str) -> None:
    """Marks stay with their letter; what nobody sees, and could spell the value again, goes."""
    assert ends(value, last=1) == expected


@given(st.text(alphabet=st.sampled_from('ab1 -./()+@\u200b\U000e0041"\\\n\ud83d한'), max_size=24), KEEPS)
def test_no_more_stays_than_was_said(value: str, keeps: tuple[int, int]) -> None:
    """Of what is counted, so many from the ends, but for quotes and backslashes; and always something is masked."""
    first, last = keeps
    written = ends(value, first, last)
    counted = [char for char in value if char not in " -./()+\n\u200b\U000e0041\ud83d"]
    stays = [] if first + last >= len(counted) else counted[:first] + counted[len(counted) - last :]
    assert [char for char in written if char not in " -./()+*"] == [char for char in stays if char not in '"\\']
    assert "*" in written or value == ""


@given(
    st.text("abc12", max_size=24), st.lists(st.tuples(st.integers(0, 24), st.integers(0, 24), KEEPS), max_size=4)
)
def test_a_span_shows_what_all_its_parts_show(value: str, drawn: list[tuple[int, int, tuple[int, int]]]) -> None:
    """A character stays only if each finding around it leaves it; what lies in none does not."""
    size = len(value)
    parts = [Part(min(a, b, size), min(max(a, b), size), *keeps) for a, b, keeps in drawn]
    expected = ""
    for at, char in enumerate(value):
        around = [part for part in parts if part.start <= at < part.end]
        alone = [
            masked(value[one.start : one.end], "*", [Part(0, one.end - one.start, *one[2:])]) for one in around
        ]
        shows = [text[at - one.start] != "*" for one, text in zip(around, alone, strict=True)]
        expected += char if shows and all(shows) else "*"
    assert masked(value, "*", parts) == expected


@pytest.mark.parametrize("value", ["4111111111111111", "DE89370400440532013000", "secret", "ab", "a"])
@pytest.mark.parametrize("kept", range(1, 6))
@pytest.mark.parametrize("from_end", [True, False])
def test_as_presidio_masks_what_has_no_separators(value: str, kept: int, from_end: bool) -> None:
    """`chars_to_mask` of the value's length without what is kept; where that is nothing, all of it here."""
    module: Any = pytest.importorskip("presidio_anonymizer.operators.mask")
    to_mask = len(value) - kept
    params = {"masking_char": "*", "chars_to_mask": to_mask if to_mask > 0 else len(value), "from_end": from_end}
    kept_ends = {"first": kept} if from_end else {"last": kept}
    assert ends(value, **kept_ends) == module.Mask().operate(value, params)
