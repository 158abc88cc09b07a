"""C1: an enforced decision is recorded before its effect is visible, whenever everything is killed.

SLUICEGATE_CHAOS=500 asks for that many lives (`make chaos`); CI has a few.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from events.codec import encode
from events.outbox.database import FILE_NAME
from events.outbox.rows import Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.run import publish
from proxy.server.events_file import kafka_at
from tests.chaos.history import History, check, check_audit, feed_rest, live
from tests.support.audit import KEY
from tests.support.events import TIME_MS, incident_event
from tests.support.kafka import records_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.broker import Broker

LIVES = int(os.environ.get("SLUICEGATE_CHAOS", "16"))


def told(where: str, summary: dict[str, int]) -> str:
    """What the checker held against what, for who runs `make chaos`; everything is as it should be then."""
    counts = (
        "{lives} lives, each ended by SIGKILL; {seen} effects that clients saw, {events} events, {records} records"
    )
    return f"\n{where}: {counts.format(**summary)}; nothing missing, changed, foreign or recorded twice\n"


async def test_killed_at_any_moment_nothing_seen_is_unrecorded(tmp_path: Path) -> None:
    history = await live(tmp_path, LIVES, seed=7)
    summary = await asyncio.to_thread(check, history, tmp_path, [])
    sys.stdout.write(told("outbox alone", summary))
    assert summary["lives"] == LIVES
    assert {action for _, action in history.seen} == {"redact", "block"}


async def test_killed_with_all_that_belongs_to_it_topic_and_audit_store_say_the_same(
    tmp_path: Path, broker: Broker
) -> None:
    """Doubles have the same id and content; what was in the outbox is brought away afterwards."""
    keys = tmp_path / "keys"
    keys.write_text(KEY)
    history = await live(tmp_path, max(4, LIVES // 5), seed=11, kafka=broker.address, keys=keys)
    settings = kafka_at(broker.address)
    await asyncio.to_thread(feed_rest, tmp_path, settings.topic_prefix, KEY)
    await asyncio.to_thread(
        publish, tmp_path / FILE_NAME, OutboxSettings(), settings, threading.Event(), until_empty=True
    )
    seen = {identity for identity, _ in history.seen}

    def is_complete(found: list[Any]) -> bool:
        return seen <= {record.key.decode() for record in found}

    records = await asyncio.to_thread(records_of, settings, "incidents.v1", until=is_complete)
    values = [record.value for record in records]
    summary = await asyncio.to_thread(check, history, tmp_path, values)
    kept = await asyncio.to_thread(check_audit, history, tmp_path, values)
    sys.stdout.write(told(f"outbox, topic and audit store ({kept} records)", summary))
    assert summary["seen"] > 0
    assert {record.key.decode() for record in records} >= seen


def put(folder: Path, *values: bytes) -> None:
    store = Store(folder / FILE_NAME, OutboxSettings())
    store.append([Entry(orjson.loads(v)["id"], "t", "k", TIME_MS, v) for v in values], TIME_MS)
    store.close()


def test_the_checker_finds_what_is_missing_and_what_was_changed(tmp_path: Path) -> None:
    """A checker that cannot fail checks nothing."""
    value = encode(incident_event(1, "req_1", "redact"))
    put(tmp_path, value)
    asked = {"req_1", "req_2"}
    assert check(History([("req_1", "redact")], asked), tmp_path, [value])["events"] == 1
    with pytest.raises(AssertionError, match="not recorded"):
        check(History([("req_2", "redact")], asked), tmp_path, [])
    with pytest.raises(AssertionError, match="not recorded"):
        check(History([("req_1", "block")], asked), tmp_path, [])
    with pytest.raises(AssertionError, match="different content"):
        check(History([], asked), tmp_path, [value.replace(b"text[0]", b"text[1]")])
    with pytest.raises(AssertionError, match="more exchanges than clients asked for"):
        check(History(), tmp_path, [])
    assert check(History(unseen=1), tmp_path, [])["events"] == 1, "a client that was cut off knows no id"
    again = encode(incident_event(2, "req_1", "redact"))
    with pytest.raises(AssertionError, match="two records of one thing"):
        check(History([], asked), tmp_path, [again])
