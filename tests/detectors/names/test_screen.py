"""Where a name may be: what the screen lets pass to the model and what it does not."""

from __future__ import annotations

import pytest

from detectors.names.screen import Screen, may_hold_date, may_hold_name


@pytest.mark.parametrize(
    "text",
    [
        "She met Jane.",
        "Jane went home.",
        "The answer is no. Jane said so.",
        "It is in the U.S. of course.",
        "he wrote to jane roe",
        'He said: "Maybe Jane knows."',
        "We ate in Kraków.",
        "The word wacława ends so.",
        "It is McDonald or iPhone.",
        "So Paris it is.",
        "- Paris",
        "(Portland)",
        "All right, The Hague.",
        "Don's car is red.",
        "Will came too.",
        "Это Москва.",
        "这是北京",
    ],
)
def test_a_name_may_be_here(text: str) -> None:
    """A capital that no ordinary sentence start explains, a foreign letter, or no capitals at all."""
    assert may_hold_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "The river rose again, and nobody was surprised.",
        "I think I'm late, and I\u2019ll go.",
        "Don't worry. It's fine! Why not? You can.",
        "First, do this. However, that's all.\nThen stop.",
        "- Take one.\n- Keep it.",
        "\u201cYes,\u201d she said.",
        "There are 12 of them: 3.5 each.",
    ],
)
def test_no_name_can_be_here(text: str) -> None:
    """Ordinary prose: the model is not asked."""
    assert not may_hold_name(text)


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("at 9", True),
        ("It was yesterday.", True),
        ("In MAY it rains.", True),
        ("two days later", True),
        ("The daily bread", True),
        ("Nothing of the sort.", False),
        ("", False),
    ],
)
def test_where_a_date_may_be(text: str, may: bool) -> None:
    """Digits, or words that dates are made of."""
    assert may_hold_date(text) is may


def test_each_detector_has_the_test_for_what_it_looks_for() -> None:
    """A date alone is nothing to whoever looks for names, and the other way round."""
    people, dates, both = (Screen(e, "en") for e in (["PERSON"], ["DATE_TIME"], ["NRP", "DATE_TIME"]))
    assert [s.may_hold("It was at nine yesterday.") for s in (people, dates, both)] == [False, True, True]
    assert [s.may_hold("She saw Jane.") for s in (people, dates, both)] == [True, False, True]


def test_in_other_languages_less_is_known() -> None:
    """Any capital may be a name, and every text may hold a date."""
    german = Screen(["PERSON"], "de")
    assert german.may_hold("Der Hund bellt.")
    assert german.may_hold("\u4ed6\u662f\u8c01")
    assert not german.may_hold("und so weiter, 12 mal.")
    assert Screen(["DATE_TIME"], "de").may_hold("gestern")
