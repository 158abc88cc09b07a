"""A snapshot has what was learned: what waits is taken in first, and what follows from the rest is made anew."""

from __future__ import annotations

from typing import ClassVar

from monitor.models.unsaved import PartlySaved


class Sum(PartlySaved):
    UNSAVED: ClassVar = frozenset({"waiting"})

    def __init__(self) -> None:
        self.total = 0
        self._begin()

    def _begin(self) -> None:
        self.waiting: list[int] = []

    def _take_in(self) -> None:
        self.total += sum(self.waiting)
        self.waiting.clear()


def test_what_waits_is_taken_in_before_a_snapshot() -> None:
    one = Sum()
    one.waiting += [1, 2]
    assert one.__getstate__() == {"total": 3}
    assert one.waiting == []


def test_a_restored_one_has_what_no_snapshot_has() -> None:
    one = Sum()
    one.__setstate__({"total": 7})
    assert vars(one) == {"total": 7, "waiting": []}
