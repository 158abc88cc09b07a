"""Precision and recall by entity of several parties, over the same texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.pii.cases import Case, Sentence
    from benchmarks.pii.parties import Found, Party

_NONE = "-"


@dataclass(slots=True)
class Tally:
    """What was found, too much and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, right: int, wrong: int, missed: int) -> None:
        """Count one text more."""
        self.right += right
        self.wrong += wrong
        self.missed += missed

    @property
    def precision(self) -> float | None:
        """Share of what was found that is right; None when nothing was found."""
        found = self.right + self.wrong
        return self.right / found if found else None

    @property
    def recall(self) -> float | None:
        """Share of what is there that was found; None when nothing is there."""
        there = self.right + self.missed
        return self.right / there if there else None

    @property
    def f2(self) -> float | None:
        """F2: recall counts twice as much as precision."""
        weighed = 5 * self.right + 4 * self.missed + self.wrong
        return 5 * self.right / weighed if self.right + self.missed else None


def by_span(case: Case, found: Iterable[Found]) -> tuple[int, int, int]:
    """Count spans: right is what is found with both of its ends, where the ends are known."""
    spans = {(one.start, one.end) for one in found}
    if case.spans is None:
        right = min(len(spans), case.count)
        return right, len(spans) - right, case.count - right
    wanted = set(case.spans)
    return len(spans & wanted), len(spans - wanted), len(wanted - spans)


def by_text(case: Case, found: Iterable[Found]) -> tuple[int, int, int]:
    """Count texts: a text that is a value is found when one finding covers it."""
    is_covered = any(one.start == 0 and one.end == len(case.text) for one in found)
    is_value = bool(case.count)
    return int(is_covered and is_value), int(is_covered and not is_value), int(is_value and not is_covered)


def tallies(
    cases: Sequence[Case], party: Party, count: Callable[[Case, Iterable[Found]], tuple[int, int, int]]
) -> dict[str, Tally]:
    """Return a party's tally of each entity."""
    counted: dict[str, Tally] = {}
    for case in cases:
        tally = counted.setdefault(case.entity, Tally())
        tally.add(*count(case, party.find(case.text, (case.entity,))))
    return counted


def share(value: float | None) -> str:
    """Write a share with three digits."""
    return _NONE if value is None else f"{value:.3f}"


def by_word(sentence: Sentence, found: Sequence[Found], entity: str) -> tuple[int, int, int]:
    """Count the words of a sentence that are of `entity`, and those that a finding of it touches."""
    right = wrong = missed = 0
    for start, end, marked in sentence.words:
        is_found = any(one.entity == entity and one.start < end and start < one.end for one in found)
        right += is_found and marked == entity
        wrong += is_found and marked != entity
        missed += marked == entity and not is_found
    return right, wrong, missed


def sentence_tallies(sentences: Sequence[Sentence], party: Party, entities: tuple[str, ...]) -> dict[str, Tally]:
    """Return a party's tally of each entity by words, and of all together."""
    counted = {entity: Tally() for entity in (*entities, "all")}
    for sentence in sentences:
        found = party.find(sentence.text, entities)
        for entity in entities:
            counts = by_word(sentence, found, entity)
            counted[entity].add(*counts)
            counted["all"].add(*counts)
    return counted
