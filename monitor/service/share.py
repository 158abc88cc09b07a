"""One share of the event streams: an engine, its places in the streams, its checkpoint and journal.

No thread, no socket: records, times and what people say come in, changes of alarms go out through `tell`.
A share is what moves between monitors: whole, with its state, or without, and then its past is read again.
"""

from __future__ import annotations

import sys
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from events.codec import EventError, read_wire
from events.schema import exchange, incident, policy, verdict
from monitor.engine import Engine
from monitor.records import RefusedRecordError, parse
from monitor.service import checkpoint
from monitor.service.journal import (
    Ahead,
    Journal,
    Passed,
    Said,
    Told,
    Took,
    drop_others,
    journal_path,
    read_journal,
)
from monitor.service.telling import event_id_of
from monitor.snapshots import SnapshotError
from monitor.types import AlarmState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from monitor.models.shape import Histogram
    from monitor.records import Record
    from monitor.service.journal import Line
    from monitor.settings import MonitorSettings
    from monitor.types import Alarm

KINDS: Final = frozenset({exchange.TYPE, incident.TYPE, verdict.TYPE, policy.TYPE})
"""Events that the engine learns from. An outbox has others, too."""

MAX_AHEAD_S: Final = 60.0
"""How far the clocks of those who write may be ahead of ours. Time that a record brings passes for all: one that is
dated years ahead would make every later record one that comes too late."""

MAX_WAITING_BYTES: Final = 32 << 20
"""Records that may wait for those of another stream, when they are taken in the order of before a crash."""
ITEM_BYTES: Final = 200
"""What an entry takes beside its value."""

_log = structlog.get_logger("sluicegate.monitor")


class Item(NamedTuple):
    """One record of a stream."""

    offset: int
    time_s: float
    """When it came into the stream."""
    value: bytes
    is_ahead: bool = False
    """Whether the clock here was far behind that: whoever wrote it has a wrong one."""


def item_of(offset: int, time_s: float, value: bytes, clock_s: float) -> Item:
    """Return the entry of a stream that was read at a time."""
    return Item(offset, time_s, value, is_ahead=time_s > clock_s + MAX_AHEAD_S)


def time_of(value: bytes) -> float:
    """Return the time of an event, for one that nobody noted the coming of; 0 where it has none."""
    try:
        return datetime.fromisoformat(read_wire(value)["time"]).timestamp()
    except (EventError, KeyError, TypeError, ValueError):
        return 0.0


def record_in(value: bytes, engine: Engine) -> Record | None:
    """Return the record in an entry of a stream. None where there is none; the engine counts what is refused."""
    if not value:
        return None  # a compacted topic says that a key is gone
    try:
        wire = read_wire(value)
        return parse(wire) if wire["type"] in KINDS else None
    except EventError:
        engine.refuse("no_event")
    except RefusedRecordError as error:
        engine.refuse(error.reason)
    return None


def _size_of(item: Item) -> int:
    return len(item.value) + ITEM_BYTES


@dataclass(slots=True)
class Numbers:
    """What a share counts about itself."""

    replayed: int = 0
    """Records taken again after a crash or a move."""
    rebuilt: str = ""
    """Why the past had to be read again; empty: it did not."""
    ahead: int = 0
    """Records whose time of coming was not believed."""
    told: int = 0
    muted: int = 0
    """Changes of alarms that had been told before."""
    checkpointed_s: float = 0.0
    """Time of the engine at the last checkpoint."""


@dataclass(slots=True)
class _Queue:
    items: deque[Item] = field(default_factory=deque)
    position: int = 0
    """Everything before it has come."""


