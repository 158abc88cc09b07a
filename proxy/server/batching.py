"""Which of the waiting texts a model is given next. Pure: no clock, no thread, no model.

Texts of about one length go together, and every owner has its turn: each batch begins with the owner that has
waited longest since its last turn, and takes one item of each owner before it takes a second of any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

Item = TypeVar("Item")

BUCKET_CHARS: Final = (40, 80, 160, 320)
"""Upper ends of the lengths that go together; what is longer goes with what is longer."""


def bucket_of(chars: int) -> int:
    """Return the number of the bucket for a text so long."""
    return next((number for number, most in enumerate(BUCKET_CHARS) if chars <= most), len(BUCKET_CHARS))


class _Place(NamedTuple):
    owner: Hashable
    bucket: int
    chars: int
    turn: int
    """Counts the items in the order they came."""


class FairQueue(Generic[Item]):
    """Items that wait, by owner and length."""

    def __init__(self, batch_chars: int) -> None:
        """`batch_chars` is about how much text goes together; one item always goes, however long."""
        self._batch_chars = batch_chars
        self._owners: dict[Hashable, dict[int, dict[Item, int]]] = {}
        """By owner, the one whose turn is next first; by bucket; the items in order."""
        self._places: dict[Item, _Place] = {}
        self._turns = 0

    def __len__(self) -> int:
        return len(self._places)

    def add(self, owner: Hashable, chars: int, item: Item) -> None:
        """Put an item at the end of its owner's."""
        self._turns += 1
        place = _Place(owner, bucket_of(chars), chars, self._turns)
        self._places[item] = place
        self._owners.setdefault(owner, {}).setdefault(place.bucket, {})[item] = place.turn

    def discard(self, item: Item) -> None:
        """Take an item out, if it waits."""
        if item in self._places:
            self._remove(item)

    def take(self) -> list[Item]:
        """Take the next batch out; empty when nothing waits."""
        if not self._owners:
            return []
        first = next(iter(self._owners))
        bucket = min(self._owners[first].items(), key=lambda held: next(iter(held[1].values())))[0]
        batch: list[Item] = []
        chars = 0
        while round_ := self._round(bucket):
            for owner, item in round_:
                size = self._places[item].chars
                if batch and chars + size > self._batch_chars:
                    return batch
                batch.append(item)
                chars += size
                self._remove(item)
                if owner in self._owners:  # after those that had no turn
                    self._owners[owner] = self._owners.pop(owner)
        return batch

    def _round(self, bucket: int) -> list[tuple[Hashable, Item]]:
        """Return the first item of a bucket of each owner, in the order of turns."""
        return [(owner, next(iter(held[bucket]))) for owner, held in self._owners.items() if bucket in held]

    def _remove(self, item: Item) -> None:
        owner, bucket, *_ = self._places.pop(item)
        held = self._owners[owner]
        del held[bucket][item]
        if not held[bucket]:
            del held[bucket]
            if not held:
                del self._owners[owner]
