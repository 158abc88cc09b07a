"""The page of the detector: its form, and that what it says of holding is so. Not its figures."""

from __future__ import annotations

import re

import pytest

from benchmarks.pii.page import BEGIN, END, PAGE, with_figures
from benchmarks.pii.speed import LENGTHS
from benchmarks.report import Table
from tests.support.detectors import Feed, built

TEXT = PAGE.read_text()
TITLES = [
    "Presidio's own vectors",
    "validator.js",
    "What is something else",
    "Sentences: F2 by entity",
    "Speed",
    "Streams",
    "Long texts",
    "Lists of values",
    "A policy's own patterns",
    "Targets",
]


def test_figures_stand_between_the_marks() -> None:
    """What is around them stays; they are made anew, and only they."""
    page = f"head\n{BEGIN}old\n{END}tail\n"
    table = Table("Speed", ("a", "b"), [("1", "2")], "note")
    new = with_figures(page, [("CPU", "x")], [table], ["a remark"])
    assert new.startswith(f"head\n{BEGIN}\nMeasured on: CPU x.\n\na remark\n\n### Speed\n\n| a | b |\n")
    assert new.endswith(f"| 1 | 2 |\n\nnote\n\n{END}tail\n")
    assert with_figures(new, [("CPU", "x")], [table], ["a remark"]) == new


@pytest.mark.parametrize("page", ["", BEGIN, END])
def test_a_page_without_marks_is_refused(page: str) -> None:
    """Rather than written over."""
    with pytest.raises(ValueError, match="mark"):
        with_figures(page, [], [], [])


def test_the_page_has_every_table() -> None:
    """In one order, each with rows; and what of the promises does not hold is what the page says of it, no more."""
    figures = TEXT.partition(BEGIN)[2].partition(END)[0]
    assert re.findall(r"^### (.*)$", figures, re.MULTILINE) == TITLES
    tables = figures.split("### ")[1:]
    assert all(len(re.findall(r"^\|", table, re.MULTILINE)) > 2 for table in tables)
    assert f"{LENGTHS[-1]:,} characters" in figures
    missed = re.findall(r"^\| (.*?) \|.*\| FAIL \|$", figures, re.MULTILINE)
    told = re.findall(r"^- `(.*)`: ", TEXT.partition("## What does not hold")[2], re.MULTILINE)
    assert len(figures.split("### Targets")[1].splitlines()) > len(missed) + len(told)
    assert missed == told


def test_every_entity_of_the_page_exists() -> None:
    """What is named in the first table, and whether it is looked for by default."""
    from detectors.pii.catalogue import recognizer_classes  # noqa: PLC0415 - imports Presidio
    from detectors.pii.presidio import DEFAULT_ENTITIES  # noqa: PLC0415 - see above

    rows = re.findall(r"^\| `([A-Z_]+)` \| .* \| ?(yes)? ?\|$", TEXT.partition("## What waits")[0], re.MULTILINE)
    assert len(rows) >= 10
    classes = recognizer_classes()
    general = {name for name, found in classes.items() if any(one.COUNTRY_CODE is None for one in found)}
    assert {name for name, _ in rows} == general
    assert {name for name, default in rows if default} == set(DEFAULT_ENTITIES) - {"US_SSN"}


def test_what_waits_is_what_the_page_says() -> None:
    """Each text of the table, fed at once and not ended."""
    part = TEXT.partition("## What waits")[2].partition("## How sure")[0]
    rows = re.findall(r"^\| `(.*?)` \| (.*?) \| .* \|$", part, re.MULTILINE)
    assert len(rows) >= 6
    detector = built("presidio")
    for text, held in rows:
        feed = Feed(detector)
        feed.feed(text)
        expected = {"all of it": text, "nothing": ""}.get(held, held.strip("`"))
        assert (text, text[feed.watermark :]) == (text, expected)
