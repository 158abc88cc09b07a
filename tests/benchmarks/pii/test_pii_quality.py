"""What counts as found, and the shares that come of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from benchmarks.pii.cases import Case, Sentence
from benchmarks.pii.parties import Found
from benchmarks.pii.quality import Tally, by_span, by_text, sentence_tallies, share, tallies

if TYPE_CHECKING:
    from benchmarks.pii.parties import Party


def _found(*spans: tuple[int, int], entity: str = "URL") -> list[Found]:
    return [Found(start, end, entity, 0.5) for start, end in spans]


@pytest.mark.parametrize(
    ("count", "spans", "found", "told"),
    [
        (1, ((0, 3),), ((0, 3),), (1, 0, 0)),
        (1, ((0, 3),), ((0, 2),), (0, 1, 1)),
        (1, ((0, 3),), (), (0, 0, 1)),
        (0, (), ((0, 2),), (0, 1, 0)),
        (2, None, ((0, 2),), (1, 0, 1)),
        (1, None, ((0, 2), (3, 4)), (1, 1, 0)),
    ],
)
def test_spans_need_both_ends(
    count: int,
    spans: tuple[tuple[int, int], ...] | None,
    found: tuple[tuple[int, int], ...],
    told: tuple[int, int, int],
) -> None:
    """Where they are known; else only their number counts."""
    assert by_span(Case("URL", "abcdef", count, spans), _found(*found)) == told


def test_a_text_is_found_when_all_of_it_is() -> None:
    """A part of a near miss is no finding of it."""
    value, miss = Case("URL", "abc", 1, ((0, 3),)), Case("URL", "abc", 0, ())
    assert by_text(value, _found((0, 3))) == (1, 0, 0)
    assert by_text(value, _found((0, 2))) == (0, 0, 1)
    assert by_text(miss, _found((0, 2))) == (0, 0, 0)
    assert by_text(miss, _found((0, 3))) == (0, 1, 0)


def test_shares() -> None:
    """Of nothing there is no share; recall counts twice."""
    tally = Tally(right=6, wrong=2, missed=4)
    assert (tally.precision, tally.recall) == (0.75, 0.6)
    assert tally.f2 == pytest.approx(5 * 0.75 * 0.6 / (4 * 0.75 + 0.6))
    empty = Tally()
    assert [share(value) for value in (empty.precision, empty.recall, empty.f2)] == ["-", "-", "-"]
    assert share(2 / 3) == "0.667"


def _party(*spans: tuple[int, int]) -> Party:
    return SimpleNamespace(name="x", find=lambda *_: _found(*spans))


def test_tallies_are_by_entity() -> None:
    """Each case counts for its own."""
    cases = [Case("URL", "abc", 1, ((0, 3),)), Case("URL", "abc", 0, ()), Case("UUID", "abc", 1, ((1, 3),))]
    counted = tallies(cases, _party((0, 3)), by_span)
    assert counted == {"URL": Tally(1, 1, 0), "UUID": Tally(0, 1, 1)}


def test_sentences_are_counted_by_words() -> None:
    """A word that a finding touches is found."""
    sentence = Sentence("see a.b now", ((0, 3, ""), (4, 7, "URL"), (8, 11, "")))
    counted = sentence_tallies([sentence], _party((5, 9)), ("URL", "UUID"))
    assert counted == {"URL": Tally(1, 1, 0), "UUID": Tally(), "all": Tally(1, 1, 0)}
