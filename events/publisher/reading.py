"""Reads topics for people: the newest records, then what comes. Not for consumers, which keep their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from events.publisher.failures import NoConnectionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

POLL_MS: Final = 200
MAX_EMPTY_POLLS: Final = 50
"""Ten seconds without a record that must be there: the broker has stopped."""


class Placed(NamedTuple):
    """A record of a topic, and where it lies."""

    partition: int
    offset: int
    time_ms: int
    """When its producer or the broker says that it came in."""
    value: bytes
    """Empty where a compacted topic says that a key is gone."""


def newest(reader: Any, topics: Sequence[str], count: int) -> list[bytes]:  # noqa: ANN401 - the library has no types
    """Return the values of the newest records, at most `count` of each partition, by time.

    Raises as `everything`.
    """
    records = sorted(_until_now(reader, topics, count), key=lambda record: record.timestamp)
    return [record.value for record in records]


def everything(reader: Any, topic: str) -> Iterator[bytes]:  # noqa: ANN401 - the library has no types
    """Yield the values of all records of a topic, up to where it ends now.

    Raises `NoConnectionError` when the broker stops before that: a part must not pass for the whole.
    """
    for record in _until_now(reader, [topic], None):
        yield record.value


def placed(reader: Any, topic: str) -> Iterator[Placed]:  # noqa: ANN401 - the library has no types
    """Yield all records of a topic, those of a partition in their order. Raises as `everything`."""
    for record in _until_now(reader, [topic], None):
        yield Placed(record.partition, record.offset, record.timestamp, record.value or b"")


def _until_now(reader: Any, topics: Sequence[str], count: int | None) -> Iterator[Any]:  # noqa: ANN401
    """Yield the records of each partition, all or the newest so many."""
    from kafka import TopicPartition  # noqa: PLC0415 - an extra; the reader shows that it is there

    parts = [TopicPartition(t, p) for t in topics for p in sorted(reader.partitions_for_topic(t) or ())]
    reader.assign(parts)
    ends = reader.end_offsets(parts)
    for part, begin in reader.beginning_offsets(parts).items():
        reader.seek(part, begin if count is None else max(begin, ends[part] - count))
    empty = 0
    while any(reader.position(part) < end for part, end in ends.items()):
        if empty >= MAX_EMPTY_POLLS:
            raise NoConnectionError("no_broker", "it stopped before the end of the topic was read.")
        got = [record for batch in reader.poll(timeout_ms=POLL_MS).values() for record in batch]
        yield from got
        empty = 0 if got else empty + 1


def following(reader: Any) -> Iterator[bytes]:  # noqa: ANN401 - the library has no types
    """Yield the values of the records that one wait brings."""
    for batch in reader.poll(timeout_ms=POLL_MS).values():
        yield from [record.value for record in batch]
