"""Reads the topics of events with a consumer group that hands out whole shares. For a thread of its own.

Places in the topics come from the shares' checkpoints; what the group has committed only says up to where alarms
were told, by whoever had the share.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from events.publisher.client import consumer
from monitor.service.share import item_of
from monitor.service.sharing import EVERYWHERE, TOPICS, share_assignor, share_names, share_of, shares_in
from monitor.service.source import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from events.publisher.settings import KafkaSettings
    from monitor.service.source import Held

GROUP: Final = "sluicegate-monitor"
POLL_MS: Final = 200
MAX_RECORDS: Final = 500
"""Records in a batch: a tenth of a second of work, after which people who ask get their turn."""
SESSION_MS: Final = 6000
"""How long a monitor that died keeps its shares: the shortest time that brokers allow as they come."""
HEARTBEAT_MS: Final = 2000
MAX_POLL_MS: Final = 600_000
"""How long a batch may take before the group takes the partitions away: a checkpoint on a slow disk is no death."""


class KafkaSource:
    """The topics. Raises the library's errors, `KafkaMissingError` and `NoConnectionError`."""

    def __init__(self, settings: KafkaSettings, shares: int, held: Held) -> None:
        """Join the group. Waits for a broker."""
        self._prefix = settings.topic_prefix
        self._shares = shares
        self._held = held
        self._is_assigned = self._is_new = False
        self._reader: Any = consumer(
            settings,
            group_id=f"{GROUP}.{settings.topic_prefix}",
            auto_offset_reset="earliest",
            max_poll_records=MAX_RECORDS,
            max_poll_interval_ms=MAX_POLL_MS,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            partition_assignment_strategy=(share_assignor(shares, self._prefix),),
        )
        self._reader.subscribe([self._topic(name) for name in TOPICS], listener=_listener(self))

    def _topic(self, name: str) -> str:
        return f"{self._prefix}.{name}"

    def _stream(self, part: Any) -> str:  # noqa: ANN401 - the library has no types
        return f"{part.topic.removeprefix(self._prefix + '.')}/{part.partition}"

    # The group.

    def revoked(self) -> None:
        """Hear that partitions may go to others (within the library's poll, where nothing may be asked of it)."""
        self._is_assigned = False
        self._held.leave()

    def assigned(self) -> None:
        """Hear that partitions are ours (as above)."""
        self._is_new = True

    def _settle(self) -> None:
        """Take up the shares of our partitions, and go to where they are."""
        parts = self._reader.assignment()
        names = shares_in({(self._short(part.topic), part.partition) for part in parts}, self._shares)
        self._held.keep(names, self._told_to(parts, names))
        for part in parts:
            of_them = self._shares_of(part) & names
            if not of_them:
                continue
            place = min(self._held.position(name, self._stream(part)) for name in of_them)
            if place:
                self._reader.seek(part, place)
            else:
                self._reader.seek_to_beginning(part)
        self._is_assigned, self._is_new = True, False

    def _told_to(self, parts: set[Any], names: set[str]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {name: {} for name in names}
        for part in parts:
            committed = self._reader.committed(part)
            for name in self._shares_of(part) & names:
                if committed:
                    found[name][self._stream(part)] = int(committed)
        return found

    def _short(self, topic: str) -> str:
        return topic.removeprefix(f"{self._prefix}.")

    def _shares_of(self, part: Any) -> set[str]:  # noqa: ANN401 - the library has no types
        if self._short(part.topic) in EVERYWHERE:
            return set(share_names(self._shares))
        return {share_of(part.partition, self._shares)}

    # Records.

    def poll(self) -> list[Batch]:
        """See `Source.poll`."""
        self._pace()
        got = self._reader.poll(timeout_ms=POLL_MS)
        if self._is_new:
            self._settle()
            return []  # what has come was read from somewhere else
        batches = []
        for part in self._reader.assignment() if self._is_assigned else ():
            now_s = time.time()
            items = [
                item_of(one.offset, one.timestamp / 1000, one.value or b"", now_s) for one in got.get(part, ())
            ]
            position = items[-1].offset + 1 if items else self._reader.position(part)
            batches += [
                Batch(name, self._stream(part), items, position)
                for name in sorted(self._shares_of(part))
                if position is not None
            ]
        return sorted(batches, key=lambda batch: (batch.stream, batch.share))

    def _pace(self) -> None:
        """Read no further of what a share has enough of while it waits for another partition.

        Verdicts and policies are few, and are for all shares: they are always read.
        """
        for part in self._reader.assignment() if self._is_assigned else ():
            if self._short(part.topic) in EVERYWHERE:
                continue
            stream = self._stream(part)
            if all(self._held.wants(name, stream) for name in self._shares_of(part)):
                self._reader.resume(part)
            else:
                self._reader.pause(part)

    @property
    def is_caught_up(self) -> bool:
        """See `Source.is_caught_up`."""
        behind = self._behind()
        return self._is_assigned and bool(behind) and all(one == 0 for one in behind)

    @property
    def lag(self) -> int:
        """See `Source.lag`."""
        return sum(behind or 0 for behind in self._behind())

    def _behind(self) -> list[int | None]:
        """Return by partition how many records wait; None where the broker has not said yet."""
        found: list[int | None] = []
        for part in self._reader.assignment():
            end, position = self._reader.highwater(part), self._reader.position(part)
            found.append(None if end is None or position is None else max(0, end - position))
        return found

    def keep(self, offsets: Mapping[str, int]) -> None:
        """See `Source.keep`."""
        from kafka.structs import OffsetAndMetadata  # noqa: PLC0415 - an extra; the reader shows that it is there

        ours = {self._stream(part): part for part in self._reader.assignment()}
        wanted = {
            ours[stream]: OffsetAndMetadata(offset, "", -1) for stream, offset in offsets.items() if stream in ours
        }
        if wanted:
            self._reader.commit_async(wanted)

    def close(self) -> None:
        """See `Source.close`."""
        self._reader.close(autocommit=False)


def _listener(source: KafkaSource) -> Any:  # noqa: ANN401 - the library has no types
    """Return what the library tells of changes in the group."""
    from kafka import ConsumerRebalanceListener  # noqa: PLC0415 - an extra; the reader shows that it is there

    class Listener(ConsumerRebalanceListener):  # type: ignore[misc]
        def on_partitions_revoked(self, revoked: Any) -> None:  # noqa: ANN401, ARG002
            source.revoked()

        def on_partitions_assigned(self, assigned: Any) -> None:  # noqa: ANN401, ARG002
            source.assigned()

    return Listener()
