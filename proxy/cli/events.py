"""The command `sluicegate events tail`: the newest events from Kafka or from the outbox."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from events.codec import EventError, kind_of, read_wire
from events.ocsf import to_ocsf
from events.publisher.reading import following, newest
from events.schema.envelope import EVENT_TYPES
from proxy.cli.errors import ExitCode
from proxy.cli.kafka_options import kafka_settings, opened_outbox, opened_reader
from proxy.cli.terminal import say, say_errors, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from events.publisher.settings import KafkaSettings

POLL_S = 0.2
READ_ROWS = 256
READ_BYTES = 4 << 20
_NOTHING_HERE = "There are no such events in the outbox. Those that were published are in Kafka: --kafka HOST:PORT."
_NOTHING_THERE = "There are no such events in Kafka."


class TailOptions(NamedTuple):
    """What is wanted."""

    names: tuple[str, ...]
    """Types; empty: all, of which OCSF has two."""
    lines: int
    follow: bool
    as_ocsf: bool


def run_tail(options: TailOptions, kafka: str | None, config: str | None, state_dir: str) -> int:
    """Write events. Raises `CommandError`."""
    settings = kafka_settings(kafka, config)
    values = _from_outbox(options, state_dir) if settings is None else _from_kafka(options, settings)
    is_empty = True
    for value in values:
        is_empty = False
        try:
            wire = read_wire(value)
            write_json(to_ocsf(wire) if options.as_ocsf else wire)
        except EventError as error:
            say_errors([f"An event could not be shown: {error}."])
    if is_empty and options.lines:
        say(_NOTHING_HERE if settings is None else _NOTHING_THERE)
    return ExitCode.OK


def wants(options: TailOptions, value: bytes) -> bool:
    """Whether an event is of a type that is wanted."""
    names = options.names or (("incident", "verdict") if options.as_ocsf else ())
    if not names:
        return True
    try:
        kind = kind_of(read_wire(value))
    except EventError:
        return True  # it is named on standard error
    return kind is not None and kind.name in names


def _from_outbox(options: TailOptions, state_dir: str) -> Iterator[bytes]:
    with opened_outbox(state_dir) as store:
        last: deque[bytes] = deque(maxlen=options.lines)
        place, following = 0, False
        while True:
            rows = store.read(place, READ_ROWS, READ_BYTES)
            for row in rows:
                place = row.seq
                if wants(options, row.entry.value):
                    if following:
                        yield row.entry.value
                    else:
                        last.append(row.entry.value)
            if rows:
                continue
            yield from last
            last.clear()
            following = True
            if not options.follow:
                return
            time.sleep(POLL_S)


def _from_kafka(options: TailOptions, settings: KafkaSettings) -> Iterator[bytes]:
    kinds = [EVENT_TYPES[name] for name in options.names] or list(EVENT_TYPES.values())
    topics = [f"{settings.topic_prefix}.{kind.topic}" for kind in kinds]
    with opened_reader(settings) as reader:
        shown = [value for value in newest(reader, topics, options.lines) if wants(options, value)]
        yield from shown[-options.lines :] if options.lines else []
        while options.follow:
            yield from (value for value in following(reader) if wants(options, value))
