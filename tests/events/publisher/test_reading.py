"""Reading topics for people, from a reader that holds what a test says."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from events.publisher.failures import NoConnectionError
from events.publisher.reading import everything, following, newest, placed


class Reader:
    """Two partitions of one topic."""

    def __init__(self) -> None:
        self.places: dict[Any, int] = {}
        self.values = {0: [(1, b"a"), (4, b"d")], 1: [(2, b"b"), (3, b"c"), (5, b"e")]}

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return {1, 0} if topic == "t" else None

    def assign(self, parts: list[Any]) -> None:
        self.places = dict.fromkeys(parts, 0)

    def end_offsets(self, parts: list[Any]) -> dict[Any, int]:
        return {part: len(self.values[part.partition]) for part in parts}

    def beginning_offsets(self, parts: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(parts, 0)

    def seek(self, part: Any, place: int) -> None:
        self.places[part] = place

    def position(self, part: Any) -> int:
        return self.places[part]

    def poll(self, timeout_ms: int) -> dict[Any, list[Any]]:
        found = {}
        for part, place in self.places.items():
            records = self.values[part.partition][place : place + 1]
            found[part] = [
                SimpleNamespace(timestamp=when, value=value, partition=part.partition, offset=place)
                for when, value in records
            ]
            self.places[part] += len(records)
        return found


def test_the_newest_of_all_partitions_come_by_time_and_then_what_follows() -> None:
    reader = Reader()
    assert newest(reader, ["t", "not there"], 2) == [b"a", b"c", b"d", b"e"]
    assert list(following(reader)) == []
    reader.values[0].append((6, b"f"))
    assert list(following(reader)) == [b"f"]


def test_everything_is_all_that_is_there_now() -> None:
    assert sorted(everything(Reader(), "t")) == [b"a", b"b", b"c", b"d", b"e"]
    assert list(everything(Reader(), "not there")) == []


def test_records_are_told_with_their_places() -> None:
    reader = Reader()
    reader.values[0].append((7, None))  # type: ignore[arg-type]
    found = list(placed(reader, "t"))
    assert [one for one in found if one.partition == 0] == [(0, 0, 1, b"a"), (0, 1, 4, b"d"), (0, 2, 7, b"")]
    assert [one.offset for one in found if one.partition == 1] == [0, 1, 2]


@pytest.mark.parametrize(
    "read", [lambda reader: newest(reader, ["t"], 9), lambda reader: list(everything(reader, "t"))]
)
def test_a_broker_that_stops_in_the_middle_is_told(read: Callable[[Reader], list[bytes]]) -> None:
    """What was read until then must not pass for the whole: `audit verify` would miss the newest anchors."""
    reader = Reader()
    reader.values[1] = reader.values[1][:1]
    reader.end_offsets = lambda parts: dict.fromkeys(parts, 2)  # type: ignore[method-assign]
    with pytest.raises(NoConnectionError, match="stopped before the end"):
        read(reader)