class Share:
    """A share that is at work here."""

    def __init__(
        self,
        name: str,
        folder: Path,
        settings: MonitorSettings,
        key: bytes,
        tell: Callable[[Alarm], None],
        references: dict[str, Histogram] | None = None,
    ) -> None:
        """Take up the share where its checkpoint and journal left it. Raises OSError."""
        self.name = name
        self._references = references or {}
        self.engine = Engine(settings, self._references)
        self.offsets: dict[str, int] = {}
        """By stream: the next record that was not learned from."""
        self.numbers = Numbers()
        self._folder = folder
        self._settings = settings
        self._key = key
        self._learned_under = checkpoint.settings_hash(settings, self._references.get(settings.drift.reference))
        self._tell = tell
        self._generation = 0
        self._mute: dict[str, int] = {}
        self._told: set[str] = set()
        self._ahead: set[tuple[str, int]] = set()
        """Records that wait and whose time is not believed. The journal says which: a later clock would not."""
        self._wanted: deque[Line] = deque()
        self._queues: defaultdict[str, _Queue] = defaultdict(_Queue)
        self._waiting_bytes = 0
        """Of all queues."""
        self._path = folder / f"{name}.checkpoint"
        self._restore()
        self._journal = Journal(journal_path(folder, name, self._generation))

    def _restore(self) -> None:
        found: checkpoint.Checkpoint | None = None
        try:
            found = checkpoint.read(self._path, self._learned_under, self._key)
            if found is not None:
                self.engine = Engine.restore(found.state, self._settings, self._references)
        except checkpoint.CheckpointError as error:
            self._rebuild(str(error), error.offsets)
            return
        except SnapshotError as error:
            self._rebuild(
                str(error), found.offsets if found else {}
            )  # another format: the file is sound all the same
            return
        if found is not None:
            self._generation, self.offsets = found.generation, dict(found.offsets)
        lines = read_journal(journal_path(self._folder, self.name, self._generation))
        self._told = {line.event_id for line in lines if isinstance(line, Told)}
        self._wanted = deque(line for line in lines if not isinstance(line, Told))

    def _rebuild(self, why: str, told_to: dict[str, int]) -> None:
        """Begin anew, and read the streams from their beginning; what was told before is not told again."""
        _log.warning("checkpoint_not_used", share=self.name, why=why)
        self.numbers.rebuilt = why
        self.mute(told_to)
        self._generation = 0
        drop_others(self._folder, self.name, -1)

    # Writing.

    def mute(self, offsets: dict[str, int]) -> None:
        """Tell no alarm while the share learns from records before these: another run has told them."""
        for stream, offset in offsets.items():
            if offset > self.offsets.get(stream, 0):
                self._mute[stream] = max(offset, self._mute.get(stream, 0))

    def receive(self, stream: str, items: Sequence[Item], position: int) -> None:
        """Take records of a stream; everything before `position` has come. Raises OSError and `OutboxError`."""
        queue = self._queues[stream]
        queue.items.extend(items)
        self._waiting_bytes += sum(map(_size_of, items))
        queue.position = max(queue.position, position)
        self._work()

    def advance(self, now_s: float) -> None:
        """Let time pass, when nothing waits. Raises as `receive`."""
        if self.is_behind:
            return
        self._journal.write(Passed(now_s))
        self._told_of(self.engine.advance(now_s))

    def say(self, what: str, alarm_id: str, now_s: float) -> None:
        """Acknowledge or close an alarm. Raises KeyError for one that is not open, and as `receive`."""
        if self.is_behind or not self.has_open(alarm_id):
            raise KeyError(alarm_id)
        line = Said(what, alarm_id, now_s)
        self._journal.write(line, durable=True)
        self._do(line)

    def has_open(self, alarm_id: str) -> bool:
        """Whether an alarm is here and not closed."""
        return any(one.alarm_id == alarm_id and one.state is not AlarmState.CLOSED for one in self.engine.alarms())

    def position(self, stream: str) -> int:
        """Return the first record of a stream that has not come."""
        return max(self.offsets.get(stream, 0), self._queues[stream].position)

    @property
    def is_behind(self) -> bool:
        """Whether something of the journal waits to be done again."""
        return bool(self._wanted)

    def wants(self, stream: str) -> bool:
        """Whether more of a stream may come: not while so much waits that it is another stream's turn."""
        if self._waiting_bytes < MAX_WAITING_BYTES or not self._wanted:
            return True
        line = self._wanted[0]
        return isinstance(line, Took) and line.stream == stream

    @property
    def waiting_bytes(self) -> int:
        """How much has come that another stream is waited for with."""
        return self._waiting_bytes

    @property
    def needs_positions(self) -> bool:
        """Whether it matters how far a stream has come even where no record came."""
        return self.is_behind or bool(self._mute)

    def _work(self) -> None:
        while self._wanted:
            line = self._wanted[0]
            if isinstance(line, Took):
                if self._queues[line.stream].position <= line.last:
                    return
                self.numbers.replayed += self._take(line.stream, line.last)
            else:
                self._do(line)
            self._wanted.popleft()
        for stream, queue in self._queues.items():
            if queue.items:
                last = queue.items[-1].offset
                for item in queue.items:
                    if item.is_ahead and item.offset >= self.offsets.get(stream, 0):
                        self._journal.write(Ahead(stream, item.offset))
                        self._ahead.add((stream, item.offset))
                self._journal.write(Took(stream, last))
                self._take(stream, last)
            self._unmute(stream, queue.position)

    def _do(self, line: Line) -> None:
        if isinstance(line, Passed):
            self._told_of(self.engine.advance(line.now_s))
        elif isinstance(line, Ahead):
            self._ahead.add((line.stream, line.offset))
        elif isinstance(line, Said):
            act = self.engine.acknowledge if line.what == "acknowledge" else self.engine.close
            with suppress(KeyError):  # it closed by itself at that very moment
                self._told_of(act(line.alarm_id, line.now_s))

    def _take(self, stream: str, last: int) -> int:
        """Learn from what waits of a stream, up to an offset. Returns how many records that were."""
        items = self._queues[stream].items
        count = 0
        while items and items[0].offset <= last:
            item = items.popleft()
            self._waiting_bytes -= _size_of(item)
            if item.offset >= self.offsets.get(stream, 0):
                count += 1
                self._unmute(stream, item.offset)
                self._learn(stream, item)
                self.offsets[stream] = item.offset + 1
                self._unmute(stream, item.offset + 1)
        return count

    def _unmute(self, stream: str, position: int) -> None:
        """Note that everything of a stream before a place was learned from, or is no more."""
        if position >= self._mute.get(stream, sys.maxsize):
            del self._mute[stream]

    def _learn(self, stream: str, item: Item) -> None:
        time_s = item.time_s
        if (stream, item.offset) in self._ahead:
            self._ahead.discard((stream, item.offset))
            self.numbers.ahead += 1
            time_s = self.engine.now_s
        record = record_in(item.value, self.engine)
        if record is not None:
            self._told_of(self.engine.receive(record, time_s))

    def _told_of(self, alarms: list[Alarm]) -> None:
        for alarm in alarms:
            event_id = event_id_of(alarm)
            if self._mute or event_id in self._told:
                self.numbers.muted += 1
                continue
            self._tell(alarm)
            self._journal.write(Told(event_id))
            self._told.add(event_id)
            self.numbers.told += 1

    # Keeping.

    def checkpoint(self) -> dict[str, int]:
        """Write a checkpoint and begin a new journal. Returns the places in the streams. Raises OSError.

        A share that has not caught up with its journal keeps the one that it has.
        """
        if self.is_behind:
            return {}
        made = checkpoint.Checkpoint(self._generation + 1, dict(self.offsets), self.engine.snapshot())
        checkpoint.write(self._path, made, self._learned_under, self._key)
        self._journal.close()
        self._generation += 1
        self._journal = Journal(journal_path(self._folder, self.name, self._generation))
        drop_others(self._folder, self.name, self._generation)
        self._told = set()
        self.numbers.checkpointed_s = self.engine.now_s
        return made.offsets

    def close(self) -> None:
        """Close the journal; a checkpoint is its caller's."""
        self._journal.close()
