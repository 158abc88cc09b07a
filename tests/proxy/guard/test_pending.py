"""Findings that wait: the first are at hand in order, whatever order they came in."""

from __future__ import annotations

import random

from detectors.types import Finding
from proxy.guard.pending import Pending


def finding(start: int, name: str = "a") -> Finding:
    return Finding(name, "X", start, start + 2, 1.0)


def test_the_first_of_many_are_those_that_begin_first() -> None:
    """Added in lumps of any order, before and between the steps: as sorting all of them each time would have it."""
    rng = random.Random(3)
    pending, plain, added = Pending(), list[Finding](), 0
    for _ in range(300):
        for _ in range(rng.choice([0, 0, 1, 4])):
            found = [finding(rng.randrange(500), str(added + n)) for n in range(rng.randint(1, 9))]
            added += len(found)
            pending.add(found)
            plain += found
        assert len(pending) == len(plain)
        if len(pending) > 5:
            plain.sort(key=lambda one: one.start)
            begin = pending.part(5)
            assert (pending.near, begin) == (plain[:5], plain[5].start)
            limit = min(plain[rng.randrange(5)].start + 1, begin)
            ready = pending.take(limit)
            assert ready == [one for one in plain[:5] if one.end <= limit]
            plain = [one for one in plain if one not in ready]
    pending.join()
    assert sorted(pending.near, key=lambda one: one.start) == sorted(plain, key=lambda one: one.start)


def test_many_are_sorted_once() -> None:
    """Each step takes what it decides on and leaves the others where they are."""
    pending = Pending()
    pending.add([finding(start) for start in range(0, 4000, 4)])
    starts = []
    while len(pending) > 10:
        pending.part(10)
        far = pending._far
        starts += [one.start for one in pending.take(pending.near[-1].end)]
        assert pending._far is far
        pending.add([finding(4000 + len(starts))])
    assert starts == sorted(starts)
