"""Dates of the calendar, and numbers that are none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.detectors import Feed, built, check_cuts, found_texts
from tests.support.scale import examples

REFINED = built("presidio", {"entities": ["DATE_TIME"], "refined": True})


@pytest.mark.parametrize(
    "value",
    [
        "2024-03-09",
        "2024/3/9",
        "09.03.2024",
        "9.3.2024",
        "09.03.24",
        "21.5.21",
        "3/9/2024",
        "31/12/2024",
        "09-MAR-2024",
        "2024-03-09T12:30:45Z",
        "2024-03-09T12:30:45",
        "2024-03-09 12:30",
        "2024-03-09 12:30:45.123+01:00",
        "12 March 2024",
        "12th of March 2024",
        "March 12, 2024",
        "Mar. 12th 2024",
        "1 Sept 2024",
        "2024-02-29",
    ],
)
def test_dates_are_found_whole(value: str) -> None:
    """In digits, with the month's name, with a time."""
    assert ("DATE_TIME", value) in found_texts(REFINED, f"on {value}, then")


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-31",
        "2023-02-29",
        "31.02.2024",
        "Python 3.11.10",
        "version 10.12.24",
        "1.2.24",
        "v1.12.24",
        "1.10.12.24",
        "10.12.24.1",
        "2024-13-09",
        "March 41, 2024",
        "may 2024",
        "12:30",
        "3.14",
    ],
)
def test_near_misses(text: str) -> None:
    """Days that no calendar has, and versions."""
    assert found_texts(REFINED, f"on {text}, then") == []


PIECES = (
    *"0123456789",
    "2024",
    "-",
    "-03-09",
    ".",
    "/",
    ":",
    "T",
    " ",
    "12:30",
    ":45",
    "Z",
    "+01:00",
    "March",
    "Mar",
    "ch ",
    "th",
    ", ",
    "of ",
    "version ",
    "v",
    "31",
    "02",
    "x",
)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.integers(0, 2**32))
def test_findings_are_the_same_for_every_cut(text: str, seed: int) -> None:
    """Whole, in single characters and cut at random."""
    check_cuts(REFINED, text, seed)


def test_no_character_of_a_date_is_released_before_it_is_found() -> None:
    """In deltas of one character."""
    for value in ("12 March 2024", "2024-03-09 12:30:45", "09.03.24"):
        feed = Feed(REFINED)
        for char in f"it was {value}, yes":
            feed.feed(char)
            assert feed.watermark <= 7 or any(found.start == 7 for found in feed.findings)
