"""Runs a publisher until it is told to stop, or until the outbox is empty. For a process or thread of its own."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from events.outbox.rows import OutboxError
from events.outbox.store import Store
from events.publisher.client import producer
from events.publisher.lease import Lease
from events.publisher.publisher import Publisher
from events.publisher.topics import ensure_topics

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from events.outbox.settings import OutboxSettings
    from events.publisher.publisher import Sender
    from events.publisher.settings import KafkaSettings

STANDBY_S: Final = 1.0
"""How often a second publisher looks whether the first is gone."""
DISK_PAUSE_S: Final = 1.0
CLOSE_S: Final = 2.0


def publish(  # noqa: PLR0913 - one run with all that can be said about it
    path: Path,
    outbox: OutboxSettings,
    kafka: KafkaSettings,
    stop: threading.Event,
    *,
    until_empty: bool = False,
    drain_s: float = 0.0,
    on_state: Callable[[str, str], None] = lambda _state, _why: None,
    on_step: Callable[[Store], None] = lambda _store: None,
) -> None:
    """Publish an outbox until `stop`, then for at most `drain_s` more what is left; `until_empty`: to its end.

    Waits while another publisher has the outbox. Raises `OutboxError` when that cannot be opened.
    """
    lease = Lease(path.parent)
    try:
        told = False
        while not lease.take():
            if not told:
                on_state("standby", "another publisher has the outbox")
                told = True
            if stop.wait(STANDBY_S):
                return
        store = Store(path, outbox)
        publisher = Publisher(
            store,
            lambda: connect(kafka),
            now_ms=_now_ms,
            max_in_flight_bytes=kafka.max_in_flight_bytes,
            on_state=on_state,
        )
        try:
            _run(publisher, store, stop, until_empty=until_empty, on_step=on_step, on_state=on_state)
            _drain(publisher, drain_s)
            publisher.close(CLOSE_S)
        finally:
            store.close()
    finally:
        lease.close()


def connect(kafka: KafkaSettings) -> Sender:
    """Return a producer, with the topics there. Waits for a broker, and raises the library's errors."""
    ensure_topics(kafka, create=kafka.create_topics)
    made: Sender = producer(kafka)
    return made


def _run(
    publisher: Publisher,
    store: Store,
    stop: threading.Event,
    *,
    until_empty: bool,
    on_step: Callable[[Store], None],
    on_state: Callable[[str, str], None],
) -> None:
    while not stop.is_set():
        try:
            pause_s = publisher.step()
            on_step(store)
            if until_empty and publisher.state == "publishing" and publisher.is_idle:
                return
        except OutboxError as error:
            on_state("no_outbox", error.reason)
            pause_s = DISK_PAUSE_S
        if pause_s:
            stop.wait(pause_s)


def _drain(publisher: Publisher, drain_s: float) -> None:
    """Publish what is left while the broker takes it."""
    end_s = time.monotonic() + drain_s
    while publisher.state == "publishing" and not publisher.is_idle and time.monotonic() < end_s:
        time.sleep(publisher.step())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
