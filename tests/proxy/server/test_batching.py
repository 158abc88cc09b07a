"""Which texts go together: about one length, and one of each owner before a second of any."""

from __future__ import annotations

from collections import Counter, deque

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from proxy.server.batching import BUCKET_CHARS, FairQueue, bucket_of

BATCH_CHARS = 640

items = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 400)), max_size=60)


def filled(waiting: list[tuple[str, int]]) -> tuple[FairQueue[int], dict[int, tuple[str, int]]]:
    queue: FairQueue[int] = FairQueue(BATCH_CHARS)
    for number, (owner, chars) in enumerate(waiting):
        queue.add(owner, chars, number)
    return queue, dict(enumerate(waiting))


def test_buckets_end_where_the_table_says() -> None:
    """A text belongs to the first bucket that it fits; the longest ones to one more."""
    assert [bucket_of(chars) for chars in (1, 40, 41, 160, 161, 320, 321, 9999)] == [0, 0, 1, 2, 3, 3, 4, 4]
    assert bucket_of(BUCKET_CHARS[-1] + 1) == len(BUCKET_CHARS)


@given(items)
def test_each_item_goes_once_with_its_like(waiting: list[tuple[str, int]]) -> None:
    """Every batch has one bucket, not more text than fits unless it is one item, and nothing is lost or doubled."""
    queue, known = filled(waiting)
    gone: list[int] = []
    while batch := queue.take():
        assert len({bucket_of(known[item][1]) for item in batch}) == 1
        assert len(batch) == 1 or sum(known[item][1] for item in batch) <= BATCH_CHARS
        gone += batch
        assert len(queue) == len(known) - len(gone)
    assert sorted(gone) == sorted(known)


@given(items)
def test_of_one_owner_and_length_the_first_goes_first(waiting: list[tuple[str, int]]) -> None:
    """Order is kept where it can be seen."""
    queue, known = filled(waiting)
    order: list[int] = []
    while batch := queue.take():
        order += batch
    for kind in {(owner, bucket_of(chars)) for owner, chars in known.values()}:
        same = [item for item in order if (known[item][0], bucket_of(known[item][1])) == kind]
        assert same == sorted(same)


@given(st.integers(1, 400), st.integers(1, 12), st.integers(1, 320))
def test_a_long_answer_does_not_starve_short_ones(flood: int, short: int, chars: int) -> None:
    """However much one owner wants, each of the others is served within as many batches as there are owners."""
    queue: FairQueue[tuple[str, int]] = FairQueue(BATCH_CHARS)
    for number in range(flood):
        queue.add("long", 160, ("long", number))
    for number in range(short):
        queue.add(f"short-{number}", chars, (f"short-{number}", 0))
    served = [owner for _ in range(short + 1) for owner, _ in queue.take()]
    assert {f"short-{number}" for number in range(short)} <= set(served)


def test_a_batch_takes_one_of_each_owner_first() -> None:
    """Four places: three owners have one each before the flood has its second."""
    queue: FairQueue[str] = FairQueue(4 * 100)
    for number in range(9):
        queue.add("flood", 100, f"flood-{number}")
    queue.add("b", 100, "b")
    queue.add("c", 100, "c")
    assert queue.take() == ["flood-0", "b", "c", "flood-1"]
    assert queue.take() == [f"flood-{number}" for number in range(2, 6)]


class Fair(RuleBasedStateMachine):
    """Owners come and go: none that wants something is passed over more often than there are others."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: FairQueue[int] = FairQueue(200)
        self.waiting: dict[int, str] = {}
        self.passed: Counter[str] = Counter()
        self.others: dict[str, set[str]] = {}
        self.number = 0

    @rule(owner=st.sampled_from("abcdefgh"), chars=st.sampled_from((10, 60, 150)))
    def add(self, owner: str, chars: int) -> None:
        self.number += 1
        if owner not in self.waiting.values():
            self.passed[owner] = 0
        self.waiting[self.number] = owner
        self.queue.add(owner, chars, self.number)

    @rule(pick=st.integers(0, 100))
    def discard(self, pick: int) -> None:
        item = deque(self.waiting)[pick % len(self.waiting)] if self.waiting else -1
        self.queue.discard(item)
        self.waiting.pop(item, None)

    @rule()
    def take(self) -> None:
        batch = self.queue.take()
        assert bool(batch) == bool(self.waiting)
        served = {self.waiting.pop(item) for item in batch}
        for owner in set(self.waiting.values()) - served:
            self.passed[owner] += 1
            assert self.passed[owner] <= 8
        for owner in served:
            self.passed[owner] = 0

    @invariant()
    def agrees(self) -> None:
        assert len(self.queue) == len(self.waiting)


TestFair = Fair.TestCase
